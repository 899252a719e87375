"""`trialbook dataset import`: brings the test cases of a file into a dataset, all or none."""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import click

from trialbook.client import (
    Aborted,
    Client,
    ColumnMapping,
    FileFormat,
    FileLayout,
    ImportedFile,
    ImportOptions,
    ImportReport,
    InvalidArgument,
    NotFound,
    RowsRefused,
    TrialbookError,
)
from trialbook.services.cli.failures import EXIT_REFUSED, CommandFailure
from trialbook.services.cli.import_progress import import_progress
from trialbook.services.cli.options import CommonOptions, common_options, pass_options
from trialbook.services.cli.output import print_fields, print_record
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client

STANDARD_STREAM = "-"
MOST_BAD_ROWS = 10
LONGEST_ID = 63
PATIENCE = 10.0
LINE = re.compile(r"line\[(\d+)\]")
NO_INPUT = "input"
SHOWN = {
    "name": "dataset",
    "version": "version",
    "item_count": "items",
    "update_time": "updated",
}
FORMATS = [str(form) for form in FileFormat if form is not FileFormat.UNSPECIFIED]
LAYOUTS = [
    "auto",
    *(str(layout) for layout in FileLayout if layout is not FileLayout.UNSPECIFIED),
]


@click.command("import")
@click.argument("file", metavar="FILE")
@click.option("--dataset", "name", help="Where to add; made if absent.  [the file's name]")
@click.option(
    "--file-format", type=click.Choice(FORMATS), help="How FILE is written.  [told by it]"
)
@click.option(
    "--layout", type=click.Choice(LAYOUTS), default="auto", help="What its fields mean.  [auto]"
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="Where a column goes: input, input.question, metadata.topic …; repeatable.",
)
@click.option(
    "--json-column", "json_columns", multiple=True, help="A column whose text is JSON; repeatable."
)
@click.option("--delimiter", default="", help="Between the cells of CSV.  [told by the header]")
@click.option("--input-field", default="", help="Short for --map TEXT=input.")
@click.option("--expected-field", default="", help="Short for --map TEXT=expected.")
@click.option("--upsert", is_flag=True, help="Replace items that are there with other content.")
@click.option("--partial", is_flag=True, help="Import the good rows, and tell the bad ones.")
@click.option("--dry-run", is_flag=True, help="Change nothing; only tell what would happen.")
@click.option("-m", "--message", default="", metavar="TEXT", help="Note that the version keeps.")
@common_options
@pass_options
def import_(
    options: CommonOptions, /, file: str, name: str | None, message: str, **given: Any
) -> int:
    """Add the items of a file: JSON lines, CSV, JSON or Parquet.

    All of them become one new version of the dataset, or none is added. Rows that are there
    already change nothing, so that the same file may be imported again. A row has the field input,
    and, as there is need, expected, id, external_id, context, metadata, tags and split; files of
    Mastra, Langfuse, LangSmith, Braintrust, Phoenix and OpenAI's evals are read as they are; the
    columns of others are mapped. FILE may be - for standard input. With --dry-run, the exit code is
    1 if the import would be refused.
    """
    chosen = import_options(given)
    target = name or dataset_id_for(file)
    with _opened(file) as stream, open_client(options) as client:
        done = _import(client, _Source(stream, file), target, chosen, message)
    report = done.report
    record = record_of(done.dataset) | {"report": record_of(report)}
    _tell(report, chosen)
    print_record(options.form, record, lambda shown: print_fields(shown, SHOWN))
    refused = chosen.dry_run and report.refused_count and not chosen.partial
    return EXIT_REFUSED if refused else 0


def import_options(given: dict[str, Any]) -> ImportOptions:
    """Return what the options say of the import. Raises UsageError."""
    layout = FileLayout.UNSPECIFIED if given["layout"] == "auto" else FileLayout(given["layout"])
    return ImportOptions(
        format=FileFormat(given["file_format"] or FileFormat.UNSPECIFIED),
        layout=layout,
        columns=_columns(given),
        delimiter=given["delimiter"].replace("\\t", "\t"),
        upsert=given["upsert"],
        partial=given["partial"],
        dry_run=given["dry_run"],
    )


def dataset_id_for(path: str) -> str:
    """Make a dataset id of a file's name: `Support cases.jsonl` gives `support-cases`."""
    stem = Path(path).stem.lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", stem).strip("-._")[:LONGEST_ID]
    if not name or path == STANDARD_STREAM:
        raise CommandFailure("this file's name makes no dataset id", hint="name it with --dataset")
    return name


