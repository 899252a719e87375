"""Whose stream it is: from a stream's name to the dataset, experiment, run or the like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from trialbook.eventstore import Reader
from trialbook.services.application.event import Scope
from trialbook.services.domain.fact import NOUNS
from trialbook.services.projections.columns import placeholders

# Rows of these tables stay after a deletion, and none of these columns ever changes.
TABLES = {
    "dataset": ("dataset", "dataset_id"),
    "experiment": ("experiment", "experiment_id"),
    "run": ("run", "run_id"),
    # A project has its viewers once, so that they need no id.
    "trace_viewers": ("trace_viewers", "''"),
}
if missing := NOUNS - TABLES.keys():
    raise TypeError(f"events of nouns whose owners are not known: {missing}")

_MOST_KEPT = 50_000
_UNKNOWN = Scope("", "", "")

# A uid is never used again, in no database: what is known of it holds for the whole process.
_kept: dict[str, Scope] = {}


def uid_of(stream: str) -> tuple[str, str]:
    """Return noun and uid of `dataset-{uid}` or `dataset-{uid}/items`."""
    noun, _, rest = stream.partition("-")
    return noun, rest.partition("/")[0]


def owners_of(reader: Reader, streams: Collection[str]) -> dict[str, Scope]:
    """Return whose streams these are; empty words where the read models have no row."""
    keys = {stream: uid_of(stream) for stream in streams}
    unknown: defaultdict[str, set[str]] = defaultdict(set)
    found: dict[str, Scope] = {}
    for noun, uid in keys.values():
        known = _kept.get(uid)
        if known is not None:
            found[uid] = known
        elif noun in TABLES:
            unknown[noun].add(uid)
    for noun, uids in unknown.items():
        found |= _looked_up(reader, noun, sorted(uids))
    return {stream: found.get(uid, _UNKNOWN) for stream, (_, uid) in keys.items()}


def uids_of(reader: Reader, scope: Scope) -> list[str]:
    """Return the uids of all that ever had this name: an id may be given again."""
    table, column = TABLES[scope.noun]
    rows = reader.query(
        f"SELECT uid FROM {table} WHERE project = ? AND {column} = ?",
        (scope.project, scope.resource_id),
    )
    return [row[0] for row in rows]


def _looked_up(reader: Reader, noun: str, uids: list[str]) -> dict[str, Scope]:
    table, column = TABLES[noun]
    rows = reader.query(
        f"SELECT uid, project, {column} FROM {table} WHERE uid IN ({placeholders(len(uids))})",
        uids,
    )
    found = {uid: Scope(noun, project, resource_id) for uid, project, resource_id in rows}
    if len(_kept) + len(found) > _MOST_KEPT:
        _kept.clear()
    _kept.update(found)
    return found
