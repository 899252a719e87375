"""Forms of arguments that are ours: time spans, and a scorer with its parameters."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from trialbook.services.cli.output import encode

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)", re.ASCII)
SPANS = re.compile(f"(?:{SPAN.pattern})+", re.ASCII)
PLAIN_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
SCORER = re.compile(
    r"(?:(?P<alias>[\w.-]+)=)?(?P<name>[\w.-]+)(?::(?P<params>\{.*\}))?", re.ASCII | re.DOTALL
)


@dataclass(frozen=True, slots=True)
class ScorerArgument:
    """A scorer as it stands on the command line; an empty alias is the scorer's name."""

    name: str
    alias: str
    params: dict[str, Any]


def time_span(text: str) -> float:
    """Return the seconds of a span such as 500ms, 30s, 5m, 1h30m, or a plain number of seconds."""
    lowered = text.lower()
    if PLAIN_NUMBER.fullmatch(lowered):
        return float(lowered)
    if SPANS.fullmatch(lowered):
        return sum(float(number) * UNITS[unit] for number, unit in SPAN.findall(lowered))
    raise click.BadParameter(f"{text!r} is not a time span such as 500ms, 30s, 5m or 1h30m")


def scorer_argument(text: str) -> ScorerArgument:
    """Return the parts of `levenshtein`, `near=levenshtein:{"threshold":0.8}` and their like.

    The server checks the parameters against the scorer's declaration.
    """
    parts = SCORER.fullmatch(text)
    if parts is None:
        raise click.BadParameter(
            f"{text!r} is not of the form [ALIAS=]NAME[:PARAMETERS], "
            'for example levenshtein:{"threshold":0.8}'
        )
    try:
        params = json.loads(parts["params"] or "{}")
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(
            f"the parameters of {parts['name']} are not JSON: {error}"
        ) from error
    return ScorerArgument(parts["name"], parts["alias"] or "", params)


def scorer_text(scorer: Mapping[str, Any]) -> str:
    """Return the record of a scorer in the form in which the command line takes it."""
    alias = "" if scorer["alias"] in ("", scorer["name"]) else f"{scorer['alias']}="
    params = "" if scorer["params"] is None else f":{encode(scorer['params'])}"
    return f"{alias}{scorer['name']}{params}"
