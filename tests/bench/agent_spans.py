"""What a traced agent does for an item: ten spans, as OpenTelemetry's conventions have them.

One span around the attempt, one for the agent, four calls of a model and four of tools; about ten
attributes each, with the messages as agents that capture content write them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = str | int | float | Sequence[str]

SPANS = 10
_MODEL = "depot-large-2"
_PROVIDER = "example.depot"
_NUMBER = "@number@"
"""Stands in texts for the number of the case."""
_ASKED = (
    "A depot ships @number@ crates a day in lorries that carry 24 each, and every lorry burns 31 "
    "litres on its round. How many litres does the depot burn in a week of seven days?"
)
_INSTRUCTIONS = "Answer questions about the depot. Look up what you do not know; do not guess."
_TURNS = ((0,), (1, 2), (3,))
"""Which calls the model asks for in each turn but the last, in which it answers."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call of a tool."""

    tool: str
    about: str
    args: str
    result: str


_CALLS = (
    _Call(
        "count_crates",
        "Count the crates that leave the depot on a day.",
        '{"depot": "north", "order": @number@}',
        '{"crates": @number@, "day": "Tuesday"}',
    ),
    _Call(
        "lorry_capacity",
        "Say how many crates a lorry carries.",
        '{"depot": "north", "crates": @number@}',
        '{"crates": 24, "model": "L-7", "axles": 3}',
    ),
    _Call(
        "fuel_per_round",
        "Say how many litres a lorry burns on its round.",
        '{"depot": "north", "laden": true}',
        '{"litres": 31, "kilometres": 118}',
    ),
    _Call(
        "record_answer",
        "Write an answer into the depot's book.",
        '{"question": @number@, "days": 7}',
        '{"recorded": true, "line": @number@}',
    ),
)


@dataclass(frozen=True, slots=True)
class AgentSpan:
    """A span: its name, the place of its parent among the ten (None for the first), attributes."""

    name: str
    parent: int | None
    attributes: Mapping[str, Value]


def agent_spans(number: int) -> list[AgentSpan]:
    """Return the ten spans of a case, parents first, in the order in which they begin."""
    text = str(number)
    return [
        AgentSpan(
            span.name,
            span.parent,
            {
                key: value.replace(_NUMBER, text) if type(value) is str else value
                for key, value in span.attributes.items()
            },
        )
        for span in _PATTERN
    ]


def expected_trajectory(number: int) -> dict[str, object]:
    """Return what an item's expected trajectory says of these calls."""
    text = str(number)
    return {
        "steps": [
            {"name": call.tool, "args": json.loads(call.args.replace(_NUMBER, text))}
            for call in _CALLS
        ]
    }


def _pattern() -> list[AgentSpan]:
    spans = [AgentSpan("execute agent", None, _attempt()), AgentSpan("invoke_agent", 0, _agent())]
    messages = [_message("user", {"type": "text", "content": _ASKED})]
    for turn, calls in enumerate(_TURNS):
        asked = _message("assistant", *(_request(place) for place in calls))
        spans.append(AgentSpan(f"chat {_MODEL}", 1, _chat(turn, messages, asked, "tool_calls")))
        spans += (
            AgentSpan(f"execute_tool {_CALLS[place].tool}", 1, _tool(place)) for place in calls
        )
        messages += [asked, *(_message("tool", _response(place)) for place in calls)]
    answer = _message("assistant", {"type": "text", "content": "The depot burns it in a week."})
    spans.append(AgentSpan(f"chat {_MODEL}", 1, _chat(len(_TURNS), messages, answer, "stop")))
    return spans


def _attempt() -> dict[str, Value]:
    return {
        "trialbook.run": "projects/default/runs/questions-1",
        "trialbook.item_id": f"item-{_NUMBER}",
        "trialbook.task_id": f"task-{_NUMBER}",
        "trialbook.attempt": 1,
        "trialbook.work": "target",
    }


def _agent() -> dict[str, Value]:
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": _PROVIDER,
        "gen_ai.agent.name": "depot",
        "gen_ai.agent.id": "depot-1",
        "gen_ai.agent.version": "2026-11",
        "gen_ai.conversation.id": f"conversation-{_NUMBER}",
        "gen_ai.request.model": _MODEL,
        "gen_ai.usage.input_tokens": 1_412,
        "gen_ai.usage.output_tokens": 118,
        "gen_ai.system_instructions": _written([{"type": "text", "content": _INSTRUCTIONS}]),
    }


def _chat(
    turn: int, given: Sequence[dict[str, object]], told: dict[str, object], reason: str
) -> dict[str, Value]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDER,
        "gen_ai.request.model": _MODEL,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.response.model": f"{_MODEL}-2026-10-01",
        "gen_ai.response.id": f"response-{_NUMBER}-{turn}",
        "gen_ai.response.finish_reasons": (reason,),
        "gen_ai.usage.input_tokens": 240 + 75 * turn,
        "gen_ai.usage.output_tokens": 31,
        "gen_ai.input.messages": _written(given),
        "gen_ai.output.messages": _written([{**told, "finish_reason": reason}]),
        "server.address": "models.example.com",
    }


def _tool(place: int) -> dict[str, Value]:
    call = _CALLS[place]
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": call.tool,
        "gen_ai.tool.description": call.about,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": _call_id(place),
        "gen_ai.tool.call.arguments": call.args,
        "gen_ai.tool.call.result": call.result,
        "gen_ai.conversation.id": f"conversation-{_NUMBER}",
    }


def _message(role: str, *parts: dict[str, object]) -> dict[str, object]:
    return {"role": role, "parts": parts}


def _request(place: int) -> dict[str, object]:
    call = _CALLS[place]
    args = json.loads(_quoted(call.args))
    return {"type": "tool_call", "id": _call_id(place), "name": call.tool, "arguments": args}


def _response(place: int) -> dict[str, object]:
    response = json.loads(_quoted(_CALLS[place].result))
    return {"type": "tool_call_response", "id": _call_id(place), "response": response}


def _quoted(text: str) -> str:
    """Make JSON of a text, in which the number is not filled in yet."""
    return text.replace(_NUMBER, f'"{_NUMBER}"')


def _written(value: object) -> str:
    """Write what was read so, with the number as a number again."""
    return json.dumps(value).replace(f'"{_NUMBER}"', _NUMBER)


def _call_id(place: int) -> str:
    return f"call-{_NUMBER}-{place}"


_PATTERN = _pattern()
