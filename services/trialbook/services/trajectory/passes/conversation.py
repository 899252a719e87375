"""What models asked for and were told: arguments, results and calls that no span tells of."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import UNSET

from trialbook.services.trajectory.fields import final_answer_tools, results_told
from trialbook.services.trajectory.node import Node
from trialbook.services.trajectory.step import StepSource, StepType
from trialbook.services.trajectory.tool_calls import ToolCall, ToolResult

_TRANSFER = "transfer_to_"
_MOST_COMPARED = 32
_MOST_ADDED = 10_000


def join_conversation(roots: list[Node], nodes: list[Node]) -> int:
    """Lay the calls that models asked for beside the tool calls that have spans.

    A span claims the call with its id, else the first one that a model before it asked for by the
    same name, one with equal arguments first. It takes over the arguments where its own are none
    or not an object. A call that no span claims becomes a step of its own right after the model
    generation, with the result that a later model was told. Handoffs that have a step, and tools by
    which a model only gives its final answer, are no calls. At most 10,000 steps are added; return
    how many calls were left out for that.
    """
    models = [node for node in nodes if node.is_model]
    if not any(model.requested for model in models):
        return 0
    unclaimed = _claim(nodes, models)
    if not unclaimed:
        return 0
    has_handoffs = any(node.step_type is StepType.HANDOFF for node in nodes)
    calls = _true_calls(unclaimed, has_handoffs)
    added = _steps_for(calls[:_MOST_ADDED])
    _tell_results(models, [step for steps in added.values() for step in steps])
    for siblings in (roots, *(node.children for node in nodes)):
        if any(id(node) in added for node in siblings):
            siblings[:] = [one for node in siblings for one in (node, *added.get(id(node), ()))]
    return max(0, len(calls) - _MOST_ADDED)


@dataclass(slots=True)
class _Tools:
    """The tool calls that have spans, in their order, with those that are claimed already."""

    by_id: dict[str, Node] = field(default_factory=dict)
    by_name: dict[str, list[tuple[int, Node]]] = field(default_factory=dict)
    claimed: set[int] = field(default_factory=set)
    begins: dict[str, int] = field(default_factory=dict)

    def claim(self, node: Node, call: ToolCall, turn: int) -> None:
        """Give a call to a span."""
        self.claimed.add(id(node))
        node.turn = turn
        if type(node.args) is not dict and call.args is not UNSET:
            node.args = call.args
        node.call_id = node.call_id or call.call_id

    def next_named(self, call: ToolCall, after: int) -> Node | None:
        """Return the first unclaimed call of this name after a place, equal arguments first."""
        named = self.by_name.get(call.name, [])
        at = self.begins.get(call.name, 0)
        while at < len(named) and (id(named[at][1]) in self.claimed or named[at][0] < after):
            at += 1
        self.begins[call.name] = at
        left = [node for _, node in named[at : at + _MOST_COMPARED] if id(node) not in self.claimed]
        for node in left:
            if node.args == call.args:
                return node
        return left[0] if left else None


def _claim(nodes: list[Node], models: list[Node]) -> list[tuple[Node, int, ToolCall]]:
    """Give calls to spans; return those that are left, with their model and its number."""
    tools = _Tools()
    places = {id(node): place for place, node in enumerate(nodes)}
    for place, node in enumerate(nodes):
        if node.is_tool:
            tools.by_name.setdefault(node.name, []).append((place, node))
            if node.call_id is not None:
                tools.by_id.setdefault(node.call_id, node)
    waiting: list[tuple[Node, int, ToolCall]] = []
    for turn, model in enumerate(models):
        for call in model.requested or ():
            known = tools.by_id.get(call.call_id) if call.call_id is not None else None
            if known is not None and known.name == call.name and id(known) not in tools.claimed:
                tools.claim(known, call, turn)
            else:
                waiting.append((model, turn, call))
    left: list[tuple[Node, int, ToolCall]] = []
    for model, turn, call in waiting:
        found = tools.next_named(call, places[id(model)])
        if found is None:
            left.append((model, turn, call))
        else:
            tools.claim(found, call, turn)
    return left


def _true_calls(
    unclaimed: list[tuple[Node, int, ToolCall]], has_handoffs: bool
) -> list[tuple[Node, int, ToolCall]]:
    """Leave out what handed over to an agent, and what was the answer."""
    calls: list[tuple[Node, int, ToolCall]] = []
    answers: dict[int, set[str]] = {}
    for model, turn, call in unclaimed:
        if has_handoffs and call.name.startswith(_TRANSFER):
            continue
        if turn not in answers:
            answers[turn] = final_answer_tools(model.span)
        if call.name not in answers[turn]:
            calls.append((model, turn, call))
    return calls


def _steps_for(calls: list[tuple[Node, int, ToolCall]]) -> dict[int, list[Node]]:
    """Make a step of each call, by the model generation that it stands after."""
    added: dict[int, list[Node]] = {}
    for model, turn, call in calls:
        step = Node(StepType.TOOL_CALL, call.name, f"{model.rule}.message_parts", model.span)
        step.source = StepSource.MESSAGE_PARTS
        step.start = step.end = model.end or model.start
        step.begins = step.ends = model.ends or model.begins
        step.args, step.call_id, step.turn = call.args, call.call_id, turn
        added.setdefault(id(model), []).append(step)
    return added


def _tell_results(models: list[Node], steps: list[Node]) -> None:
    """Look for the results of calls in what later models were told, the last one first."""
    waiting = {step.call_id: step for step in steps if step.call_id is not None}
    nameless = [step for step in steps if step.call_id is None]
    for model in reversed(models):
        if not waiting and not nameless:
            return
        results = results_told(model.span)
        for result in results:
            step = waiting.pop(result.call_id, None) if result.call_id is not None else None
            if step is not None:
                _tell(step, result)
        if nameless and results:
            nameless = _tell_by_name(nameless, results)


def _tell_by_name(steps: list[Node], results: list[ToolResult]) -> list[Node]:
    left = list(results)
    without: list[Node] = []
    for step in steps:
        found = next((result for result in left if result.name == step.name), None)
        if found is None:
            without.append(step)
        else:
            left.remove(found)
            _tell(step, found)
    return without


def _tell(step: Node, result: ToolResult) -> None:
    step.output = result.output
    step.success = not result.failed
    if result.failed:
        step.error = result.output if type(result.output) is str else None
