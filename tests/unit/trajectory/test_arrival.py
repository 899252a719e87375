"""Whatever arrives, in whatever order and however often: the same steps, and never a failure."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trajectory.recording import Recording, outline
from trialbook.services.trajectory.normalise import normalise
from trialbook.services.trajectory.span import Span, SpanEvent, SpanRef, SpanStatus

_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("invoke_agent", {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"}),
    ("chat", {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
    ("execute_tool", {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "x"}),
    ("node", {"traceloop.span.kind": "task", "traceloop.entity.name": "n"}),
    ("nothing", {}),
)


def _recorded(shape: list[tuple[int, int]]) -> list[Span]:
    """Write down a tree: each span has a kind, and a parent among those before it. Times differ."""
    recording = Recording()
    for number, (kind, parent) in enumerate(shape):
        name, attributes = _KINDS[kind % len(_KINDS)]
        named = {**attributes, **({"gen_ai.tool.name": f"x{number}"} if kind % 5 == 2 else {})}
        below = recording.spans[parent % number] if number and parent % 3 else None
        recording.span(name, number * 3, number * 3 + 2, named, below=below)
    return recording.spans


@settings(max_examples=25, deadline=None)
@given(
    shape=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=25),
    seed=st.integers(0, 1000),
)
def test_the_order_of_arrival_and_repeats_change_nothing(
    shape: list[tuple[int, int]], seed: int
) -> None:
    spans = _recorded(shape)
    chance = random.Random(seed)
    arrived = spans + chance.choices(spans, k=5)
    chance.shuffle(arrived)
    assert outline(normalise(arrived)) == outline(normalise(spans))


@settings(max_examples=25, deadline=None)
@given(shape=st.lists(st.integers(0, 20), min_size=1, max_size=25), seed=st.integers(0, 1000))
def test_how_tools_and_models_nest_in_an_agent_does_not_change_the_walk(
    shape: list[int], seed: int
) -> None:
    chance = random.Random(seed)
    flat, nested = Recording(), Recording()
    for recording, nests in ((flat, False), (nested, True)):
        agent = recording.span("invoke_agent", 0, 1000, _KINDS[0][1])
        model = agent
        for number, kind in enumerate(shape):
            is_model = kind % 2 == 0
            name, attributes = _KINDS[1 if is_model else 2]
            own = attributes if is_model else {**attributes, "gen_ai.tool.name": f"x{number}"}
            below = model if nests and not is_model and chance.random() < 0.7 else agent
            span = recording.span(name, number * 3 + 1, number * 3 + 3, own, below=below)
            model = span if is_model else model
    walks = [[step.name for step in one.trajectory().walk()] for one in (flat, nested)]
    assert walks[0] == walks[1]


_IDS = st.sampled_from([f"{number:016x}" for number in range(12)])
_KEYS = st.sampled_from(
    [key for _, attributes in _KINDS for key in attributes]
    + [
        "mastra.span.type",
        "openinference.span.kind",
        "mcp.method.name",
        "ai.operationId",
        "gen_ai.output.messages",
        "gen_ai.input.messages",
        "gen_ai.tool.call.arguments",
        "gen_ai.response.id",
        "gen_ai.usage.input_tokens",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name",
        "llm.output_messages.0.message",
        "gen_ai.completion.0.tool_calls",
        "langsmith.span.kind",
        "trialbook.task_id",
        "trialbook.work",
        "metadata",
        "eval.step.type",
    ]
)
_WORDS = st.sampled_from(
    [
        "chat",
        "execute_tool",
        "TOOL",
        "CHAIN",
        "AGENT",
        "tools/call",
        "tool_call",
        "scorer",
        "ai.toolCall",
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "name", "id", "content", "parts", "role", "arguments", "function"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=4,
)
_SPANS = st.builds(
    Span,
    trace_id=st.sampled_from(["a" * 32, "b" * 32]),
    span_id=_IDS,
    parent_id=_IDS | st.just(""),
    name=st.text(max_size=8) | st.just("handoff to x"),
    kind=st.integers(0, 9),
    start=st.integers(0, 40),
    end=st.integers(0, 40),
    status=st.sampled_from(SpanStatus),
    status_message=st.text(max_size=3),
    attributes=st.dictionaries(_KEYS, _JSON | _WORDS, max_size=6),
    events=st.lists(
        st.builds(
            SpanEvent,
            st.sampled_from(["exception", "gen_ai.choice", "gen_ai.tool.message"]),
            st.just(0),
            st.dictionaries(st.sampled_from(["message", "content", "body", "id"]), _JSON),
        ),
        max_size=2,
    ).map(tuple),
    links=st.lists(st.builds(SpanRef, st.just("b" * 32), _IDS), max_size=2).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(
    spans=st.lists(_SPANS, max_size=8),
    enclosing=st.none() | st.builds(SpanRef, st.just("a" * 32), _IDS),
)
def test_no_span_makes_it_fail(spans: list[Span], enclosing: SpanRef | None) -> None:
    found = normalise(spans, enclosing=enclosing)
    steps = list(found.walk())
    own = [step.spans[0] for step in steps if step.source == "span"]
    assert len(own) == len(set(own))
    assert all(step.duration is None or step.duration >= 0 for step in steps)
