"""Datasets' short keys in the tables."""

from __future__ import annotations

from trialbook.eventstore import Reader


def number_of(tx: Reader, uid: str) -> int:
    """Return the short key of a dataset that is known to exist."""
    return int(tx.query("SELECT number FROM dataset WHERE uid = ?", (uid,))[0][0])
