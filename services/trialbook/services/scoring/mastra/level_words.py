"""What Mastra says of one level's score."""

from __future__ import annotations

from collections.abc import Iterable

from trialbook.services.scoring.mastra.blacklist import Blacklist
from trialbook.services.scoring.mastra.comparison import Comparison
from trialbook.services.scoring.mastra.efficiency import Efficiency
from trialbook.services.scoring.mastra.javascript import shown
from trialbook.services.scoring.mastra.level import Level
from trialbook.services.scoring.mastra.tool_failures import ToolFailures

_MAXIMUM_NAMES = 10


def level_words(level: Level) -> str:
    """Return sentences about the dimensions that counted."""
    said = [f"Score: {shown(level.score)}."]
    if level.blacklist is not None and level.blacklist.is_violated:
        return " ".join((*said, _blacklist_words(level.blacklist)))
    if level.is_violated:
        violated = _names(each.step_name for each in level.nested if each.is_violated)
        return " ".join((*said, f"Nested blacklist violation in: {violated}."))
    if level.accuracy is not None:
        said.append(accuracy_words(level.accuracy))
    if level.efficiency is not None:
        said.append(_efficiency_words(level.efficiency))
    if level.tool_failures is not None and level.tool_failures.patterns:
        said.append(_failure_words(level.tool_failures))
    if level.nested:
        scores = _names(f"{each.step_name}: {shown(each.score)}" for each in level.nested)
        said.append(f"Nested scores: {scores}.")
    return " ".join(said)


def _blacklist_words(blacklist: Blacklist) -> str:
    sequences = (" \u2192 ".join(names) for names in blacklist.violated_sequences)
    parts = {
        "forbidden tools used": _names(blacklist.violated_tools),
        "forbidden sequences": _names(sequences, "; "),
    }
    return f"Blacklist violation: {_listed(parts)}."


def accuracy_words(accuracy: Comparison) -> str:
    """Return a sentence about how the expected steps were matched."""
    counts = f"{accuracy.matched_steps}/{accuracy.total_expected_steps} expected steps matched"
    parts = {
        "missing": _names(accuracy.missing_steps),
        "extra": _names(accuracy.extra_steps),
        "out of order": _names(accuracy.out_of_order_steps),
    }
    details = _listed(parts)
    return f"Accuracy ({shown(accuracy.score)}): {counts}{f'. {details}' if details else ''}."


def _efficiency_words(efficiency: Efficiency) -> str:
    details = [
        sentence
        for over, sentence in (
            (efficiency.over_step_budget, f"over step budget ({efficiency.total_steps} steps)"),
            (
                efficiency.over_token_budget,
                f"over token budget ({shown(efficiency.total_tokens)} tokens)",
            ),
            (
                efficiency.over_duration_budget,
                f"over duration budget ({shown(efficiency.total_duration_ms)}ms)",
            ),
        )
        if over
    ]
    if efficiency.redundant_calls:
        names = _names(call.name for call in efficiency.redundant_calls)
        details.append(f"redundant calls: {names}")
    words = ". ".join(details) or "all budgets met, no redundant calls"
    return f"Efficiency ({shown(efficiency.score)}): {words}."


def _failure_words(failures: ToolFailures) -> str:
    excessive = _names(failures.excessive_retry_tools)
    words = f"{failures.total_retries} total retries"
    if excessive:
        words += f". excessive retries: {excessive}"
    return f"Tool failures ({shown(failures.score)}): {words}."


def _listed(parts: dict[str, str]) -> str:
    return ". ".join(f"{name}: {names}" for name, names in parts.items() if names)


def _names(names: Iterable[str], separator: str = ", ") -> str:
    known = list(names)
    more = len(known) - _MAXIMUM_NAMES
    listed = separator.join(name[:100] for name in known[:_MAXIMUM_NAMES])
    return f"{listed} and {more} more" if more > 0 else listed
