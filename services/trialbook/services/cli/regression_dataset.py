"""`trialbook run regression-dataset`: keeps the failing items of a run as a dataset."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from trialbook.client import FailedPrecondition, RegressionDataset, ResultFilter
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.options import CommonOptions, pass_options, report_options
from trialbook.services.cli.output import print_record
from trialbook.services.cli.records import record_of
from trialbook.services.cli.run_report.form import REPORT_FORMS
from trialbook.services.cli.run_start import say_started
from trialbook.services.cli.run_wait import (
    Waiting,
    check_waiting,
    wait_and_report,
    waiting_options,
)
from trialbook.services.cli.session import open_client


@click.command("regression-dataset")
@click.argument("name", metavar="RUN")
@click.option("--scorer", default="", help="Only what does not pass by this one, by its alias.")
@click.option("--item", "item_ids", multiple=True, help="Only this item; may be repeated.")
@click.option("--dataset-id", default="", help="Id of the dataset.  [RUN-regressions]")
@click.option(
    "--experiment-id", default="", help="Id of the experiment; - for none.  [the dataset's]"
)
@click.option("--start-run", is_flag=True, help="Run the experiment.")
@click.option("--wait", is_flag=True, help="Run it, and wait; exit codes as of run wait.")
@click.option("--wait-for-worker", is_flag=True, help="Start although no worker hosts the target.")
@waiting_options
@report_options(*REPORT_FORMS)
@pass_options
def regression_dataset(
    options: CommonOptions,
    /,
    name: str,
    *,
    scorer: str,
    item_ids: tuple[str, ...],
    dataset_id: str,
    experiment_id: str,
    start_run: bool,
    wait: bool,
    wait_for_worker: bool,
    **given: Any,
) -> int:
    """Make a dataset of the failing items of a run, as they were run, and an experiment on it.

    Repeated, it adds what is missing.
    """
    waiting = Waiting.of(given)
    check_waiting(options, waiting, wait=wait)
    chosen = ResultFilter(failing=True, scorer=scorer, item_ids=item_ids)
    with open_client(options) as client:
        with _nothing_fails(name):
            made = client.runs.create_regression_dataset(
                name,
                results=chosen if scorer or item_ids else None,
                dataset_id=dataset_id,
                experiment_id=experiment_id,
            )
        if not (start_run or wait):
            print_record(options.form, record_of(made), lambda _: _show(made))
            return 0
        _say(made)
        if not made.experiment:
            raise CommandFailure("there is no experiment to run", hint="name one: --experiment-id")
        started = client.runs.start(made.experiment, wait_for_worker=wait_for_worker)
        if wait:
            return wait_and_report(options, client, started, waiting)
        print_record(options.form, record_of(started), lambda _: say_started(started))
    return 0


@contextmanager
def _nothing_fails(run: str) -> Iterator[None]:
    """Say where it is told what fails, not how to fill a dataset."""
    try:
        yield
    except FailedPrecondition as error:
        if error.reason != "EMPTY_DATASET":
            raise
        raise CommandFailure(
            error.message, hint=f"trialbook run failures {run} tells what fails"
        ) from error


def _show(made: RegressionDataset) -> None:
    print(_short(made.dataset))
    if made.experiment:
        print(_short(made.experiment))
    _say(made)


def _say(made: RegressionDataset) -> None:
    print(
        f"added {made.added_count:,} items to {_short(made.dataset)}, which has "
        f"{made.item_count:,}",
        file=sys.stderr,
    )


def _short(name: str) -> str:
    """`projects/p/datasets/d/versions/7` as `datasets/d/versions/7`."""
    return name.split("/", 2)[2]
