"""Conversations to trajectories: what the messages of an agent tell of its calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from trialbook.services.trajectory.content import word
from trialbook.services.trajectory.step import Step, StepSource, StepType, Tokens
from trialbook.services.trajectory.tool_calls import (
    ToolCall,
    ToolResult,
    tool_calls,
    tool_results,
)
from trialbook.services.trajectory.tool_invocations import Invocation, invocations
from trialbook.services.trajectory.trajectory import Evidence, Trajectory, TrajectorySource

_ASSISTANTS = frozenset({"assistant", "ai", "model", "AIMessage", "AIMessageChunk"})
_KINDS = frozenset(
    {"human", "ai", "system", "tool", "HumanMessage", "AIMessage", "SystemMessage", "ToolMessage"}
)
_ITEMS = frozenset({"function_call", "function_call_output", "reasoning", "message"})
_ASKING = frozenset({"function_call", "reasoning"})
_NAMELESS_MODEL = "assistant"
_INPUT_TOKENS = ("input_tokens", "prompt_tokens", "inputTokens", "promptTokens")
_OUTPUT_TOKENS = ("output_tokens", "completion_tokens", "outputTokens", "completionTokens")
_USAGES = ("usage", "usage_metadata", "token_usage")


def from_messages(value: Any) -> Trajectory | None:
    """Make a trajectory of a conversation, None if the value is none.

    A conversation is a list of messages, or an object that holds one as `messages`, or what
    OpenAI's Chat Completions and Responses APIs answer. The messages may be OpenAI's, items of its
    Responses, Anthropic's, Gemini's, LangChain's, Mastra's or the Vercel AI SDK's. Each turn of the
    assistant becomes a model generation, followed by the tool calls that it asked for; several
    calls of one turn are a parallel group. A call without a result has neither an output nor an
    outcome.
    """
    messages, usage = _conversation(value)
    if messages is None:
        return None
    conversation = _Conversation()
    for message in messages:
        conversation.add(message)
    if not conversation.turns:
        return None
    if usage is not None and len(conversation.turns) == 1 and not conversation.turns[0].tokens:
        conversation.turns[0].tokens = usage
    return conversation.trajectory()


def _conversation(value: Any) -> tuple[list[dict[str, Any]] | None, Tokens | None]:
    usage = None
    if type(value) is dict:
        usage = _tokens(value)
        if type(value.get("choices")) is list:
            first = value["choices"][0] if value["choices"] else None
            value = [first.get("message")] if type(first) is dict else None
        elif value.get("object") == "response":
            value = value.get("output")
        else:
            value = value.get("messages")
    if type(value) is not list or not value:
        return None, None
    messages = [_opened(entry) for entry in value if type(entry) is dict]
    if len(messages) != len(value) or not all(_is_message(message) for message in messages):
        return None, None
    return messages, usage


def _opened(message: dict[str, Any]) -> dict[str, Any]:
    """Take LangChain's constructors and typed data off a message."""
    if message.get("lc") == 1 and type(message.get("kwargs")) is dict:
        names = message.get("id")
        kind = names[-1] if type(names) is list and names else ""
        return {**message["kwargs"], "type": kind}
    if word(message.get("type")) in _KINDS and type(message.get("data")) is dict:
        return {**message["data"], "type": message["type"]}
    return message


def _is_message(message: dict[str, Any]) -> bool:
    if type(message.get("role")) is str:
        return True
    kind = word(message.get("type"))
    return kind in _KINDS or kind in _ITEMS


class _Turn:
    """One turn of the assistant: what it asked for, and what came of that."""

    def __init__(self, message: dict[str, Any]) -> None:
        self.model = _model_of(message)
        self.tokens = _tokens(message)
        name = message.get("name")
        self.agent = name if type(name) is str and name else None
        self.calls: list[Step] = []

    def steps(self) -> list[Step]:
        """Return the model generation and its calls."""
        generation = Step(
            StepType.MODEL_GENERATION,
            self.model or _NAMELESS_MODEL,
            tokens=self.tokens,
            model=self.model,
            agent=self.agent,
            rule="messages.assistant",
            source=StepSource.MESSAGES,
            missing=("duration",) if self.tokens else ("tokens", "duration"),
        )
        if len(self.calls) < 2:
            return [generation, *self.calls]
        return [
            generation,
            *(msgspec.structs.replace(call, parallel_group=1) for call in self.calls),
        ]


