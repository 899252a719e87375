"""`trialbook admin`: looks after a whole database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import click

from trialbook.eventstore.archive import ArchiveReport
from trialbook.services import maintenance
from trialbook.services.cli.database import database_failures, database_options
from trialbook.services.cli.failures import EXIT_REFUSED, CommandFailure
from trialbook.services.cli.log_progress import log_progress
from trialbook.services.cli.options import CommonOptions, format_option, pass_options
from trialbook.services.cli.output import Record, duration_text, print_record
from trialbook.services.settings import DatabaseLocation, Settings

STANDARD_STREAM = "-"


@click.group()
def admin() -> None:
    """Look after a whole database."""


@admin.command()
@database_options
@format_option
@pass_options
def migrate(
    options: CommonOptions, database: DatabaseLocation | None, namespace: str | None
) -> None:
    """Bring a database of an older release forward. Its servers must be stopped.

    SQLite files are brought forward by whatever opens them first; PostgreSQL by this alone. Safe
    to run again, and by two at once.
    """
    with _database(database, namespace) as settings:
        steps = maintenance.migrate(settings)
    record = {"steps": [{"number": step.number, "name": step.name} for step in steps]}
    print_record(options.form, record, _show_steps)


@admin.command()
@database_options
@format_option
@pass_options
def rebuild(
    options: CommonOptions, database: DatabaseLocation | None, namespace: str | None
) -> None:
    """Make the read models anew from the events. The servers must be stopped."""
    with _database(database, namespace) as settings, log_progress("rebuilding") as progress:
        report = maintenance.rebuild(settings, progress)
    print_record(options.form, asdict(report), _show_rebuild)


@admin.command()
@click.option(
    "--read-models",
    is_flag=True,
    help="Replay the log into a temporary database and compare every row.",
)
@database_options
@format_option
@pass_options
def verify(
    options: CommonOptions,
    read_models: bool,
    database: DatabaseLocation | None,
    namespace: str | None,
) -> None:
    """Check that the log is what was written, and the figures that follow from it.

    The exit code is 1 if anything is wrong. The server of an SQLite file must be stopped, those
    of a PostgreSQL database need not be.
    """
    with _database(database, namespace) as settings, log_progress("verifying") as progress:
        log, tables = maintenance.verify_database(
            settings, read_models=read_models, progress=progress
        )
    record = {
        "sound": log.sound and not tables.total,
        "events": log.events,
        "streams": log.streams,
        "blobs": log.blobs,
        "blanked": log.blankings,
        "digest": log.digest.hex(),
        "log_findings": [asdict(finding) for finding in log.findings],
        "log_findings_total": log.total,
        "read_model_findings": tables.findings,
        "read_model_findings_total": tables.total,
    }
    print_record(options.form, record, _show_verification)
    if not record["sound"]:
        sys.exit(EXIT_REFUSED)


@admin.command("export-log")
@click.argument("file")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@database_options
@format_option
@pass_options
def export_log(
    options: CommonOptions,
    file: str,
    force: bool,
    database: DatabaseLocation | None,
    namespace: str | None,
) -> None:
    """Write the whole log into FILE, or to stdout as "-": to move it, or to keep it.

    The server of an SQLite file must be stopped, those of a PostgreSQL database need not be.
    """
    with _database(database, namespace) as settings, log_progress("exporting") as progress:
        if file == STANDARD_STREAM:
            maintenance.export_archive(settings, sys.stdout.buffer, progress)
            return
        with _new_file(Path(file), replace=force) as stream:
            report = maintenance.export_archive(settings, stream, progress)
    print_record(options.form, _archive_record(file, report), _show_export)


@admin.command("import-log")
@click.argument("file")
@database_options
@format_option
@pass_options
def import_log(
    options: CommonOptions, file: str, database: DatabaseLocation | None, namespace: str | None
) -> None:
    """Read an exported log from FILE, or from stdin as "-", into an empty database.

    All of it is there afterwards, or nothing. Runs that were under way go on when a server starts.
    """
    with _database(database, namespace) as settings, log_progress("importing") as progress:
        if file == STANDARD_STREAM:
            report = maintenance.import_archive(settings, sys.stdin.buffer, progress)
        else:
            with Path(file).open("rb") as stream:
                report = maintenance.import_archive(settings, stream, progress)
    print_record(options.form, _archive_record(file, report), _show_import)


@contextmanager
def _database(database: DatabaseLocation | None, namespace: str | None) -> Iterator[Settings]:
    with database_failures():
        settings = Settings.from_environment(database=database, namespace=namespace)
    try:
        with database_failures(settings.database):
            yield settings
    except maintenance.DatabaseInUse as error:
        raise CommandFailure(
            str(error), hint="stop them; one that was killed is forgotten some seconds later"
        ) from error


@contextmanager
def _new_file(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """Open a file that has its name only when it is complete."""
    if path.exists() and not replace:
        raise CommandFailure(f"{path} is there already", hint="name another file, or use --force")
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as stream:
            yield stream
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _archive_record(file: str, report: ArchiveReport) -> Record:
    return {
        "file": file,
        "events": report.position,
        "digest": report.digest.hex(),
        "blobs": report.blobs,
        "blanked": report.blankings,
        "commands": report.commands,
    }


def _show_steps(report: Record) -> None:
    for step in report["steps"]:
        print(f"migration {step['number']}: {step['name']}")
    if not report["steps"]:
        print("the database is of this release")


def _show_rebuild(report: Record) -> None:
    took = duration_text(report["seconds"])
    print(
        f"replayed {report['events']:,} events with {report['facts']:,} facts "
        f"into {report['tables']} tables in {took}"
    )


def _show_verification(report: Record) -> None:
    for finding in report["log_findings"]:
        print(f"at position {finding['position']}: {finding['problem']}")
    for problem in report["read_model_findings"]:
        print(problem)
    shown = len(report["log_findings"]) + len(report["read_model_findings"])
    total = report["log_findings_total"] + report["read_model_findings_total"]
    if total > shown:
        print(f"and {total - shown:,} more")
    verdict = "sound" if report["sound"] else f"{total:,} findings"
    print(
        f"{verdict}: {report['events']:,} events in {report['streams']:,} streams, "
        f"{report['blobs']:,} blobs, {report['blanked']:,} blanked"
    )
    print(f"digest {report['digest']}")


def _show_export(report: Record) -> None:
    print(f"wrote {report['events']:,} events and {report['blobs']:,} blobs into {report['file']}")
    print(f"digest {report['digest']}")


def _show_import(report: Record) -> None:
    print(f"read {report['events']:,} events and {report['blobs']:,} blobs")
    print(f"digest {report['digest']}")
