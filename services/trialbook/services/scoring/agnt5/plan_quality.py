"""plan_quality: whether the agent's plan looks like a good one."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from trialbook.services.scoring.agnt5.context import PlanStep, TraceContext
from trialbook.services.scoring.agnt5.observation import Observation
from trialbook.services.scoring.agnt5.plan_finding import graded, no_plan, plan_details
from trialbook.services.scoring.agnt5.trace_metric import GRADED_THRESHOLD, Finding, metric

_LABELS = ("good_plan", "needs_review", "poor_plan")
_SEPARATORS = re.compile(r"[^a-z0-9_]+")
# fmt: off
_STOP_WORDS = frozenset({
    "about", "after", "again", "also", "and", "answer", "are", "ask", "for", "from", "into",
    "the", "then", "this", "that", "task", "their", "them", "they", "with", "will", "you",
    "your",
})
# fmt: on
_GENERIC = frozenset(
    {"", "do it", "complete task", "solve task", "answer", "respond", "think", "plan"}
)
_WORK_ACTIONS = ("tool_call", "read_result")
_WORK_WORDS = ("search", "lookup", "read", "fetch")
_FINAL_ACTION = "final_answer"
_FINAL_WORDS = ("answer", "respond", "summar")
_UNKNOWN_RELEVANCE = 0.75
_SOME_RELEVANCE = 0.4
_MOST_TASK_WORDS = 5


def _plan_quality(observation: Observation) -> Finding:
    """Score .25 structure + .30 completeness + .20 order + .25 relevance."""
    context, steps = observation.context, observation.context.plan.steps
    if not context.plan.detected or not steps:
        return no_plan(observation)
    count, specificity = _count_score(len(steps)), _specificity(steps)
    structure = (count + specificity) / 2
    completeness, order, relevance = _completeness(steps), _order(steps), _relevance(context)
    value = 0.25 * structure + 0.30 * completeness + 0.20 * order + 0.25 * relevance
    details = {
        **plan_details(context),
        "structure_score": structure,
        "step_count_score": count,
        "specificity_score": specificity,
        "completeness_score": completeness,
        "order_score": order,
        "relevance_score": relevance,
        "task_present": context.task is not None and bool(context.task.text_safe.strip()),
        "plan_steps": msgspec.to_builtins(steps),
    }
    reason = (
        f"Structure {structure:.3f}, completeness {completeness:.3f}, order {order:.3f}, "
        f"relevance {relevance:.3f}."
    )
    return graded(_clamped(value), _LABELS, reason, details)


def _count_score(count: int) -> float:
    if count <= 1:
        return 0.7
    if count <= 6:
        return 1.0
    return 0.8 if count <= 10 else 0.55


def _specificity(steps: Sequence[PlanStep]) -> float:
    specific = sum(
        len(meaningful_words(step.text_safe)) >= 2
        and step.text_safe.strip().lower() not in _GENERIC
        for step in steps
    )
    return specific / len(steps)


def _completeness(steps: Sequence[PlanStep]) -> float:
    works = any(_action(step) in _WORK_ACTIONS or _mentions(step, _WORK_WORDS) for step in steps)
    ends = any(_action(step) == _FINAL_ACTION or _mentions(step, _FINAL_WORDS) for step in steps)
    several = 0.1 if len(steps) >= 2 else 0.05 if works or ends else 0.0
    return _clamped(0.45 * works + 0.45 * ends + several)


def _order(steps: Sequence[PlanStep]) -> float:
    score = 1.0
    seen: set[str] = set()
    for position, step in enumerate(steps, start=1):
        if step.index not in (0, position):
            score -= 0.2
        words = " ".join(meaningful_words(step.text_safe))
        if words and words in seen:
            score -= 0.25
        seen.add(words)
    actions = [_action(step) for step in steps]
    works = [at for at, action in enumerate(actions) if action in _WORK_ACTIONS]
    if works and _FINAL_ACTION in actions and actions.index(_FINAL_ACTION) < works[0]:
        score -= 0.25
    return _clamped(score)


def _relevance(context: TraceContext) -> float:
    task = set(meaningful_words(context.task.text_safe)) if context.task else set[str]()
    if not task:
        return _UNKNOWN_RELEVANCE
    plan = set(meaningful_words(" ".join(step.text_safe for step in context.plan.steps)))
    score = len(task & plan) / min(len(task), _MOST_TASK_WORDS)
    if score == 0.0 and _completeness(context.plan.steps) > 0.0:
        return _SOME_RELEVANCE
    return _clamped(score)


def meaningful_words(text: str) -> list[str]:
    """Return a text's words of three ASCII letters, digits or underscores and more.

    In lower case, without those that are too common to mean anything.
    """
    words = _SEPARATORS.split(text.lower())
    return [word for word in words if len(word) >= 3 and word not in _STOP_WORDS]


def _action(step: PlanStep) -> str:
    return step.expected_action.strip().lower()


def _mentions(step: PlanStep, words: Sequence[str]) -> bool:
    text = step.text_safe.lower()
    return any(word in text for word in words)


def _clamped(score: float) -> float:
    return min(1.0, max(0.0, score))


PLAN_QUALITY = metric(
    "plan_quality",
    "Whether the agent's plan is structured, complete, in order and to the point, by counting "
    "English words.",
    {},
    lambda _: _plan_quality,
    threshold=GRADED_THRESHOLD,
)
