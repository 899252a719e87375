"""The rules that an expectation may state beside its steps: blacklists, retries and repetition."""

from __future__ import annotations

from collections import Counter

from trialbook.services.scoring.expectation.expectation import Expectation
from trialbook.services.scoring.trajectory.finding import Finding, gate
from trialbook.services.scoring.trajectory.forbidden_sequences import sequences_finding
from trialbook.services.scoring.trajectory.gap import OUTCOMES, step_gap
from trialbook.services.scoring.trajectory.report import step_entry
from trialbook.services.scoring.trajectory.scope import Scope
from trialbook.services.scoring.trajectory.sequence import StepSequence, flatten
from trialbook.services.trajectory.step import TOOL_CALLS, StepType
from trialbook.services.trajectory.trajectory import Trajectory


def blacklist_finding(
    expectation: Expectation, trajectory: Trajectory, types: frozenset[StepType], scope: Scope
) -> Finding:
    """Look for blacklisted names among all steps at every depth, and for blacklisted sequences."""
    forbidden = frozenset(expectation.blacklisted_tools)
    everything = flatten(trajectory, None, scope)
    called = [
        step_entry(step, position)
        for step, position in zip(everything.steps, everything.positions, strict=True)
        if step.name in forbidden
    ]
    sequences = sequences_finding(expectation.blacklisted_sequences, trajectory, types, scope=scope)
    gap = step_gap(trajectory, None)
    passed: bool | None = False if called else sequences.passed
    if gap is not None and passed:
        passed = None
    details = {"blacklisted": called, **sequences.details}
    reason = f"{len(called)} steps are blacklisted."
    return gate(passed, ("clean", "blacklisted"), reason, details, gap or sequences.gap)


def retries_finding(limit: int, trajectory: Trajectory, scope: Scope) -> Finding:
    """Count how often each tool was called again after its call before failed.

    The value is the share of the tools that keep to the limit, 1 without calls.
    """
    calls = flatten(trajectory, TOOL_CALLS, scope)
    retries = _retries(calls, unknown_failed=False)
    over = sorted(tool for tool, count in retries.items() if count > limit)
    possibly = _retries(calls, unknown_failed=True)
    tools = {step.name for step in calls.steps}
    details: dict[str, object] = {"retries": dict(retries), "over_limit": over, "limit": limit}
    gap = step_gap(trajectory, TOOL_CALLS)
    if gap is None and any(count > limit for count in possibly.values()):
        gap = OUTCOMES
    if gap is not None and not over:
        return Finding(details=details, gap=gap)
    value = 1.0 - len(over) / len(tools) if tools else 1.0
    label = "too_many_retries" if over else "few_retries"
    reason = f"{len(over)} tools were retried more than {limit} times."
    return Finding(value, not over, label, reason, details)


def _retries(calls: StepSequence, *, unknown_failed: bool) -> Counter[str]:
    retries: Counter[str] = Counter()
    failed: dict[tuple[str | None, str], bool] = {}
    for step in calls.steps:
        key = (step.agent, step.name)
        retries[step.name] += failed.get(key, False)
        failed[key] = step.success is False or (step.success is None and unknown_failed)
    return +retries


def repeats_finding(trajectory: Trajectory, types: frozenset[StepType], scope: Scope) -> Finding:
    """Count names that occur more than once; the value is the share of the names that do not."""
    steps = flatten(trajectory, types, scope)
    counts = Counter(step.name for step in steps.steps)
    repeated = sorted(name for name, count in counts.items() if count > 1)
    details: dict[str, object] = {"repeated": repeated}
    gap = step_gap(trajectory, types)
    if gap is not None and not repeated:
        return Finding(details=details, gap=gap)
    value = 1.0 - len(repeated) / len(counts) if counts else 1.0
    label = "repeated" if repeated else "no_repeats"
    return Finding(value, not repeated, label, f"{len(repeated)} steps are repeated.", details)
