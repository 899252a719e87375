"""Whatever spans hold, they are read, told, judged and shown, and nothing of it fails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status, TracesData

from tests.hostile_spans import HOSTILE, attributes, chain, model, number_id, siblings, tool
from trialbook.services.domain.errors import RequestTooIntricate
from trialbook.services.engine.trajectory_matter import trajectory_json
from trialbook.services.otlp import weight
from trialbook.services.otlp.cutting import cut
from trialbook.services.otlp.framing import framed
from trialbook.services.otlp.signal import LOGS, SIGNALS, TRACES, Signal
from trialbook.services.otlp.weight import weigh
from trialbook.services.rpc.trace_message import to_span
from trialbook.services.rpc.trajectory_message import to_trajectory
from trialbook.services.scoring.catalogue import configure_trajectory
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.decoding import attach_records, decode_records, decode_spans
from trialbook.services.trajectory.normalise import normalise
from trialbook.services.trajectory.trajectory import Trajectory

TRACE = bytes(range(1, 17))
MIB = 1024 * 1024
EXPECTED = '{"steps": [{"name": "search", "args": {"q": "tea"}}], "maxSteps": 3}'
SCORERS = [
    configure_trajectory(name, params)
    for name, params in (
        ("code_trajectory_accuracy_scorer", ""),
        ("code_trajectory_scorer", ""),
        ("expected_trajectory", ""),
        ("forbidden_sequences", '{"sequences": [["search", "book"]]}'),
        ("redundant_calls", ""),
        ("tool_called", '{"tool": "search"}'),
        ("tool_failures", ""),
        ("trajectory_alignment", ""),
        ("trajectory_budget", '{"max_tokens": 10}'),
        ("trajectory_match", ""),
    )
]
KEYS: tuple[str, ...] = (
    "gen_ai.operation.name",
    "gen_ai.tool.name",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.id",
    "gen_ai.agent.name",
    "gen_ai.output.messages",
    "gen_ai.input.messages",
    "gen_ai.usage.input_tokens",
    "openinference.span.kind",
    "input.value",
    "output.value",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.name",
    "traceloop.span.kind",
    "traceloop.entity.name",
    "ai.operationId",
    "ai.toolCall.args",
    "mcp.method.name",
    "eval.step.type",
    "error.type",
    "trialbook.task_id",
    "trialbook.truncated",
)
WORDS: tuple[str, ...] = (
    "execute_tool",
    "chat",
    "invoke_agent",
    "TOOL",
    "LLM",
    "AGENT",
    "tool",
    "ai.toolCall",
    "tools/call",
    "search",
    "\0",
    '{"q": "tea"}',
    '{"q": 1e999}',
    '["\\ud800"]',
    '[{"role": "assistant", "parts": [{"type": "tool_call", "id": [], "name": "search"}]}]',
    "[" * 300,
    "",
)
keys: st.SearchStrategy[str] = st.sampled_from(list(KEYS))
values = st.one_of(
    st.sampled_from(WORDS),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.booleans(),
    st.binary(max_size=4),
    st.none(),
)
ids = st.integers(0, 5).map(number_id)
moments = st.sampled_from([0, 1, 1_800_000_000_000_000_000, 2**64 - 1])
some_spans = st.builds(
    Span,
    trace_id=st.just(TRACE),
    span_id=ids,
    parent_span_id=ids | st.sampled_from([b"", b"short"]),
    name=st.sampled_from(WORDS),
    start_time_unix_nano=moments,
    end_time_unix_nano=moments,
    kind=st.integers(-3, 9),
    flags=st.sampled_from([0, 0x100, 0x300]),
    status=st.builds(Status, code=st.integers(0, 9), message=st.sampled_from(WORDS)),
    dropped_attributes_count=st.sampled_from([0, 0, 0, 2**32 - 1]),
    attributes=st.dictionaries(keys, values, max_size=5).map(attributes),
)
some_records = st.builds(
    LogRecord,
    trace_id=st.just(TRACE),
    span_id=ids,
    event_name=st.sampled_from(["gen_ai.choice", "", "\0"]),
    attributes=st.dictionaries(keys, values, max_size=3).map(attributes),
)


def stored(signal: Signal, data: Any) -> list[bytes]:
    return [arrival.body for arrival in cut(signal, data).arrivals]


def request(spans: list[Span]) -> TracesData:
    data = TracesData()
    data.resource_spans.add().scope_spans.add().spans.extend(spans)
    return data


def check(trajectory: Trajectory) -> None:
    """Tell it on every way on which it goes out, and judge it."""
    assert to_trajectory(trajectory).SerializeToString()
    assert trajectory_json(trajectory)
    for scorer in SCORERS:
        said = scorer(TrajectorySample(Sample('"x"', None, '"x"'), trajectory, EXPECTED, None, ""))
        assert said.value is None or 0 <= said.value <= 1
        assert said.reason.encode()


@settings(max_examples=60, deadline=None)
@given(st.lists(some_spans, min_size=1, max_size=8), st.lists(some_records, max_size=3))
def test_every_span_can_be_read_told_judged_and_shown(
    spans: list[Span], records: list[LogRecord]
) -> None:
    logs = LogsData()
    logs.resource_logs.add().scope_logs.add().log_records.extend(records)

    read = attach_records(
        decode_spans(stored(TRACES, request(spans))), decode_records(stored(LOGS, logs))
    )

    assert len(read) == len({span.span_id for span in spans})
    check(normalise(read))
    for span in read:
        assert to_span(span).ref.span_id == span.span_id


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_traces_can_be_told_judged_and_shown(name: str) -> None:
    read = decode_spans(stored(TRACES, request(HOSTILE[name](TRACE, b""))))

    check(normalise(read))
    for span in read:
        assert to_span(span).ByteSize() < 9 * MIB


@pytest.mark.parametrize(
    ("spans", "steps"),
    [
        (siblings(TRACE, b"", 20_000), 20_000),
        (chain(TRACE, b"", 20_000), 1),
        (chain(TRACE, b"", 20_000, model), 1),
    ],
    ids=["siblings", "layers of one call", "layers of one model"],
)
def test_twenty_thousand_spans_are_no_more_than_many(spans: list[Span], steps: int) -> None:
    trajectory = normalise(decode_spans(stored(TRACES, request(spans))))

    assert sum(1 for _ in trajectory.walk()) == steps
    check(trajectory)


def test_a_deep_chain_of_different_calls_keeps_every_step() -> None:
    spans = [
        tool(TRACE, number, number_id(number - 1) if number else b"", f"t{number}")
        for number in range(20_000)
    ]

    trajectory = normalise(decode_spans(stored(TRACES, request(spans))))

    assert [step.name for step in trajectory.walk()] == [f"t{number}" for number in range(20_000)]
    check(trajectory)


def test_a_span_id_that_stands_for_two_spans_leaves_a_gap_in_the_evidence() -> None:
    evidence = normalise(
        decode_spans(stored(TRACES, request(HOSTILE["doubles"](TRACE, b""))))
    ).evidence

    assert not evidence.complete
    assert "1 span ids stand for different spans; the first that ended counts." in evidence.notes


def test_half_of_an_argument_is_no_argument() -> None:
    called = tool(TRACE, 1, b"", gen_ai__tool__call__arguments='{"q": "' + "x" * 2 * MIB + '"}')
    asked = model(
        TRACE, 2, b"", gen_ai__output__messages='[{"role": "assistant", "parts": "' + "x" * 2 * MIB
    )

    whole = normalise(decode_spans(stored(TRACES, request([called]))))
    silent = normalise(decode_spans(stored(TRACES, request([asked]))))

    assert whole.evidence.args_captured is False
    assert whole.evidence.truncated_values == 1
    assert not silent.evidence.tools_observable, "what the model asked for is cut off"


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(SIGNALS), st.binary(max_size=300), st.booleans())
def test_any_bytes_can_be_weighed(signal: Signal, tail: bytes, json: bool) -> None:
    body = framed(1, framed(2, bytes(MIB))) + tail

    assert weigh(signal, body, json=json) >= 0


def test_a_large_request_of_many_spans_is_light_enough() -> None:
    many = request(siblings(TRACE, b"", 50_000)).SerializeToString()

    assert len(many) < weigh(TRACES, many, json=False) < 16 * len(many)


@pytest.mark.parametrize(
    "inside",
    [
        b"\x0a\x00",
        b"\x8a\x00\x00",  # the same with its number written long
        framed(1, b"\x12\x00" * 400),
        framed(1, framed(2, b"\x12\x02\x30\x01" * 400)),
    ],
    ids=["resources", "odd numbers", "scopes", "spans"],
)
def test_messages_without_number_are_refused_before_they_are_read(
    inside: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight, "HEAVIEST", 16 * MIB)
    body = inside * (2 * MIB // len(inside))

    with pytest.raises(RequestTooIntricate):
        weigh(TRACES, body, json=False)
    with pytest.raises(RequestTooIntricate):
        weigh(LOGS, body, json=False)


@pytest.mark.parametrize("part", [b"{},", b"[],"])
def test_json_of_nothing_but_brackets_is_refused_before_it_is_read(part: bytes) -> None:
    with pytest.raises(RequestTooIntricate):
        weigh(TRACES, b'{"resourceSpans":[' + part * 1_000_001, json=True)
