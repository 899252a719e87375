"""Points in time on the command line: a date, a date with a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from trialbook.services.cli.arguments import time_span

DAYS = re.compile(r"(\d+(?:\.\d+)?)d", re.ASCII)


def moment(text: str) -> datetime:
    """Return the time of `2026-11-20`, `2026-11-20T08:30+01:00`, or of `90m`, `7d` ago.

    What has no time zone is local time.
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        pass
    try:
        return datetime.now(UTC) - timedelta(seconds=_seconds(text))
    except (click.BadParameter, OverflowError):
        raise click.BadParameter(
            f"{text!r} is neither a time such as 2026-11-20 or 2026-11-20T08:30, "
            "nor how long ago, such as 90m, 12h or 7d"
        ) from None


def _seconds(text: str) -> float:
    days = DAYS.fullmatch(text.lower())
    return float(days[1]) * 86_400 if days else time_span(text)