class _Conversation:
    """Reads messages in their order."""

    def __init__(self) -> None:
        self.turns: list[_Turn] = []
        self._open: dict[str, tuple[_Turn, int]] = {}
        self._in_items = False

    def add(self, message: dict[str, Any]) -> None:
        """Take in one message."""
        is_item = word(message.get("type")) in _ITEMS
        for result in tool_results(message):
            self._tell(result)
        if message.get("type") == "function_call_output":
            self._in_items = False
        elif _is_assistants(message):
            if not (is_item and self._in_items):
                self.turns.append(_Turn(message))
            self._in_items = is_item
            self._ask(message)
        else:
            self._in_items = False

    def trajectory(self) -> Trajectory:
        """Return what was said as a trajectory."""
        return made_of(_numbered([turn.steps() for turn in self.turns]), TrajectorySource.MESSAGES)

    def _ask(self, message: dict[str, Any]) -> None:
        invoked = invocations(message)
        for index, calls in enumerate(invoked):
            if index:
                self.turns.append(_Turn(message))
                # One usage stands for the whole message: it is the first turn's.
                self.turns[-1].tokens = None
            self.turns[-1].calls += [_step_of(call, self.turns[-1].agent) for call in calls]
        if not invoked:
            for call in tool_calls(message):
                self._call(call)

    def _call(self, call: ToolCall) -> None:
        turn = self.turns[-1]
        if call.call_id is not None:
            self._open[call.call_id] = (turn, len(turn.calls))
        else:
            self._open[f"{call.name} {len(self.turns)}.{len(turn.calls)}"] = (turn, len(turn.calls))
        turn.calls.append(
            Step(
                StepType.TOOL_CALL,
                call.name,
                call.args,
                agent=turn.agent,
                call_id=call.call_id,
                rule="messages.tool_call",
                source=StepSource.MESSAGES,
                missing=("output", "duration", "success"),
            )
        )

    def _tell(self, result: ToolResult) -> None:
        place = self._open.pop(result.call_id, None) if result.call_id is not None else None
        if place is None:
            place = self._unnamed(result)
        if place is None:
            return
        turn, at = place
        failed = result.failed
        turn.calls[at] = msgspec.structs.replace(
            turn.calls[at],
            output=result.output,
            success=not failed,
            error=result.output if failed and type(result.output) is str else None,
            missing=("output", "duration") if result.output is UNSET else ("duration",),
        )

    def _unnamed(self, result: ToolResult) -> tuple[_Turn, int] | None:
        """Find the first call without an id that a result by name may belong to."""
        for key, (turn, at) in self._open.items():
            call = turn.calls[at]
            if call.call_id is None and result.name in (call.name, None):
                return self._open.pop(key)
        return None


def made_of(
    steps: Sequence[Step], source: TrajectorySource, *, tools_observable: bool = True
) -> Trajectory:
    """Make a trajectory of steps that no trace stands behind, with the evidence that they give."""
    found = [step for top in steps for step in top.walk()]
    calls = [step for step in found if step.calls_tool]
    models = [step for step in found if step.step_type is StepType.MODEL_GENERATION]
    evidence = Evidence(
        tools_observable=tools_observable,
        args_captured=all(step.args is not UNSET for step in calls) if calls else None,
        tokens_captured=all(
            step.tokens is not None
            and step.tokens.input is not None
            and step.tokens.output is not None
            for step in models
        )
        if models
        else None,
    )
    return Trajectory(tuple(steps), source, evidence)


def _numbered(turns: list[list[Step]]) -> list[Step]:
    """Give every turn's parallel group a number of its own."""
    steps: list[Step] = []
    group = 0
    for turn in turns:
        if any(step.parallel_group is not None for step in turn):
            group += 1
        steps += [
            step
            if step.parallel_group is None
            else msgspec.structs.replace(step, parallel_group=group)
            for step in turn
        ]
    return steps


def _is_assistants(message: dict[str, Any]) -> bool:
    if word(message.get("role")) in _ASSISTANTS:
        return True
    kind = word(message.get("type"))
    return "role" not in message and (kind in _ASSISTANTS or kind in _ASKING)


def _step_of(call: Invocation, agent: str | None) -> Step:
    missing = [] if call.output is not UNSET or call.success is False else ["output"]
    missing += ["duration"] if call.success is not None else ["duration", "success"]
    return Step(
        StepType.TOOL_CALL,
        call.name,
        call.args,
        call.output,
        call.success,
        call.error,
        agent=agent,
        call_id=call.call_id,
        rule="messages.tool_invocation",
        source=StepSource.MESSAGES,
        missing=tuple(missing),
    )


def _model_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("response_metadata")
    for holder, field in ((message, "model"), (metadata, "model_name"), (metadata, "model")):
        if type(holder) is dict and type(holder.get(field)) is str and holder[field]:
            return str(holder[field])
    return None


def _tokens(holder: dict[str, Any]) -> Tokens | None:
    for field in _USAGES:
        usage = holder.get(field)
        if type(usage) is dict:
            given = _count(usage, _INPUT_TOKENS), _count(usage, _OUTPUT_TOKENS)
            if given != (None, None):
                return Tokens(*given)
    metadata = holder.get("response_metadata")
    return _tokens(metadata) if type(metadata) is dict else None


def _count(usage: dict[str, Any], fields: tuple[str, ...]) -> int | None:
    for field in fields:
        if type(usage.get(field)) is int and usage[field] >= 0:
            return int(usage[field])
    return None
