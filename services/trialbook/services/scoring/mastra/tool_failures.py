"""analyzeToolFailures: how often tools were called again after they had failed."""

from __future__ import annotations

from itertools import groupby, pairwise, zip_longest

import msgspec

from trialbook.services.scoring.mastra.javascript import two_decimals
from trialbook.services.scoring.mastra.shape import MastraStep, MastraTrajectory

DEFAULT_RETRIES = 2
"""How many retries per tool are free."""

_RETRY_PENALTY = 0.2


class FailurePattern(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One run of calls of a tool with retries in it."""

    tool_name: str
    retry_count: int
    fell_back_to_alternative: bool
    eventually_succeeded: bool
    alternative_tool: str | None = None


class ToolFailures(msgspec.Struct, frozen=True, rename="camel"):
    """What came of it."""

    score: float
    patterns: list[FailurePattern]
    total_retries: int
    excessive_retry_tools: list[str]


def analyze_tool_failures(
    trajectory: MastraTrajectory, *, max_retries_per_tool: int = DEFAULT_RETRIES
) -> ToolFailures:
    """Score 1 less 0.2 for each retry beyond those that are free, in each run of calls of a tool.

    Only the top level counts, and of it only tool calls. A retry is a call whose predecessor in
    the run says that it failed.
    """
    calls = [step for step in trajectory.steps if step.calls_tool]
    runs = [list(run) for _, run in groupby(calls, key=lambda step: step.name)]
    followers = [run[0] for run in runs[1:]]
    patterns = [
        _pattern(run, follower) for run, follower in zip_longest(runs, followers) if _retries(run)
    ]
    surplus = sum(max(0, each.retry_count - max_retries_per_tool) for each in patterns)
    return ToolFailures(
        two_decimals(max(0.0, 1 - surplus * _RETRY_PENALTY)),
        patterns,
        sum(each.retry_count for each in patterns),
        [each.tool_name for each in patterns if each.retry_count > max_retries_per_tool],
    )


def _retries(run: list[MastraStep]) -> int:
    return sum(before.has_failed for before, _ in pairwise(run))


def _pattern(run: list[MastraStep], follower: MastraStep | None) -> FailurePattern:
    failed = run[-1].has_failed
    alternative = follower.name if follower is not None and failed else None
    return FailurePattern(
        run[0].name, _retries(run), alternative is not None, not failed, alternative
    )
