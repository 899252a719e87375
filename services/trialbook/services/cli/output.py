"""Data on stdout, as a table for people or as JSON or CSV for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from trialbook.services.cli.csv_output import print_csv
from trialbook.services.cli.markdown_output import markdown_table

Record = Mapping[str, Any]
ABSENT = "–"
# Beside a terminal of unknown width a table is cut to it; a file or a pipe gets whole lines.
UNBOUNDED_WIDTH = 400


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and where its value stands in a record.

    `flexible` columns are wrapped where the terminal is narrow; the others keep their width.
    """

    heading: str
    value: str | Callable[[Record], Any]
    right: bool = False
    flexible: bool = False

    def text(self, record: Record) -> Text:
        """The cell of a record."""
        value = self.value(record) if callable(self.value) else record.get(self.value)
        return value if isinstance(value, Text) else Text(as_text(value))


def print_records(form: str, records: Iterable[Record], columns: Iterable[Column]) -> None:
    """Print a listing. JSON and CSV are written as the records come, the table at the end."""
    shown = tuple(columns)
    if form == "table":
        print_table(records, shown)
    elif form == "csv":
        if not shown:
            raise click.UsageError("these records have no columns in common; use --format jsonl")
        print_csv(records)
    elif form == "markdown":
        _print_markdown(records, shown)
    elif form == "jsonl":
        for record in records:
            sys.stdout.write(encode(record) + "\n")
    else:
        _print_array(records)


def print_record(form: str, record: Record, show: Callable[[Record], None]) -> None:
    """Print one thing: `show` prints it for people."""
    if form == "table":
        show(record)
    elif form == "csv":
        print_csv([record])
    elif form == "jsonl":
        sys.stdout.write(encode(record) + "\n")
    else:
        sys.stdout.write(msgspec.json.format(encode(record), indent=2) + "\n")


def print_table(records: Iterable[Record], columns: Iterable[Column], title: str = "") -> None:
    """Print records for people; an empty listing says so on stderr.

    Where the terminal is too narrow even for folded flexible columns, lines run over: a figure is
    never cut.
    """
    shown = tuple(columns)
    rows = [[column.text(record) for column in shown] for record in records]
    console = stdout_console()
    if title:
        console.print(Text(title, style="bold"))
    if not rows:
        print("nothing to show", file=sys.stderr)
        return
    table = _table(shown, rows)
    unbounded = console.options.update_width(UNBOUNDED_WIDTH)
    needed = Measurement.get(console, unbounded, table).minimum
    console.width = max(console.width, needed)
    console.print(table)


def _table(columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, title_justify="left")
    for place, column in enumerate(columns):
        justify: Literal["left", "right"] = "right" if column.right else "left"
        widths = [cell_len(column.heading), *(row[place].cell_len for row in rows)]
        table.add_column(
            column.heading,
            justify=justify,
            no_wrap=not column.flexible,
            overflow="fold",
            min_width=None if column.flexible else max(widths),
        )
    for row in rows:
        table.add_row(*row)
    return table


def print_fields(record: Record, labels: Mapping[str, str]) -> None:
    """Print some fields of a record below each other, each with its label."""
    console = stdout_console()
    width = max(len(label) for label in labels.values())
    for key, label in labels.items():
        if record.get(key) not in (None, "", [], {}):
            console.print(Text(f"{label:<{width}}  {as_text(record[key])}"), soft_wrap=True)


def stdout_console() -> Console:
    """A console that cuts nothing where stdout is not a terminal."""
    bounded = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(width=None if bounded else UNBOUNDED_WIDTH, highlight=False, markup=False)


def encode(value: Any) -> str:
    """Encode as compact JSON. `msgspec.Raw` inside stays byte for byte."""
    return msgspec.json.encode(value).decode()


def as_text(value: Any) -> str:
    """Word a value for people."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, timedelta):
        return duration_text(value.total_seconds())
    if isinstance(value, int):
        return f"{value:,}"
    return printable(value if isinstance(value, str) else encode(value))


def figure_text(value: float | None) -> str:
    """Word a score: three digits. Merged means waver in the last bit, which must not show."""
    return ABSENT if value is None else f"{round(value, 12):.3f}"


def duration_text(seconds: float | None) -> str:
    """Word a time span: 12.3 ms, 4.56 s, 3 min 20 s."""
    if seconds is None:
        return ABSENT
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 120:
        return f"{seconds:.2f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def printable(text: str) -> str:
    """Replace what would move the cursor or colour the terminal, say in an agent's answer."""
    return "".join(character if character.isprintable() else " " for character in text)


def shortened(text: str, length: int) -> str:
    """Cut a text for a table cell."""
    flat = " ".join(printable(text).split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def _print_markdown(records: Iterable[Record], columns: Sequence[Column]) -> None:
    headings = [column.heading.lower() for column in columns]
    rows = ([column.text(record).plain for column in columns] for record in records)
    sys.stdout.writelines(markdown_table(headings, rows))


def _print_array(records: Iterable[Record]) -> None:
    opening = "["
    for record in records:
        sys.stdout.write(f"{opening}\n{encode(record)}")
        opening = ","
    sys.stdout.write("\n]\n" if opening == "," else "[]\n")
