"""`trialbook scorer`: which scorers there are, and what they accept."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from trialbook.services.cli.options import CommonOptions, common_options, pass_options
from trialbook.services.cli.output import (
    Column,
    Record,
    as_text,
    print_fields,
    print_record,
    print_records,
    print_table,
    shortened,
)
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client


def _range(scorer: Record) -> str:
    return f"{as_text(scorer['minimum'])} to {as_text(scorer['maximum'])}"


COLUMNS = (
    Column("SCORER", "id"),
    Column("VERSION", "version", right=True),
    Column("ORIGIN", "origin"),
    Column("RANGE", _range),
    Column("BETTER", "direction"),
    Column("DESCRIPTION", lambda scorer: shortened(scorer["description"], 80), flexible=True),
)
LABELS = {
    "id": "scorer",
    "version": "version",
    "description": "description",
    "origin": "origin",
    "direction": "better",
    "minimum": "minimum",
    "maximum": "maximum",
    "needs_expected": "needs expected",
}
PARAMETER_COLUMNS = (
    Column("PARAMETER", "name"),
    Column("TYPE", "type"),
    Column("DEFAULT", "default"),
    Column("DESCRIPTION", "description", flexible=True),
)


@click.group()
def scorer() -> None:
    """See which scorers there are and what they accept."""


@scorer.command("list")
@common_options
@pass_options
def list_(options: CommonOptions) -> None:
    """List the built-in scorers and those that live workers host."""
    with open_client(options) as client:
        print_records(options.form, map(record_of, client.scorers.list()), COLUMNS)


@scorer.command()
@click.argument("name")
@common_options
@pass_options
def show(options: CommonOptions, name: str) -> None:
    """Show a scorer and its parameters."""
    with open_client(options) as client:
        print_record(options.form, record_of(client.scorers.describe(name)), _show)


def _show(scorer: Record) -> None:
    print_fields(scorer, LABELS)
    schema: dict[str, Any] = msgspec.json.decode(scorer["params_schema"] or b"{}")
    required = schema.get("required", [])
    rows = [
        {
            "name": name,
            "type": _type(declared),
            "default": "required" if name in required else as_text(declared.get("default")),
            "description": declared.get("description", ""),
        }
        for name, declared in schema.get("properties", {}).items()
    ]
    if rows:
        print_table(rows, PARAMETER_COLUMNS, "\nparameters")


def _type(declared: dict[str, Any]) -> str:
    kinds = declared.get("type", "any")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
