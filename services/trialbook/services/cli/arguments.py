"""Time spans as arguments."""

from __future__ import annotations

import re

import click

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)", re.ASCII)
SPANS = re.compile(f"(?:{SPAN.pattern})+", re.ASCII)
PLAIN_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def time_span(text: str) -> float:
    """Return the seconds of a span such as 500ms, 30s, 5m, 1h30m, or a plain number of seconds."""
    lowered = text.lower()
    if PLAIN_NUMBER.fullmatch(lowered):
        return float(lowered)
    if SPANS.fullmatch(lowered):
        return sum(float(number) * UNITS[unit] for number, unit in SPAN.findall(lowered))
    raise click.BadParameter(f"{text!r} is not a time span such as 500ms, 30s, 5m or 1h30m")
