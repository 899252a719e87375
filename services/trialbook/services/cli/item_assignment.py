"""`--set FIELD=VALUE` and `--clear FIELD`: the fields of one item on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from trialbook.client import Json
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.item_fields import (
    FIELDS,
    PAYLOADS,
    TEXTS,
    client_value,
    with_member,
)
from trialbook.services.cli.json_argument import parse_json, read_json

Command = TypeVar("Command", bound=Callable[..., Any])
ASSIGNMENT = re.compile(
    r"(?P<field>[a-z_]+)(?P<path>(?:\.[^.\[\]=]+|\[\d+\])*)=(?P<value>.*)", re.DOTALL
)
STEP = re.compile(r"\.([^.\[\]=]+)|\[(\d+)\]", re.ASCII)
TEXT_OPTIONS = {
    "id": "Its id in the dataset.  [made up]",
    "external_id": "Its identity elsewhere.",
    "split": "For example train or test.",
}
QUOTES_HINT = "a text needs its quotes, inside those of the shell: --set 'input=\"Hello\"'"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One `--set`: the field, the path inside it, and the value as it was written."""

    field: str
    path: tuple[str | int, ...]
    value: str


def assignment(text: str) -> Assignment:
    """Return the parts of `input.messages[0].content="Hi"`. Raises BadParameter for other forms."""
    parts = ASSIGNMENT.fullmatch(text)
    if parts is None:
        raise click.BadParameter(f"{text!r} is not of the form FIELD=VALUE or FIELD.PATH=VALUE")
    steps = (int(index) if index else name for name, index in STEP.findall(parts["path"]))
    field, path = parts["field"], tuple(steps)
    if field not in FIELDS:
        raise click.BadParameter(f"items have no field {field!r}; known are {', '.join(FIELDS)}")
    if path and field not in PAYLOADS:
        raise click.BadParameter(f"{field} has no parts to set; give all of it")
    return Assignment(field, path, parts["value"])


def assignment_options(command: Command) -> Command:
    """Give a command the options that say what an item is to hold."""
    for option in reversed(
        (
            click.option(
                "--set",
                "assignments",
                type=assignment,
                multiple=True,
                metavar="FIELD=JSON",
                help="A field, or a part such as input.question. @FILE reads it from a file. "
                "id, external_id and split are plain text. May be repeated.",
            ),
            click.option("--input", "input_file", metavar="FILE", help="Its input, from a file."),
            click.option("--expected", "expected_file", metavar="FILE", help="Expected value."),
        )
    ):
        command = option(command)
    return command


def identity_options(command: Command) -> Command:
    """Give a command short forms of the fields that are plain text."""
    for name in reversed(list(TEXT_OPTIONS)):
        flag = f"--{name.replace('_', '-')}"
        option = click.option(flag, f"{name}_text", metavar="TEXT", help=TEXT_OPTIONS[name])
        command = option(command)
    return command


def assigned(
    given: Mapping[str, Any], before: Mapping[str, str | None] | None = None
) -> dict[str, Any]:
    """Return the fields that the options give, for the client.

    `before` has the texts of the payloads that parts are set in; without it they start empty.
    """
    fields: dict[str, Any] = {}
    for name in ("input", "expected"):
        if given[f"{name}_file"] is not None:
            fields[name] = read_json(given[f"{name}_file"])
    for name in TEXT_OPTIONS:
        if given.get(f"{name}_text") is not None:
            fields[name] = given[f"{name}_text"]
    for one in given["assignments"]:
        fields[one.field] = _value(one, fields.get(one.field), before or {})
    return fields


def needs_before(assignments: Iterable[Assignment]) -> bool:
    """Whether parts of payloads are set, so that the rest of them must be known."""
    return any(one.path for one in assignments)


def _step_text(step: str | int) -> str:
    return f"[{step}]" if isinstance(step, int) else f".{step}"


def _value(one: Assignment, given: Any, before: Mapping[str, str | None]) -> Any:
    if one.field in TEXTS:
        return one.value
    name = one.field + "".join(_step_text(step) for step in one.path)
    if one.value.startswith("@"):
        text = read_json(one.value[1:]).text
    else:
        text = parse_json(one.value, name, QUOTES_HINT).text
    if not one.path:
        return client_value(one.field, text.encode())
    old = given.text if isinstance(given, Json) else before.get(one.field)
    try:
        return Json(with_member(old, list(one.path), text))
    except ValueError as error:
        raise CommandFailure(f"{name} cannot be set: {error}") from error
