"""Scorers and gates in files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trialbook.client import Condition, Gate, GateMetric, Scorer
from trialbook.services.cli.definition_file import read_gate, read_scorers
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.records import record_of


def write(folder: Path, value: object) -> str:
    file = folder / "file.json"
    file.write_text(json.dumps(value))
    return str(file)


def test_scorers_are_short_texts_or_objects(tmp_path: Path) -> None:
    near = {"name": "levenshtein", "alias": "near", "params": {"threshold": 0.5}}
    place = {"step_id": "fetch", "output_pointer": "/answer", "version": 3, "per_item": False}
    found = read_scorers(write(tmp_path, ["exact_match@run", near, {**near, **place}]))
    assert found == [
        Scorer("exact_match", scope="run"),
        Scorer("levenshtein", alias="near", threshold=0.5),
        Scorer(
            "levenshtein", alias="near", threshold=0.5, step_id="fetch", output_pointer="/answer"
        ),
    ]


def test_a_gate_is_read_as_a_run_tells_it(tmp_path: Path) -> None:
    gate = Gate((Condition.latency(0.5, at_most=2.0), Condition.mean("x", max_regression=0.1)), "b")
    told = record_of(gate)
    assert read_gate(write(tmp_path, told)) == Gate(list(gate.conditions), "b")


def test_conditions_are_short_texts_or_objects(tmp_path: Path) -> None:
    told = {"conditions": ["mean(x)>=1", {"metric": "cost", "at_most": 1}], "confidence": 0.9}
    assert read_gate(write(tmp_path, told)) == Gate(
        [Condition.mean("x", at_least=1.0), Condition(GateMetric.COST, at_most=1.0)], "", 0.9
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"conditions": ["mean(x)>1"]}, r"conditions\[0\]: .*from column 9"),
        ({"conditions": [{"metric": "means"}]}, r"conditions\[0\].metric: .*means"),
        ({"conditions": [{"metric": "mean", "at_leats": 1}]}, "no field 'at_leats'"),
        ({"conditions": [{}]}, "no metric"),
        ({"conditions": [1]}, r"conditions\[0\] is not a JSON object"),
        ({"conditions": {}}, "conditions: Expected `array`"),
        ({"conditions": [], "confidence": "high"}, "confidence: Expected `float`"),
        ([], "is not a JSON object"),
    ],
)
def test_a_bad_gate_is_refused_by_its_path(tmp_path: Path, value: object, said: str) -> None:
    with pytest.raises(CommandFailure, match=said):
        read_gate(write(tmp_path, value))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "a JSON list"),
        ([{}], r"\[0\]: the scorer has no name"),
        (["a b"], r"\[0\]: 'a b' is not of the form"),
        ([{"name": "x", "scope": "items"}], r"\[0\].scope: .*items"),
        ([{"name": "x", "params": []}], r"\[0\].params"),
    ],
)
def test_bad_scorers_are_refused_by_their_path(tmp_path: Path, value: object, said: str) -> None:
    with pytest.raises(CommandFailure, match=said):
        read_scorers(write(tmp_path, value))
