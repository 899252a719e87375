"""The options that an experiment and a single run of it both have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from trialbook.client import Json, Scorer
from trialbook.services.cli.arguments import time_span
from trialbook.services.cli.definition_file import read_scorers
from trialbook.services.cli.json_argument import json_object
from trialbook.services.cli.scorer_argument import SCORER_FORM, scorer_argument

Command = TypeVar("Command", bound=Callable[..., Any])
JSON_OPTIONS = ("target_options", "context")
SETTINGS = (
    "concurrency",
    "attempt_timeout",
    "max_retries",
    "initial_backoff",
    "max_backoff",
    "trials",
    "run_deadline",
    "rate_limit",
    "max_failures",
)


def _span(name: str, words: str) -> Callable[[Command], Command]:
    return click.option(name, type=time_span, metavar="TIME", help=words)


def setting_options(command: Command) -> Command:
    """Give a command the options that say how runs behave."""
    for option in reversed(
        (
            click.option(
                "--concurrency", type=int, help="Tasks out at once, over all workers.  [5]"
            ),
            click.option("--trials", type=int, help="How often each item is run.  [1]"),
            _span("--attempt-timeout", "For one attempt.  [5m]"),
            click.option("--max-retries", type=int, help="After retryable errors.  [2]"),
            _span("--initial-backoff", "Before the first retry.  [1s]"),
            _span("--max-backoff", "Before any retry.  [1m]"),
            _span("--run-deadline", "For the run; the rest is skipped.  [any]"),
            click.option(
                "--rate-limit", type=float, help="Attempts a second, over all workers.  [any]"
            ),
            click.option(
                "--max-failures", type=int, help="Stop after so many failed results.  [never]"
            ),
            click.option(
                "--run-seed", type=int, help="For targets and the gate's statistics.  [0]"
            ),
        )
    ):
        command = option(command)
    return command


def payload_options(command: Command) -> Command:
    """Give a command the options that targets get."""
    for option in (
        click.option("--context", metavar="JSON|@FILE", help="Request context of every item."),
        click.option("--target-options", metavar="JSON|@FILE", help="Options for the target."),
    ):
        command = option(command)
    return command


def scorer_options(command: Command) -> Command:
    """Give a command the options that name scorers."""
    for option in (
        click.option(
            "--scorers",
            "scorer_file",
            metavar="FILE",
            help="Scorers as a JSON list, with all that they can have.",
        ),
        click.option(
            "--scorer",
            "scorers",
            type=scorer_argument,
            multiple=True,
            metavar=SCORER_FORM,
            help="What judges the outputs, with parameters as JSON. May be repeated.",
        ),
    ):
        command = option(command)
    return command


def scorers_of(given: Mapping[str, Any]) -> list[Scorer] | None:
    """The scorers that the options name, those of the file last; None if there are none."""
    named = [argument.scorer for argument in given["scorers"]]
    if given["scorer_file"]:
        named += read_scorers(given["scorer_file"])
    return named or None


def settings_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the options give."""
    settings = {name: given[name] for name in SETTINGS if given[name] is not None}
    # `--seed` is that of the sample.
    return settings if given["run_seed"] is None else {**settings, "seed": given["run_seed"]}


def payloads_of(given: Mapping[str, Any]) -> dict[str, Json]:
    """The JSON objects that the options give. Raises CommandFailure."""
    return {
        name: json_object(given[name], f"--{name.replace('_', '-')}")
        for name in JSON_OPTIONS
        if given[name] is not None
    }


def versioned(name: str) -> str:
    """`support@7` and `support@golden` as the resource name's end `support/versions/7`."""
    identifier, _, version = name.partition("@")
    if "@" in name and not (identifier and version):
        raise click.UsageError(f"{name!r} names no version; write NAME@VERSION or NAME@LABEL")
    return f"{identifier}/versions/{version}" if version else name
