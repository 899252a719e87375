"""The top of the command line: the common options and the list of verbs."""

from __future__ import annotations

import click

from trialbook.services.cli.lazy_group import LazyGroup
from trialbook.services.cli.options import common_options

VERBS = {
    "serve": "Run the server on a database.",
    "worker": "Run a worker that hosts targets and scorers.",
    "dataset": "Keep versioned collections of test cases.",
    "item": "Read and change single items of a dataset.",
    "experiment": "Define what is evaluated, on which cases, and how it is judged.",
    "run": "Start runs, watch them, and read what came of them.",
    "score": "Read what scorers said, and how it came about.",
    "trace": "See what targets did, step by step, and the spans behind it.",
    "review": "Let people judge results, and see how far they agree.",
    "report": "Write what came of a run for CI servers, pull requests and spreadsheets.",
    "scorer": "See which scorers there are and what they accept.",
    "event": "Read the log of what happened, and follow it.",
    "audit": "Show who changed what, when, why, and by which command.",
    "admin": "Look after a database.",
}


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or context.resilient_parsing:
        return
    # Late: the standard library's metadata reader takes longer to import than the help text.
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("trialbook")
    except PackageNotFoundError:  # run from the sources, not installed
        number = "unknown"
    click.echo(f"trialbook {number}")
    context.exit()


@click.command(cls=LazyGroup, package="trialbook.services.cli", verbs=VERBS, name="trialbook")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@common_options
def trialbook() -> None:
    """Evaluate agents and workflows: versioned datasets, live runs, scores, durable events.

    Data goes to stdout, everything else to stderr. The exit code is 0 if all went well, 1 if
    something was refused, failed or not understood; of commands that wait for a run, 2 if its gate
    failed, 3 if it failed or was cancelled, and 4 if it did not end in time.
    """
