"""`trialbook dataset export`: writes the test cases of a dataset into a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from trialbook.client import ExportedFile, FileFormat
from trialbook.services.cli.options import (
    CommonOptions,
    address_option,
    embedded_option,
    pass_options,
    project_option,
    token_option,
)
from trialbook.services.cli.read_point import (
    read_point_of,
    read_point_options,
    selection_of,
    selection_options,
)
from trialbook.services.cli.session import open_client

STANDARD_STREAM = "-"
FORMATS = {
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".csv": FileFormat.CSV,
    ".parquet": FileFormat.PARQUET,
}


@click.command()
@click.argument("name")
@click.option("-o", "--output", default=STANDARD_STREAM, metavar="FILE", help="Where to.  [-]")
@click.option(
    "--format",
    "form",
    type=click.Choice([str(form) for form in dict.fromkeys(FORMATS.values())]),
    help="How to write it.  [told by FILE, else jsonl]",
)
@read_point_options
@selection_options
@address_option
@embedded_option
@token_option
@project_option
@pass_options
def export(
    options: CommonOptions, /, name: str, output: str, form: str | None, **given: Any
) -> None:
    """Write the items of a dataset, all or some, as they are or as they were.

    Imported into an empty dataset and exported again, the file is the same byte for byte. A FILE
    that is there is replaced when the new one is complete; - is standard output.
    """
    point, selection = read_point_of(given), selection_of(given)
    chosen = form or FORMATS.get(Path(output).suffix.lower(), FileFormat.JSONL)
    to_stdout = output == STANDARD_STREAM
    if to_stdout and chosen == FileFormat.PARQUET and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for the screen; name a file with --output")
    with open_client(options) as client:
        done = client.datasets.export_file(
            name,
            sys.stdout.buffer if to_stdout else output,
            chosen,
            **point,
            selection=selection,
        )
    _tell(done, "standard output" if to_stdout else output)


def _tell(done: ExportedFile, target: str) -> None:
    print(
        f"exported {done.item_count:,} items of version {done.version} to {target}; "
        f"SHA-256 {done.sha256}",
        file=sys.stderr,
    )
