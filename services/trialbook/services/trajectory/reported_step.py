"""The steps of a reported trajectory: our own fields, and Mastra's by their names."""

from __future__ import annotations

import difflib
from typing import Any

import msgspec
from msgspec import UNSET

from trialbook.services.trajectory.reported_field import FIELDS, Part, Refused
from trialbook.services.trajectory.step import TOOL_CALLS, Step, StepSource, StepType, Tokens

MAX_STEPS = 10_000
"""How many steps a reported trajectory may have, on all levels together."""


def read_steps(given: Any, path: str) -> list[Step]:
    """Read a list of steps with all below them. Raises Refused with the path of what is wrong.

    What is reported below a model generation comes after it: a model calls nothing itself.
    """
    if type(given) is not list:
        raise Refused(path, "must be a list")
    order: list[tuple[dict[str, Any], str, int]] = []
    children: list[list[int]] = []
    roots: list[int] = []
    stack = [(entry, f"{path}[{at}]", -1) for at, entry in reversed(list(enumerate(given)))]
    while stack:
        entry, where, parent = stack.pop()
        if len(order) >= MAX_STEPS:
            raise Refused(path, f"must have at most {MAX_STEPS:,} steps on all levels together")
        if type(entry) is not dict:
            raise Refused(where, "must be an object")
        number = len(order)
        order.append((entry, where, parent))
        children.append([])
        (roots if parent < 0 else children[parent]).append(number)
        below = entry.get("children")
        if below is not None and type(below) is not list:
            raise Refused(f"{where}.children", "must be a list")
        stack += [
            (child, f"{where}.children[{at}]", number)
            for at, child in reversed(list(enumerate(below or ())))
        ]
    return _made(order, children, roots)


def _made(
    order: list[tuple[dict[str, Any], str, int]], children: list[list[int]], roots: list[int]
) -> list[Step]:
    made: list[list[Step]] = [[] for _ in order]
    agents = _agents(order)
    for number in range(len(order) - 1, -1, -1):
        entry, where, _ = order[number]
        below = [step for child in children[number] for step in made[child]]
        step = _step(entry, where)
        if step.agent is None and agents[number] is not None:
            step = msgspec.structs.replace(step, agent=agents[number])
        if step.step_type is not StepType.MODEL_GENERATION:
            made[number] = [msgspec.structs.replace(step, children=tuple(below))]
        elif any(child.step_type is StepType.MODEL_GENERATION for child in below):
            made[number] = below
        else:
            made[number] = [step, *below]
        for child in children[number]:
            made[child] = []
    return [step for root in roots for step in made[root]]


def _agents(order: list[tuple[dict[str, Any], str, int]]) -> list[str | None]:
    """Return the name of the nearest agent above each step."""
    agents: list[str | None] = []
    for _, _, parent in order:
        above = order[parent][0] if parent >= 0 else {}
        if StepType.AGENT_RUN in (above.get("step_type"), above.get("stepType")):
            agents.append(above.get("name"))
        else:
            agents.append(agents[parent] if parent >= 0 else None)
    return agents


def _step(entry: dict[str, Any], where: str) -> Step:
    parts: dict[Part, dict[str, Any]] = {part: {} for part in Part}
    for name, value in entry.items():
        field = FIELDS.get(name)
        if field is None:
            raise Refused(f"{where}.{name}", f"is no field of a step{_suggestion(name)}")
        if value is not None or field.may_be_null:
            parts[field.part][field.name] = field.check(value, f"{where}.{name}")
    of_step, tokens = parts[Part.STEP], parts[Part.TOKENS]
    if "step_type" not in of_step:
        raise Refused(f"{where}.step_type", "is missing (or stepType)")
    if "name" not in of_step:
        raise Refused(f"{where}.name", "is missing")
    if tokens:
        of_step["tokens"] = Tokens(tokens.get("input"), tokens.get("output"))
    of_step["attributes"] = {**of_step.get("attributes", {}), **parts[Part.ATTRIBUTE]}
    step = Step(**of_step, rule="reported", source=StepSource.REPORTED)
    return msgspec.structs.replace(step, missing=_missing(step))


def _missing(step: Step) -> tuple[str, ...]:
    missing: list[str] = []
    if step.step_type in TOOL_CALLS:
        missing += ["args"] if step.args is UNSET else []
        missing += ["output"] if step.output is UNSET and step.success is not False else []
    if step.step_type is StepType.MODEL_GENERATION and (
        step.tokens is None or step.tokens.input is None or step.tokens.output is None
    ):
        missing.append("tokens")
    missing += ["duration"] if step.duration is None else []
    missing += ["success"] if step.success is None else []
    return tuple(missing)


def _suggestion(name: str) -> str:
    close = difflib.get_close_matches(name, FIELDS, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
