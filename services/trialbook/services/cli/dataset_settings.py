"""The options that make up what describes a dataset, and what they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from trialbook.services.cli.json_argument import parse_json, read_json
from trialbook.services.cli.scorer_argument import SCORER_FORM, scorer_argument

Command = TypeVar("Command", bound=Callable[..., Any])
SCHEMAS = ("input_schema", "expected_schema", "context_schema")
CLEARED_LISTS = ("default_scorers", "tags")


def settings_options(command: Command) -> Command:
    """Give a command the options that describe a dataset."""
    for option in reversed(
        (
            click.option("--display-name", help="For people."),
            click.option("--description", help="For people."),
            click.option("--metadata", metavar="JSON", help="An object of your own."),
            *(_schema_option(name) for name in SCHEMAS),
            click.option(
                "--default-scorer",
                "default_scorers",
                type=scorer_argument,
                multiple=True,
                metavar=SCORER_FORM,
                help="What judges runs whose experiment names no scorers. May be repeated.",
            ),
            click.option("--tag", "tags", multiple=True, help="A tag. May be repeated."),
        )
    ):
        command = option(command)
    return command


def clear_options(command: Command) -> Command:
    """Give a command the options that take settings away."""
    for name in reversed((*SCHEMAS, *CLEARED_LISTS)):
        words = name.replace("_", " ")
        option = click.option(
            f"--clear-{_dashed(name)}", is_flag=True, help=f"Take the {words} away."
        )
        command = option(command)
    return command


def settings_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the options give, as arguments of the client. Raises CommandFailure for bad JSON."""
    changes = {
        name: given[name] for name in ("display_name", "description") if given[name] is not None
    }
    if given["metadata"] is not None:
        changes["metadata"] = parse_json(given["metadata"], "--metadata")
    for name in SCHEMAS:
        if given[name] is not None:
            changes[name] = read_json(given[name])
    if given["default_scorers"]:
        changes["default_scorers"] = [argument.scorer for argument in given["default_scorers"]]
    if given["tags"]:
        changes["tags"] = given["tags"]
    return changes


def changes_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the options give and take away, as arguments of the client."""
    changes = settings_of(given)
    for name in (*SCHEMAS, *CLEARED_LISTS):
        if not given[f"clear_{name}"]:
            continue
        if name in changes:
            raise click.UsageError(f"{_dashed(name)} is given and cleared; do one of the two")
        changes[name] = None if name in SCHEMAS else ()
    if not changes:
        raise click.UsageError("nothing to change was given")
    return changes


def _schema_option(name: str) -> Callable[[Command], Command]:
    part = name.removesuffix("_schema")
    whose = {"input": "every input", "expected": "expected values", "context": "contexts"}[part]
    return click.option(
        f"--{_dashed(name)}", metavar="FILE", help=f"JSON Schema that {whose} must fit; - is stdin."
    )


def _dashed(name: str) -> str:
    return name.replace("_", "-")
