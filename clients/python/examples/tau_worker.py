"""A worker that plays recorded conversations of an airline's agent back, as a traced agent.

The file is a record of τ-bench, such as `gpt-4o-airline.json`: a list of conversations, each with
its `task_id` and `trial`, the `reward` that it got, the task in `info`, and its messages in `traj`.
Its path is taken from the environment variable TAU_FILE:

    TAU_FILE=gpt-4o-airline.json trialbook worker run tau_worker.py:worker

What the agent did it writes down as spans, as OpenTelemetry's conventions for agents have it; the
worker sends them to Trialbook with each result.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry import trace

from trialbook.client import FinalError, NotEvaluable, Score, TaskContext, Worker

AGENT = "airline_agent"
MODEL = "gpt-4o"
ERROR = "Error"  # with this the answer of a tool begins that could not do what it was asked

Message = Mapping[str, Any]

path = Path(os.environ.get("TAU_FILE", "gpt-4o-airline.json"))
conversations: dict[tuple[str, int], dict[str, Any]] = {
    (conversation["info"]["task"]["instruction"], conversation["trial"]): conversation
    for conversation in json.loads(path.read_text(encoding="utf-8"))
}
tracer = trace.get_tracer("tau")
worker = Worker(revision=MODEL, traces=True)


def recorded(instruction: str, trial: int) -> dict[str, Any]:
    """Find a conversation; the first trial is 1 here, and 0 in the file."""
    found = conversations.get((instruction, trial - 1))
    if found is None:
        raise FinalError(f"{path} has no trial {trial} of this task")
    return found


# What is written down ----------------------------------------------------------------------------


@contextmanager
def operation(
    kind: str, name: str, attributes: Mapping[str, str | Sequence[str]]
) -> Iterator[trace.Span]:
    """Open the span of an operation."""
    with tracer.start_as_current_span(f"{kind} {name}", attributes=attributes) as span:
        span.set_attribute("gen_ai.operation.name", kind)
        yield span


def play_back(messages: Sequence[Message]) -> None:
    """Do what the agent did, message by message."""
    heard: list[Message] = []
    calls: dict[str, Message] = {}
    for message in messages:
        if message["role"] == "assistant":
            take_turn(heard, message)
            heard = []
            # Ids come again in later turns.
            calls = {call["id"]: call["function"] for call in message.get("tool_calls") or ()}
            continue
        if message["role"] == "tool":
            call_tool(message, calls[message["tool_call_id"]]["arguments"])
        heard.append(message)


def take_turn(heard: Sequence[Message], said: Message) -> None:
    """Let the model say something, call tools, or both."""
    reason = "tool_call" if said.get("tool_calls") else "stop"
    asked = [{"role": message["role"], "parts": parts_of(message)} for message in heard]
    answer = {"role": "assistant", "parts": parts_of(said), "finish_reason": reason}
    attributes = {
        "gen_ai.request.model": MODEL,
        "gen_ai.response.finish_reasons": [reason],
        "gen_ai.input.messages": json.dumps(asked),
        "gen_ai.output.messages": json.dumps([answer]),
    }
    with operation("chat", MODEL, attributes):
        pass  # the model has answered already


def parts_of(message: Message) -> list[dict[str, Any]]:
    """Return a message in parts: what is said, the calls of tools, or the answer of one."""
    content = message["content"]
    if message["role"] == "tool":
        call_id = message["tool_call_id"]
        return [{"type": "tool_call_response", "id": call_id, "response": content}]
    said = [{"type": "text", "content": content}] if content else []
    return said + [
        {
            "type": "tool_call",
            "id": call["id"],
            "name": call["function"]["name"],
            "arguments": json.loads(call["function"]["arguments"]),
        }
        for call in message.get("tool_calls") or ()
    ]


def call_tool(answer: Message, arguments: str) -> None:
    """Let a tool answer what it answered."""
    content = answer["content"]
    attributes = {
        "gen_ai.tool.name": answer["name"],
        "gen_ai.tool.call.id": answer["tool_call_id"],
        "gen_ai.tool.call.arguments": arguments,
        "gen_ai.tool.call.result": content,
    }
    with operation("execute_tool", answer["name"], attributes) as span:
        if content.startswith(ERROR):
            span.set_attribute("error.type", "tool_error")
            span.set_status(trace.StatusCode.ERROR, content)


# What the worker hosts ---------------------------------------------------------------------------


@worker.target(AGENT, kind="agent")
def airline_agent(instruction: str, task: TaskContext) -> list[str]:
    """Talk with a user who follows the instruction; returns what the agent said."""
    messages = recorded(instruction, task.trial)["traj"]
    with operation("invoke_agent", AGENT, {"gen_ai.agent.name": AGENT}):
        play_back(messages)
    return [told["content"] for told in messages if told["role"] == "assistant" and told["content"]]


@worker.scorer("reward", direction="higher_is_better", minimum=0, maximum=1)
def reward(input: str, task: TaskContext) -> Score:  # noqa: A002 - what it gets goes by name
    """What the benchmark gave: 1 if the airline's data and what was told are as they should be."""
    value: float = recorded(input, task.trial)["reward"]
    return Score(value, passed=value == 1.0, label="solved" if value == 1.0 else "not_solved")


@worker.scorer("outputs_told", direction="higher_is_better", minimum=0, maximum=1)
def outputs_told(output: list[str], expected: list[str]) -> Score | NotEvaluable:
    """The share of the facts that the user must hear which the agent has said."""
    if not expected:
        return NotEvaluable("the task has nothing that must be told")
    said = " ".join(output).lower().replace(",", "")
    missing = [fact for fact in expected if fact.lower() not in said]
    return Score(
        1 - len(missing) / len(expected),
        passed=not missing,
        reason=f"not told: {', '.join(missing)}" if missing else "",
    )


if __name__ == "__main__":
    worker.run()
