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
    Migration(
        2,
        "runs that are retried, rescored and reviewed, with verdicts and usage",
        statements=(
            "DELETE FROM command",
            "ALTER TABLE run_work ADD COLUMN jobs TEXT NOT NULL DEFAULT '[]'",
            "ALTER TABLE run_work ADD COLUMN rate_at INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE run_work ADD COLUMN generation INTEGER NOT NULL DEFAULT 0",
        ),
        rebuild=True,
    ),
    Migration(
        3,
        "traces, and results with what is known of theirs",
        statements=(
            "DELETE FROM command",
            "ALTER TABLE run_work ADD COLUMN unsettled INTEGER NOT NULL DEFAULT 0",
        ),
        rebuild=True,
    ),
)
"""Numbered 1, 2, 3 …: append only. A file of the first release has taken none of them."""
