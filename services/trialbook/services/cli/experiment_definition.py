"""The options that make up an experiment, and the definition or the change that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from trialbook.client import Experiment, RunSettings, Scorer, Target, TargetKind
from trialbook.services.cli.arguments import ScorerArgument, scorer_argument, time_span

Command = TypeVar("Command", bound=Callable[..., Any])
SETTINGS = (
    "concurrency",
    "attempt_timeout",
    "max_retries",
    "initial_backoff",
    "max_backoff",
    "trials",
)


def definition_options(command: Command) -> Command:
    """Give a command the options that make up an experiment's definition."""
    for option in reversed(
        (
            click.option("--display-name", help="For people."),
            click.option("--description", help="For people."),
            click.option(
                "--scorer",
                "scorers",
                type=scorer_argument,
                multiple=True,
                metavar="[ALIAS=]NAME[:JSON]",
                help="What judges the outputs, with parameters as JSON. May be repeated.",
            ),
            click.option("--kind", type=click.Choice(["agent", "workflow"]), help="Of the target."),
            click.option("--revision", help="Of the target.  [the one registered last]"),
            click.option(
                "--concurrency", type=int, help="Tasks out at once, over all workers.  [5]"
            ),
            click.option("--trials", type=int, help="How often each item is run.  [1]"),
            click.option(
                "--attempt-timeout", type=time_span, metavar="TIME", help="For one attempt.  [5m]"
            ),
            click.option("--max-retries", type=int, help="After retryable errors.  [2]"),
            click.option(
                "--initial-backoff",
                type=time_span,
                metavar="TIME",
                help="Before the first retry.  [1s]",
            ),
            click.option(
                "--max-backoff", type=time_span, metavar="TIME", help="Before any retry.  [1m]"
            ),
        )
    ):
        command = option(command)
    return command


def definition_of(given: dict[str, Any]) -> dict[str, Any]:
    """The whole definition, from the options of a new experiment."""
    texts = {name: given[name] for name in ("display_name", "description") if given[name]}
    return {
        **texts,
        "dataset": given["dataset"],
        "target": _target(given, Target("")),
        "scorers": [_scorer(argument) for argument in given["scorers"]],
        "settings": RunSettings(**{name: given[name] for name in SETTINGS}),
    }


def changes_of(given: dict[str, Any], before: Experiment) -> dict[str, Any]:
    """What the options change. The etag has it refused if someone else came first."""
    changes: dict[str, Any] = {"etag": before.etag}
    for name in ("display_name", "description", "dataset"):
        if given[name] is not None:
            changes[name] = given[name]
    if any(given[name] is not None for name in ("target", "kind", "revision")):
        changes["target"] = _target(given, before.target)
    if given["scorers"]:
        changes["scorers"] = [_scorer(argument) for argument in given["scorers"]]
    settings = {name: given[name] for name in SETTINGS if given[name] is not None}
    if settings:
        changes["settings"] = replace(before.settings, **settings)
    return changes


def _target(given: dict[str, Any], before: Target) -> Target:
    """The target that the options name; another target does not inherit the old revision."""
    name, revision, kind = given["target"], given["revision"], given["kind"]
    inherited = before.revision if name in (None, before.name) else ""
    return Target(
        before.name if name is None else name,
        inherited if revision is None else revision,
        before.kind if kind is None else TargetKind(kind),
    )


def _scorer(argument: ScorerArgument) -> Scorer:
    return Scorer(argument.name, alias=argument.alias, params=argument.params)
