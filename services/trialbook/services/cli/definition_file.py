"""Scorers and gates in JSON files: what their short forms on the command line leave out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click
import msgspec

from trialbook.client import Condition, Gate, GateMetric, RegressionRule, Scorer, ScorerScope
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.gate_condition import gate_condition
from trialbook.services.cli.json_argument import read_json
from trialbook.services.cli.scorer_argument import scorer_argument

Part = TypeVar("Part")
SCORER_FIELDS: Mapping[str, type] = {
    "name": str,
    "alias": str,
    "params": dict,
    "scope": ScorerScope,
    "step_id": str,
    "output_pointer": str,
    "expected_pointer": str,
    "by_caller": bool,
}
FILLED_IN = ("version", "per_item", "superseded")
"""What the service adds to a scorer: `experiment show` tells it, and a file may hold it."""
CONDITION_FIELDS: Mapping[str, type] = {
    "metric": GateMetric,
    "scorer": str,
    "quantile": float,
    "split": str,
    "tag": str,
    "at_least": float,
    "at_most": float,
    "max_regression": float,
    "regression_rule": RegressionRule,
}
GATE_FIELDS: Mapping[str, type] = {"conditions": list, "baseline": str, "confidence": float}


def read_scorers(path: str) -> list[Scorer]:
    """Return the scorers of a file: a list of objects, or of texts in the short form.

    Objects are as `experiment show --format json` tells them. Raises CommandFailure.
    """
    members = _decode(path)
    if not isinstance(members, list):
        raise CommandFailure(f"{path}: scorers are a JSON list of texts and objects")
    return [
        _member(f"{path}: [{number}]", member, _short_scorer, _scorer)
        for number, member in enumerate(members)
    ]


def read_gate(path: str) -> Gate:
    """Return the gate of a file: `{"conditions": [...], "baseline": ..., "confidence": ...}`.

    Conditions are objects, or texts in the short form. Raises CommandFailure.
    """
    fields = _fields(path, _decode(path), GATE_FIELDS)
    conditions = [
        _member(f"{path}: conditions[{number}]", member, gate_condition, _condition)
        for number, member in enumerate(fields.get("conditions", []))
    ]
    return Gate(conditions, fields.get("baseline", ""), fields.get("confidence"))


def _decode(path: str) -> Any:
    return msgspec.json.decode(read_json(path).text)


def _member(
    place: str, member: Any, of_text: Callable[[str], Part], of_fields: Callable[[str, Any], Part]
) -> Part:
    if not isinstance(member, str):
        return of_fields(place, member)
    try:
        return of_text(member)
    except click.BadParameter as error:
        raise CommandFailure(f"{place}: {error.message}") from error


def _short_scorer(text: str) -> Scorer:
    return scorer_argument(text).scorer


def _scorer(place: str, member: Any) -> Scorer:
    if isinstance(member, dict):
        member = {name: value for name, value in member.items() if name not in FILLED_IN}
    fields = _fields(place, member, SCORER_FIELDS)
    if "name" not in fields:
        raise CommandFailure(f"{place}: the scorer has no name")
    return Scorer(**fields)


def _condition(place: str, member: Any) -> Condition:
    fields = _fields(place, member, CONDITION_FIELDS)
    if "metric" not in fields:
        raise CommandFailure(f"{place}: the condition has no metric")
    return Condition(**fields)


def _fields(place: str, value: Any, known: Mapping[str, type]) -> dict[str, Any]:
    """Return the fields of an object as what they must be; those that are null are left out."""
    if not isinstance(value, dict):
        raise CommandFailure(f"{place} is not a JSON object")
    unknown = sorted(set(value) - set(known))
    if unknown:
        raise CommandFailure(
            f"{place}: there is no field {unknown[0]!r}", hint=f"there are {', '.join(known)}"
        )
    given = {name: member for name, member in value.items() if member is not None}
    return {name: _converted(f"{place}.{name}", given[name], known[name]) for name in given}


def _converted(place: str, value: Any, kind: type) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise CommandFailure(f"{place}: {error}") from error
