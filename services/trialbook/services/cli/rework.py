"""`trialbook run retry` and `run rescore`: more work on a run that has ended."""

from __future__ import annotations

import sys
from typing import Any

import click

from trialbook.client import Client, Run
from trialbook.services.cli.options import CommonOptions, pass_options, report_options
from trialbook.services.cli.output import print_record
from trialbook.services.cli.records import record_of
from trialbook.services.cli.run_options import scorer_options, scorers_of
from trialbook.services.cli.run_report.form import REPORT_FORMS
from trialbook.services.cli.run_wait import Waiting, check_waiting, wait_and_report, waiting_options
from trialbook.services.cli.session import open_client

wait_option = click.option(
    "--wait", is_flag=True, help="Show the progress, then the report; exit codes as of run wait."
)
worker_option = click.option(
    "--wait-for-worker", is_flag=True, help="Although no worker hosts what is needed."
)


@click.command()
@click.argument("name", metavar="RUN")
@click.option("--include-skipped", is_flag=True, help="The skipped results too.")
@click.option(
    "--number", "numbers", type=int, multiple=True, help="Only this result; may be repeated."
)
@wait_option
@worker_option
@waiting_options
@report_options(*REPORT_FORMS)
@pass_options
def retry(
    options: CommonOptions,
    /,
    name: str,
    *,
    include_skipped: bool,
    numbers: tuple[int, ...],
    wait: bool,
    wait_for_worker: bool,
    **given: Any,
) -> int:
    """Give the failed results of a run that has ended another chance.

    The new outcomes take the places of the old ones, which stay in the log.
    """
    waiting = _waiting(options, given, wait=wait)
    with open_client(options) as client:
        retried = client.runs.retry(
            name,
            include_skipped=include_skipped,
            numbers=numbers,
            wait_for_worker=wait_for_worker,
        )
        _say(f"{retried.count:,} results of run {retried.run.id} are run again", retried.count)
        return _go_on(options, client, retried.run, waiting)


@click.command()
@click.argument("name", metavar="RUN")
@scorer_options
@click.option("--force", is_flag=True, help="Also where scorer and parameters are what they were.")
@wait_option
@worker_option
@waiting_options
@report_options(*REPORT_FORMS)
@pass_options
def rescore(
    options: CommonOptions,
    /,
    name: str,
    *,
    force: bool,
    wait: bool,
    wait_for_worker: bool,
    **given: Any,
) -> int:
    """Judge the recorded outputs of a run by more scorers, without running the target.

    Without scorers, the run's own ones judge at their newest versions. A scorer of the same alias
    supersedes the one that was there, whose scores are kept.
    """
    waiting = _waiting(options, given, wait=wait)
    with open_client(options) as client:
        rescored = client.runs.rescore(
            name, scorers_of(given) or (), force=force, wait_for_worker=wait_for_worker
        )
        aliases = ", ".join(rescored.scorers)
        _say(f"run {rescored.run.id} is judged by {aliases}", len(rescored.scorers))
        return _go_on(options, client, rescored.run, waiting)


def _waiting(options: CommonOptions, given: dict[str, Any], *, wait: bool) -> Waiting | None:
    waiting = Waiting.of(given)
    check_waiting(options, waiting, wait=wait)
    return waiting if wait else None


def _say(what: str, count: int) -> None:
    print(what if count else "there is nothing to do", file=sys.stderr)


def _go_on(options: CommonOptions, client: Client, run: Run, waiting: Waiting | None) -> int:
    if waiting is not None:
        return wait_and_report(options, client, run, waiting)
    print_record(options.form, record_of(run), lambda _: print(run.id))
    return 0
