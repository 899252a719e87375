"""Real samples of many instrumentations: the steps that a reader of the program expects."""

from __future__ import annotations

import contextlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from tests.unit.trajectory.recording import outline
from trialbook.services.trajectory.decoding import attach_records, decode_records, decode_spans
from trialbook.services.trajectory.normalise import normalise
from trialbook.services.trajectory.otlp_json import logs_from_json, traces_from_json
from trialbook.services.trajectory.span import Span
from trialbook.services.trajectory.step import TOOL_CALLS
from trialbook.services.trajectory.trajectory import Trajectory

_SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "conformance" / "otel"
_NAMES = sorted(
    path.name.removesuffix(".expected.json") for path in _SAMPLES.glob("*.expected.json")
)
# Without parents only time puts services in order; ties of a coarse clock only arrival does.
_BY_ARRIVAL = frozenset({"edge_missing_parents", "edge_millisecond_clock"})
_NAMED = (
    "agent_run",
    "workflow_run",
    "workflow_step",
    "workflow_parallel",
    "workflow_conditional",
    "workflow_loop",
    "workflow_sleep",
    "workflow_wait_event",
    "handoff",
)


def _spans(name: str) -> list[Span]:
    spans = decode_spans(
        [traces_from_json((_SAMPLES / f"{name}.json").read_bytes()).SerializeToString()]
    )
    logs = _SAMPLES / f"{name}.logs.json"
    if not logs.exists():
        return spans
    records = decode_records([logs_from_json(logs.read_bytes()).SerializeToString()])
    return attach_records(spans, records)


def _read(name: str) -> Trajectory:
    return normalise(_spans(name))


def _walk(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield step
        yield from _walk(step.get("children", []))


def _canonical(value: Any) -> str:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    return json.dumps(value, sort_keys=True)


@pytest.fixture(scope="module", params=_NAMES or [""])
def sample(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Trajectory]:
    if not request.param:
        pytest.skip(f"there are no samples in {_SAMPLES}")
    expected = json.loads((_SAMPLES / f"{request.param}.expected.json").read_text())
    return expected, _read(request.param)


def _has_tools(expected: dict[str, Any]) -> bool:
    return bool(expected.get("recoverable", "full") == "full")


def test_tool_calls_are_the_programs(sample: tuple[dict[str, Any], Trajectory]) -> None:
    expected, found = sample
    calls = [step for step in found.walk() if step.step_type in TOOL_CALLS]
    if not _has_tools(expected):
        assert calls == []
        assert not found.evidence.tools_observable
        return
    wanted = [step for step in _walk(expected["steps"]) if step["step_type"] in TOOL_CALLS]
    with_args = expected.get("args_recoverable", True)

    def key_of(step: dict[str, Any]) -> str:
        return _canonical(
            [step["step_type"], step["name"], step.get("args") if with_args else None]
        )

    keys = [
        _canonical(
            [c.step_type, c.name, (None if c.args is UNSET else c.args) if with_args else None]
        )
        for c in calls
    ]
    assert Counter(keys) == Counter(map(key_of, wanted))
    assert _in_groups(keys, wanted) == _in_groups(list(map(key_of, wanted)), wanted)


def _in_groups(keys: list[str], wanted: list[dict[str, Any]]) -> list[list[str]]:
    """Cut a list of calls where the expected one has its parallel groups, each sorted."""
    groups: list[list[str]] = []
    last = None
    for key, step in zip(keys, wanted, strict=True):
        group = step.get("parallel_group")
        if group is not None and group == last:
            groups[-1].append(key)
        else:
            groups.append([key])
        last = group
    return [sorted(group) for group in groups]


def test_outcomes_are_the_programs(sample: tuple[dict[str, Any], Trajectory]) -> None:
    expected, found = sample
    if not _has_tools(expected):
        return
    with_outputs = expected.get("args_recoverable", True)

    def outcome(name: str, success: Any, output: Any) -> tuple[str, Any, str]:
        return name, success, _canonical(output) if with_outputs else ""

    wanted = Counter(
        outcome(step["name"], step["success"], step.get("output"))
        for step in _walk(expected["steps"])
        if step["step_type"] in TOOL_CALLS
    )
    told = {key[0] for key in wanted if key[2] == "null"}
    given = Counter(
        outcome(
            step.name,
            step.success,
            None if step.name in told and step.success is False else step.output,
        )
        for step in found.walk()
        if step.step_type in TOOL_CALLS
    )
    assert given == wanted


def test_model_generations_are_the_programs(sample: tuple[dict[str, Any], Trajectory]) -> None:
    expected, found = sample
    if expected.get("recoverable") == "agent_runs_only":
        return
    wanted = [s for s in _walk(expected["steps"]) if s["step_type"] == "model_generation"]
    given = [step for step in found.walk() if step.step_type == "model_generation"]
    assert len(given) == len(wanted)
    tokens = Counter((s["tokens"]["input"], s["tokens"]["output"]) for s in wanted if "tokens" in s)
    if tokens:
        assert Counter((s.tokens.input, s.tokens.output) for s in given if s.tokens) == tokens


def test_runs_and_steps_are_the_programs(sample: tuple[dict[str, Any], Trajectory]) -> None:
    expected, found = sample
    for step_type in _NAMED:
        wanted = [s["name"] for s in _walk(expected["steps"]) if s["step_type"] == step_type]
        assert [step.name for step in found.walk() if step.step_type == step_type] == wanted


def _disturbed(spans: list[Span], chance: random.Random) -> list[Span]:
    """Let the clocks of all services but the first be an hour late, and spans come in any order."""
    first = min(spans, key=lambda span: span.start).service
    hour = 3_600_000_000_000
    late = [
        span
        if span.service == first
        else msgspec.structs.replace(span, start=span.start - hour, end=span.end - hour)
        for span in spans
    ]
    chance.shuffle(late)
    return late + late[:5]


@pytest.mark.parametrize("name", [name for name in _NAMES if name not in _BY_ARRIVAL])
def test_disorder_repeats_and_late_clocks_change_nothing(name: str) -> None:
    spans = _spans(name)
    disturbed = normalise(_disturbed(spans, random.Random(name)))
    assert outline(disturbed) == outline(normalise(spans))


def test_what_is_incomplete_is_said(sample: tuple[dict[str, Any], Trajectory]) -> None:
    expected, found = sample
    if expected.get("complete") is False:
        assert not found.evidence.complete
    if expected.get("args_recoverable") is False:
        assert not found.evidence.args_captured
