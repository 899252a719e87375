"""How the tables of older releases become today's."""

from __future__ import annotations

from trialbook.eventstore import Migration

MIGRATIONS = (
    Migration(
        1,
        "items and settings with a history of their own",
        # What commands returned has another shape now, and nobody could read the old one.
        statements=("DELETE FROM command",),
        rebuild=True,
    ),
)
"""Numbered 1, 2, 3 …: append only. A file of the first release has taken none of them."""
