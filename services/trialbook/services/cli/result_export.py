"""`trialbook run export`: writes the results of a run into a file."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from trialbook.client import ResultFileFormat, ResultFilter
from trialbook.services.cli.options import (
    CommonOptions,
    address_option,
    embedded_option,
    pass_options,
    project_option,
    token_option,
)
from trialbook.services.cli.session import open_client

STANDARD_STREAM = "-"
FORMATS = {
    ".jsonl": ResultFileFormat.JSONL,
    ".ndjson": ResultFileFormat.JSONL,
    ".csv": ResultFileFormat.CSV,
    ".parquet": ResultFileFormat.PARQUET,
}


@click.command()
@click.argument("name", metavar="RUN")
@click.option("-o", "--output", default=STANDARD_STREAM, metavar="FILE", help="Where to.  [-]")
@click.option(
    "--format",
    "form",
    type=click.Choice([str(form) for form in dict.fromkeys(FORMATS.values())]),
    help="How to write it.  [told by FILE, else jsonl]",
)
@click.option("--failing", is_flag=True, help="Only what failed, or does not pass.")
@click.option("--scorer", default="", help="With --failing: only by this one, by its alias.")
@click.option("--include-superseded", is_flag=True, help="Also scores that others have replaced.")
@address_option
@embedded_option
@token_option
@project_option
@pass_options
def export(
    options: CommonOptions,
    name: str,
    output: str,
    form: str | None,
    *,
    failing: bool,
    scorer: str,
    include_superseded: bool,
) -> None:
    """Write the results of a run, with scores, reviews, inputs and expected values.

    A FILE that is there is replaced when the new one is complete; - is standard output.
    """
    if scorer and not failing:
        raise click.UsageError("--scorer belongs to --failing")
    chosen = form or FORMATS.get(Path(output).suffix.lower(), ResultFileFormat.JSONL)
    to_stdout = output == STANDARD_STREAM
    if to_stdout and chosen == ResultFileFormat.PARQUET and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for the screen; name a file with --output")
    with open_client(options) as client:
        done = client.runs.export_file(
            name,
            sys.stdout.buffer if to_stdout else output,
            chosen,
            results=ResultFilter(failing=True, scorer=scorer) if failing else None,
            include_superseded=include_superseded,
        )
    target = "standard output" if to_stdout else output
    print(f"exported {done.result_count:,} results to {target}", file=sys.stderr)
