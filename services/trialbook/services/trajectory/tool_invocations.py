"""Calls of tools that hold their own results, as Mastra and the Vercel AI SDK keep them."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.trajectory.content import decoded, word

_SUCCEEDED = frozenset({"result", "output-available"})
_FAILED = frozenset({"output-error", "output-denied"})
_CALLED = frozenset({"call", "input-available", "approval-requested", "approval-responded"})


class Invocation(msgspec.Struct):
    """One call of a tool with what came of it; `success` is None while nothing has."""

    call_id: str
    name: str
    args: Any
    output: Any
    success: bool | None
    error: str | None


def invocations(message: dict[str, Any]) -> list[list[Invocation]]:
    """Return the invocations in a message by model turns, none if it has no invocation.

    `step-start` parts begin turns, of which the last may have invoked nothing. Parts go before the
    older list `toolInvocations` beside them: an invocation that only the list has stands before the
    next one that both have, else at the end of the last turn.
    """
    content = message.get("content")
    holder = content if type(content) is dict else message
    parts = holder.get("parts", content if type(content) is list else None)
    turns: list[list[Invocation]] = []
    begins = True
    for part in parts if type(parts) is list else ():
        if type(part) is not dict:
            continue
        if part.get("type") == "step-start":
            begins = True
            continue
        if begins:
            turns.append([])
            begins = False
        found = _of_part(part)
        if found is not None:
            turns[-1].append(found)
    older = holder.get("toolInvocations")
    if type(older) is list:
        _merge(turns, [_invocation(entry) for entry in older if type(entry) is dict])
    return turns if any(turns) else []


def _merge(turns: list[list[Invocation]], older: list[Invocation | None]) -> None:
    places = {one.call_id: turn for turn in turns for one in turn}
    waiting: list[Invocation] = []
    for one in older:
        if one is None:
            continue
        turn = places.get(one.call_id)
        if turn is None:
            waiting.append(one)
        elif waiting:
            at = next(index for index, known in enumerate(turn) if known.call_id == one.call_id)
            turn[at:at] = waiting
            waiting = []
    if waiting:
        if not turns:
            turns.append([])
        turns[-1] += waiting


def _of_part(part: dict[str, Any]) -> Invocation | None:
    kind = part.get("type")
    if kind == "tool-invocation":
        inner = part.get("toolInvocation")
        return _invocation(inner) if type(inner) is dict else None
    if type(kind) is str and "toolCallId" in part and "state" in part:
        if kind == "dynamic-tool":
            return _invocation(part)
        if kind.startswith("tool-"):
            return _invocation({**part, "toolName": kind[len("tool-") :]})
    return None


def _invocation(given: dict[str, Any]) -> Invocation | None:
    state, name, call_id = word(given.get("state")), given.get("toolName"), given.get("toolCallId")
    if type(name) is not str or type(call_id) is not str:
        return None
    if state not in _SUCCEEDED | _FAILED | _CALLED:
        return None
    args = given.get("args", given.get("input", given.get("rawInput", {})))
    output = given.get("result", given.get("output", msgspec.UNSET))
    success: bool | None = None
    if state in _SUCCEEDED:
        success = given.get("isError") is not True
    elif state in _FAILED:
        success = False
    error = given.get("errorText") or (output if success is False else None)
    return Invocation(
        call_id, name, decoded(args), output, success, error if type(error) is str else None
    )
