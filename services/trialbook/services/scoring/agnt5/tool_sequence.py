"""tool_sequence, tool_sequence_in_order, _exact and _any_order, and tool_trajectory."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from trialbook.services.scoring.agnt5.observation import Observation
from trialbook.services.scoring.agnt5.trace_metric import Finding, binary, metric, spans_of
from trialbook.services.scoring.parameters import InvalidParameters, Violation
from trialbook.services.scoring.trajectory_gaps import require_tools

_LABELS = ("matched", "not_matched")


class Mode(enum.StrEnum):
    """How the tools that were called must agree with those that are expected."""

    EXACT = "exact"
    IN_ORDER = "in_order"
    ANY_ORDER = "any_order"


@dataclass(frozen=True, slots=True)
class ToolSequence:
    """Compares the names of the tools that were called with the expected ones."""

    expected: tuple[str, ...]
    mode: Mode

    def __call__(self, observation: Observation) -> Finding:
        """Tell whether they agree."""
        actual = observation.context.tools
        matched = sequence_matches(actual, self.expected, self.mode)
        if self._further_calls_could_turn(matched, actual):
            observation.require(require_tools)
        verb = "match" if matched else "do not match"
        return binary(
            matched,
            _LABELS,
            f"The tools called {verb} the {len(self.expected)} expected ({self.mode.value}).",
            mode=self.mode.value,
            expected_tools=list(self.expected),
            actual_tools=actual,
            actual_spans=spans_of(
                observation, (call.index for call in observation.context.tool_calls)
            ),
        )

    def _further_calls_could_turn(self, matched: bool, actual: Sequence[str]) -> bool:
        if self.mode is Mode.EXACT:
            return matched or is_subsequence(actual, self.expected)
        return not matched


def sequence_matches(actual: Sequence[str], expected: Sequence[str], mode: Mode) -> bool:
    """Tell whether the tools agree.

    Exact: the lists are equal. In order: the expected ones are a subsequence. Any order: each is
    called at least as often as it is expected.
    """
    match mode:
        case Mode.EXACT:
            return list(actual) == list(expected)
        case Mode.IN_ORDER:
            return is_subsequence(expected, actual)
        case Mode.ANY_ORDER:
            return Counter(expected) <= Counter(actual)


def is_subsequence(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Tell whether `part` is left of `whole` when some of its elements are taken out."""
    rest = iter(whole)
    return all(element in rest for element in part)


def _tools(parameters: Mapping[str, object]) -> tuple[str, ...]:
    tools = tuple(tool.strip() for tool in cast("list[str]", parameters["tools"]))
    violations = tuple(
        Violation(f"tools[{index}]", f"`tools[{index}]` must not be blank.")
        for index, tool in enumerate(tools)
        if not tool
    )
    if violations:
        raise InvalidParameters(violations)
    return tools


def _in_mode(mode: Mode) -> Callable[[Mapping[str, object]], ToolSequence]:
    return lambda parameters: ToolSequence(_tools(parameters), mode)


def _in_chosen_mode(parameters: Mapping[str, object]) -> ToolSequence:
    mode = parameters.get("mode", parameters.get("pattern", Mode.EXACT))
    return ToolSequence(_tools(parameters), Mode(cast("str", mode)))


_TOOLS: dict[str, object] = {
    "tools": {
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 1000},
        "minItems": 1,
        "maxItems": 1000,
        "description": "The names of the expected tools.",
    }
}
_MODE: dict[str, object] = {"type": "string", "enum": [mode.value for mode in Mode]}

TOOL_SEQUENCE = metric(
    "tool_sequence",
    "The expected tools are called in this order; others may be called between them.",
    _TOOLS,
    _in_mode(Mode.IN_ORDER),
    required=("tools",),
)
TOOL_SEQUENCE_IN_ORDER = metric(
    "tool_sequence_in_order",
    "The same as tool_sequence.",
    _TOOLS,
    _in_mode(Mode.IN_ORDER),
    required=("tools",),
)
TOOL_SEQUENCE_EXACT = metric(
    "tool_sequence_exact",
    "The expected tools and no others are called, in this order.",
    _TOOLS,
    _in_mode(Mode.EXACT),
    required=("tools",),
)
TOOL_SEQUENCE_ANY_ORDER = metric(
    "tool_sequence_any_order",
    "Each expected tool is called at least as often as it is named, in any order.",
    _TOOLS,
    _in_mode(Mode.ANY_ORDER),
    required=("tools",),
)
TOOL_TRAJECTORY = metric(
    "tool_trajectory",
    "The tools that are called agree with the expected ones, in a mode of choice.",
    {
        **_TOOLS,
        "mode": {
            **_MODE,
            "default": Mode.EXACT.value,
            "description": "Whether exactly these are called, these in order, or these at all.",
        },
        "pattern": {**_MODE, "description": "The same; it counts where `mode` is not given."},
    },
    _in_chosen_mode,
    required=("tools",),
)
