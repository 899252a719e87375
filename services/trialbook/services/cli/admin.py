"""`trialbook admin`: looks after a database while no server runs on it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from trialbook.services.bootstrap import rebuild as rebuild_read_models
from trialbook.services.cli.database import database_failures, database_option
from trialbook.services.cli.options import CommonOptions, format_option, pass_options
from trialbook.services.cli.output import Record, duration_text, print_record
from trialbook.services.settings import Settings


@click.group()
def admin() -> None:
    """Look after a database while no server runs on it."""


@admin.command()
@database_option
@format_option
@pass_options
def rebuild(options: CommonOptions, database: Path | None) -> None:
    """Make the read models anew from the events. The server must be stopped."""
    with database_failures():
        settings = Settings.from_environment(database=database)
    with database_failures(settings.database):
        report = rebuild_read_models(settings)
    print_record(options.form, asdict(report), _show)


def _show(report: Record) -> None:
    took = duration_text(report["seconds"])
    print(f"replayed {report['events']:,} events into {report['tables']} tables in {took}")
