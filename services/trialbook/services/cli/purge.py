"""`trialbook dataset purge`: erases items for good."""

from __future__ import annotations

import sys

import click

from trialbook.client import PurgedItems
from trialbook.services.cli.options import CommonOptions, common_options, pass_options
from trialbook.services.cli.output import print_record
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client


@click.command()
@click.argument("name")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@click.option("-m", "--message", default="", metavar="TEXT", help="Why; kept for ever.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
@pass_options
def purge(
    options: CommonOptions, name: str, items: tuple[str, ...], *, message: str, yes: bool
) -> None:
    """Erase items for good: in every version, in the results of runs, and in the log.

    That they were there stays known; what they held does not. This cannot be undone.
    """
    with open_client(options) as client:
        client.datasets.get(name)
        if not yes:
            what = f"item {items[0]}" if len(items) == 1 else f"{len(items)} items"
            click.confirm(
                f"Erase {what} of {name} from every version, result and event, for good?",
                abort=True,
                err=True,
            )
        done = client.datasets.purge_items(name, items, message=message)
    print_record(options.form, record_of(done), lambda _: _say(done))


def _say(done: PurgedItems) -> None:
    if not done.purged_count:
        print("nothing to erase: it had been purged before", file=sys.stderr)
        return
    what = (
        f"{done.purged_count:,}, with the content of {done.result_count:,} results "
        f"and of parts of {done.event_count:,} events"
    )
    version = f"{done.dataset.id} is at version {done.dataset.version}"
    print(f"erased {what}; {version}", file=sys.stderr)