def _columns(given: dict[str, Any]) -> list[ColumnMapping]:
    fields = (("input", given["input_field"]), ("expected", given["expected_field"]))
    pairs = [_pair(text) for text in given["maps"]]
    pairs += [(column, field) for field, column in fields if column]
    mapped = {column for column, _ in pairs}
    # A column that has a field's own name needs no mapping to be JSON.
    pairs += [(column, column) for column in given["json_columns"] if column not in mapped]
    return [
        ColumnMapping(column, target, column in given["json_columns"]) for column, target in pairs
    ]


def _pair(text: str) -> tuple[str, str]:
    column, equals, target = text.rpartition("=")
    if not equals or not column or not target:
        raise click.UsageError(
            f"--map {text!r} is not of the form COLUMN=FIELD, for example question=input"
        )
    return column, target


class _Source(NamedTuple):
    """An open file, and its path as it was given."""

    stream: BinaryIO
    path: str

    @property
    def shown(self) -> str:
        """What people call it."""
        return "standard input" if self.path == STANDARD_STREAM else self.path

    @property
    def name(self) -> str:
        """What its items say of where they come from."""
        return "" if self.path == STANDARD_STREAM else Path(self.path).name[:200]


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == STANDARD_STREAM:
        # Unbuffered: a thread may be waiting for input when the process ends, and must not hold
        # the lock of the buffer then.
        yield cast("BinaryIO", io.FileIO(sys.stdin.fileno(), closefd=False))
        return
    with Path(path).open("rb") as stream:
        yield stream


def _import(
    client: Client, source: _Source, name: str, options: ImportOptions, message: str
) -> ImportedFile:
    """Import a file; a dataset that is made for it goes again if that fails."""
    made = not options.dry_run and _made_if_absent(client, name)
    try:
        with import_progress(source.shown, source.stream) as progress:
            done = client.datasets.import_file(
                name,
                progress.stream,
                options=options,
                file_name=source.name,
                message=message,
                progress=progress.show,
            )
        if not done.report.row_count:
            raise CommandFailure(
                f"{source.shown} has no items", hint="write one JSON object a line"
            )
    except BaseException as error:
        if made:
            _forget(client, name)
        if isinstance(error, InvalidArgument):
            raise _failure(source.shown, error) from error
        raise
    return done


def _made_if_absent(client: Client, name: str) -> bool:
    try:
        client.datasets.get(name)
    except NotFound:
        client.datasets.create(name)
        return True
    return False


def _forget(client: Client, name: str) -> None:
    """Delete a dataset once the server has dropped what was being imported into it."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            client.datasets.delete(name)
        except Aborted:
            if time.monotonic() > end:
                return
            time.sleep(0.1)
        except TrialbookError:
            return  # the first error is the one to tell
        else:
            return


def _failure(name: str, error: InvalidArgument) -> Exception:
    """Name the lines of the file instead of the fields of the request."""
    if isinstance(error, RowsRefused):
        return CommandFailure(
            f"{name} was refused; nothing was imported",
            details=_bad_rows(error.report),
            hint=_hint(error.report),
        )
    place = error.violations[0] if error.violations else None
    if place is None:
        return error
    line = LINE.fullmatch(place.field)
    if line is None and place.field != "data":
        return error
    where = f"{name}, line {line[1]}" if line else name
    return CommandFailure(f"{where}: {place.description}", hint=_whole_hint(place.description))


def _bad_rows(report: ImportReport) -> list[str]:
    shown = [
        f"line {row.line}: {row.path}: {row.description}"
        if row.path
        else f"line {row.line}: {row.description}"
        for row in report.refused[:MOST_BAD_ROWS]
    ]
    more = report.refused_count - len({row.line for row in report.refused[:MOST_BAD_ROWS]})
    return [*shown, f"and {more:,} more"] if more > 0 else shown


def _whole_hint(problem: str) -> str:
    if "no column holds the input" in problem:
        return "say which column holds what, for example --map question=input"
    return "nothing was imported"


def _hint(report: ImportReport) -> str:
    if all(row.path == NO_INPUT and "is missing" in row.description for row in report.refused[:1]):
        return (
            "say which field is the input, for example --input-field question, "
            "or --map question=input.question"
        )
    if any("other content" in row.description for row in report.refused):
        return "--upsert replaces what is there, --partial leaves these rows out"
    return "mend these lines, then import the file again; --partial leaves them out"


def _tell(report: ImportReport, options: ImportOptions) -> None:
    """Say on stderr what became of the rows, or what would."""
    if report.ignored_fields:
        print(f"left out: {', '.join(sorted(report.ignored_fields))}", file=sys.stderr)
    counts = {
        "changed": report.changed_count,
        "unchanged": report.unchanged_count,
        "refused": report.refused_count,
    }
    told = [f"added {report.added_count:,} items"]
    told += [f"{what} {count:,}" for what, count in counts.items() if count]
    print(("dry run: " if options.dry_run else "") + ", ".join(told), file=sys.stderr)
    for line in _bad_rows(report):
        print(f"  {line}", file=sys.stderr)
