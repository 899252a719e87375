"""Opens the client for a verb, and words what the server, or the way to it, has against it."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trialbook.client import (
    Client,
    InvalidConnection,
    NotFound,
    TrialbookError,
    Unavailable,
    change_reason,
)
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.options import CommonOptions

MOST_NAMES = 10
SUGGESTION = "did you mean"
# What to do next, by the reason that the server gives; filled in with the error's metadata.
HINTS = {
    "NOT_HOSTED": "start a worker (trialbook worker run my_worker.py:worker), "
    "or wait for one with --wait-for-worker",
    "EMPTY_DATASET": "add items: trialbook dataset import FILE --dataset NAME",
    "UNKNOWN_SCORER": "trialbook scorer list tells which there are",
    "INVALID_SCORER_PARAMETERS": "trialbook scorer show {scorer} tells what it accepts",
    "INVALID_TOKEN": "set TRIALBOOK_TOKEN to the server's token",
    "STORE_UNAVAILABLE": "look at the server's log and at the disk, then try again",
    "ITEM_CONFLICT": "trialbook item upsert replaces what is there, "
    "trialbook item restore brings back what was removed",
    "RUN_IN_PROGRESS": "wait for it with trialbook run wait {run}, or trialbook run cancel {run}",
    "NO_GATE": "say what it must come to: --gate 'mean(exact_match)>=0.8'",
    "NO_EXPECTATION": "give the item an expected_trajectory, or say what is expected by "
    "--expected FILE",
    "INTERNAL": "the server's log has more under the incident that is named here",
}


@contextmanager
def open_client(options: CommonOptions) -> Iterator[Client]:
    """Open a client for the server, or the folder, and the project that the options name.

    Whatever the calls inside raise leaves it as a CommandFailure with a hint.
    """
    with (
        server_failures(options),
        _server_address(options) as address,
        Client(address, token=options.token, project=options.scope) as client,
        change_reason(options.reason or ""),
    ):
        try:
            yield client
        except NotFound as error:
            raise _failure(options, error, _similar_names(client, error)) from error


@contextmanager
def server_failures(options: CommonOptions) -> Iterator[None]:
    """Turn the client's errors into CommandFailures."""
    try:
        yield
    except TrialbookError as error:
        raise _failure(options, error) from error
    except InvalidConnection as error:
        raise CommandFailure(str(error)) from error


@contextmanager
def _server_address(options: CommonOptions) -> Iterator[str]:
    """The address of the server, or of a service in this process while the command runs."""
    if options.embedded is None:
        yield options.server
        return
    # Late: most commands need a client alone, and this brings the whole service.
    from trialbook.services.cli.embedded import embedded_service

    with embedded_service(Path(options.embedded)) as address:
        yield address


def _failure(options: CommonOptions, error: TrialbookError, hint: str = "") -> CommandFailure:
    details = [
        f"{violation.field}: {violation.description}"
        for violation in error.violations
        if violation.field and violation.description not in error.message
    ]
    if isinstance(error, Unavailable) and not error.reason:
        return CommandFailure(
            f"no server answers at {options.server}",
            hint="start one with trialbook serve, or name another with --address",
        )
    general = HINTS.get(error.reason, "").format_map(defaultdict(lambda: "NAME", error.metadata))
    return CommandFailure(error.message, details=details, hint=hint or general)


def _similar_names(client: Client, error: NotFound) -> str:
    """A hint at the names that look like the missing one, or at those that there are."""
    resource = error.metadata.get("resource", "").split("/")
    if error.reason != "RESOURCE_NOT_FOUND" or len(resource) < 4 or SUGGESTION in error.message:
        return ""
    collection, wanted = resource[-2:]
    try:
        known = _known_names(client, collection, resource[3])
    except TrialbookError:
        return ""  # the first error is the one to tell
    if known is None:
        return ""
    close = difflib.get_close_matches(wanted, known, n=3)
    if close:
        return f"{SUGGESTION} {' or '.join(close)}?"
    if known:
        return f"there are: {', '.join(known[:MOST_NAMES])}{', …' if known[MOST_NAMES:] else ''}"
    return f"there are no {collection} yet"


def _known_names(client: Client, collection: str, parent: str) -> list[str] | None:
    """The ids of a collection, in a dataset where it belongs to one; None: they may be many."""
    listings: dict[str, Callable[[], Any]] = {
        "datasets": client.datasets.list,
        "experiments": client.experiments.list,
        "runs": client.runs.list,
        "scorers": client.scorers.list,
        "labels": lambda: client.datasets.labels(parent),
    }
    return [found.id for found in listings[collection]()] if collection in listings else None
