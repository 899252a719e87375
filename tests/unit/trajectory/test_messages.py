"""Conversations in the shapes of many libraries come to the same steps."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from trialbook.services.trajectory.messages import from_messages
from trialbook.services.trajectory.step import Tokens
from trialbook.services.trajectory.trajectory import Trajectory, TrajectorySource


def _lines(found: Trajectory | None) -> list[tuple[str, Any, Any, bool | None]]:
    assert found is not None
    assert found.source is TrajectorySource.MESSAGES
    return [
        (step.name, step.args, step.output, step.success)
        if step.calls_tool
        else (step.name, UNSET, UNSET, None)
        for step in found.walk()
    ]


_MODEL = ("assistant", UNSET, UNSET, None)
_OPENAI = [
    {"role": "user", "content": "weather?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "w", "arguments": '{"c": "Oslo"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "1", "content": '{"t": 12}'},
    {"role": "assistant", "content": "12"},
]
_RESPONSES = [
    {"role": "user", "content": "weather?"},
    {"type": "reasoning", "summary": []},
    {
        "type": "function_call",
        "call_id": "1",
        "id": "fc",
        "name": "w",
        "arguments": '{"c": "Oslo"}',
    },
    {"type": "function_call_output", "call_id": "1", "output": '{"t": 12}'},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "12"}]},
]
_ANTHROPIC = [
    {"role": "user", "content": "weather?"},
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Let me see."},
            {"type": "tool_use", "id": "1", "name": "w", "input": {"c": "Oslo"}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "1",
                "content": [{"type": "text", "text": '{"t": 12}'}],
            }
        ],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "12"}]},
]
_LANGCHAIN = [
    {"type": "human", "data": {"content": "weather?"}},
    {
        "type": "ai",
        "data": {"content": "", "tool_calls": [{"name": "w", "args": {"c": "Oslo"}, "id": "1"}]},
    },
    {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", "ToolMessage"],
        "kwargs": {"content": '{"t": 12}', "tool_call_id": "1"},
    },
    {"type": "AIMessage", "content": "12"},
]
_INVOCATION = {
    "state": "result",
    "toolCallId": "1",
    "toolName": "w",
    "args": {"c": "Oslo"},
    "result": {"t": 12},
}
_MASTRA = [
    {
        "role": "assistant",
        "content": {
            "format": 2,
            "parts": [
                {"type": "step-start"},
                {"type": "tool-invocation", "toolInvocation": _INVOCATION},
                {"type": "step-start"},
                {"type": "text", "text": "12"},
            ],
            "toolInvocations": [
                _INVOCATION,
                {**_INVOCATION, "state": "partial-call", "toolCallId": "2"},
            ],
        },
    }
]
_VERCEL = [
    {
        "role": "assistant",
        "parts": [
            {"type": "step-start"},
            {
                "type": "tool-w",
                "toolCallId": "1",
                "state": "output-available",
                "input": {"c": "Oslo"},
                "output": {"t": 12},
            },
            {"type": "step-start"},
            {"type": "text", "text": "12"},
        ],
    }
]
_GEMINI = [
    {"role": "model", "parts": [{"functionCall": {"name": "w", "args": {"c": "Oslo"}}}]},
    {"role": "user", "parts": [{"functionResponse": {"name": "w", "response": {"t": 12}}}]},
    {"role": "model", "parts": [{"text": "12"}]},
]


@pytest.mark.parametrize(
    "messages",
    [_OPENAI, {"messages": _OPENAI}, _RESPONSES, _ANTHROPIC, _LANGCHAIN, _MASTRA, _VERCEL, _GEMINI],
)
def test_one_conversation_in_many_shapes(messages: Any) -> None:
    assert _lines(from_messages(messages)) == [
        _MODEL,
        ("w", {"c": "Oslo"}, {"t": 12}, True),
        _MODEL,
    ]


def test_calls_of_one_turn_are_a_group_and_usage_is_the_turns() -> None:
    calls = [{"id": i, "function": {"name": i, "arguments": "{}"}} for i in ("p", "q")]
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    turn = {"role": "assistant", "tool_calls": calls, "usage": usage, "model": "m"}
    found = from_messages([turn, turn])
    assert found is not None
    assert [step.parallel_group for step in found.steps] == [None, 1, 1, None, 2, 2]
    assert (found.steps[0].name, found.steps[0].tokens) == ("m", Tokens(3, 4))
    assert found.evidence.tokens_captured


def test_failures_and_calls_without_an_answer() -> None:
    found = from_messages(
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": i, "name": i, "input": {}} for i in ("p", "q")
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "p", "content": "no", "is_error": True}
                ],
            },
        ]
    )
    assert _lines(found) == [_MODEL, ("p", {}, "no", False), ("q", {}, UNSET, None)]
    assert found is not None
    assert found.steps[1].error == "no"
    assert found.steps[2].missing == ("output", "duration", "success")


def test_invocations_that_only_the_older_list_has_stand_before_the_next_shared_one() -> None:
    def invocation(name: str, **more: Any) -> dict[str, Any]:
        return {**_INVOCATION, "toolCallId": name, "toolName": name, **more}

    older = [invocation("first"), invocation("shared"), invocation("last", state="output-error")]
    parts = [{"type": "tool-invocation", "toolInvocation": invocation("shared", isError=True)}]
    found = from_messages(
        [{"role": "assistant", "content": {"parts": parts, "toolInvocations": older}}]
    )
    assert [(name, success) for name, _, _, success in _lines(found)[1:]] == [
        ("first", True),
        ("shared", False),
        ("last", False),
    ]


def test_the_answers_of_openais_interfaces() -> None:
    completion = {
        "choices": [{"message": _OPENAI[1]}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    response = {"object": "response", "output": _RESPONSES[1:3]}
    for answer in (completion, response):
        assert _lines(from_messages(answer))[1] == ("w", {"c": "Oslo"}, UNSET, None)
    found = from_messages(completion)
    assert found is not None
    assert found.steps[0].tokens == Tokens(1, 2)


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "text",
        [],
        {},
        {"messages": []},
        [1],
        [{"a": 1}],
        [{"role": "user", "content": "x"}],
    ],
)
def test_what_is_no_conversation_of_an_agent(value: Any) -> None:
    assert from_messages(value) is None
