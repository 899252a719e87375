"""trace_assertions: how many assertions about a trace's events hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.agnt5.built_events import build_events
from trialbook.services.scoring.agnt5.reported import reported_events
from trialbook.services.scoring.agnt5.trace_assertion import (
    Checked,
    Custom,
    DurationUnder,
    EventCount,
    EventSequence,
    MaxLmCalls,
    MaxTokens,
    NoErrors,
    StepMemoized,
    TraceAssertion,
)
from trialbook.services.scoring.agnt5.trace_event import TraceEvent, read_events
from trialbook.services.scoring.bounded_evidence import bounded_evidence
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.judgement import Judgement, ScoreStatus
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.parameters import InvalidParameters, Violation, or_list
from trialbook.services.scoring.trajectory_sample import TrajectorySample

# The fields of each kind, those that are required first.
_KINDS: dict[str, tuple[Callable[..., TraceAssertion], tuple[str, ...], tuple[str, ...]]] = {
    "max_tokens": (MaxTokens, ("max",), ()),
    "max_lm_calls": (MaxLmCalls, ("max",), ()),
    "event_sequence": (EventSequence, ("events",), ()),
    "step_memoized": (StepMemoized, ("step_name",), ()),
    "no_errors": (NoErrors, (), ()),
    "duration_under": (DurationUnder, ("max_ms",), ()),
    "event_count": (EventCount, ("event_type",), ("min",)),
    "custom": (Custom, ("name",), ("description",)),
}
_NUMBERS = ("max", "max_ms", "min")


@dataclass(frozen=True, slots=True)
class TraceAssertions:
    """Checks assertions against the events that were reported, or else a trajectory's."""

    assertions: tuple[TraceAssertion, ...]

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score the share of assertions that hold; 1 if there are none."""
        reported = reported_events(sample)
        # A trajectory says more than a report of no events.
        if reported or (reported is not None and sample.found is None):
            return _judged(self._checked(read_events(reported)))
        if sample.found is None:
            raise NotEvaluable("error", sample.why_missing or "There are no events to look at.")
        checked = self._checked(build_events(sample.found))
        for each in checked:
            if each.gap is not None:
                each.gap(sample.found)
        return _judged(checked)

    def _checked(self, events: Sequence[TraceEvent]) -> list[Checked]:
        return [assertion.check(events) for assertion in self.assertions]


def _judged(checked: Sequence[Checked]) -> Judgement:
    failed = [f"{each.name}: {each.explanation}" for each in checked if not each.passed]
    evidence = [
        {"name": each.name, "passed": each.passed, "explanation": each.explanation}
        for each in checked
    ]
    return Judgement(
        ScoreStatus.SCORED,
        (len(checked) - len(failed)) / len(checked) if checked else 1.0,
        not failed,
        "fail" if failed else "pass",
        f"{len(failed)} of {len(checked)} failed. {failed[0]}" if failed else "All hold.",
        bounded_evidence({"assertions": evidence}),
    )


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` with every field that an assertion lacks."""
    given = cast("list[dict[str, object]]", parameters["assertions"])
    violations = tuple(
        violation for index, each in enumerate(given) for violation in _violations(index, each)
    )
    if violations:
        raise InvalidParameters(violations)
    return TraceAssertions(tuple(_assertion(each) for each in given))


def _violations(index: int, given: Mapping[str, object]) -> Iterator[Violation]:
    path, kind = f"assertions[{index}]", cast("str", given["type"])
    _, required, optional = _KINDS[kind]
    for name in required:
        if name not in given:
            yield Violation(f"{path}.{name}", f"`{path}.{name}` is required for `{kind}`.")
    for name, value in given.items():
        if name not in ("type", *required, *optional):
            known = or_list((*required, *optional)) if required or optional else "no fields"
            message = f"`{path}.{name}` is not a field of `{kind}`, which has {known}."
            yield Violation(f"{path}.{name}", message)
        elif name in _NUMBERS and not isinstance(value, int):
            message = f"`{path}.{name}` must be written as a whole number, without a point."
            yield Violation(f"{path}.{name}", message)


def _assertion(given: Mapping[str, object]) -> TraceAssertion:
    make = _KINDS[cast("str", given["type"])][0]
    fields = {name: value for name, value in given.items() if name != "type"}
    if "events" in fields:
        fields["events"] = tuple(cast("list[str]", fields["events"]))
    return make(**fields)


_NUMBER: dict[str, object] = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_TEXT: dict[str, object] = {"type": "string", "minLength": 1, "maxLength": 1000}

TRACE_ASSERTIONS = BuiltInTrajectoryScorer(
    unit_interval(
        "trace_assertions",
        "The share of assertions about a trace's events that hold; all must, to pass. Former "
        "names of events (lm.call.completed) count as the present ones (lm.completed).",
        {
            "assertions": {
                "type": "array",
                "maxItems": 64,
                "items": {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string", "enum": list(_KINDS)},
                        "max": _NUMBER,
                        "max_ms": _NUMBER,
                        "min": {**_NUMBER, "default": 1},
                        "events": {"type": "array", "items": _TEXT, "maxItems": 1000},
                        "event_type": _TEXT,
                        "step_name": _TEXT,
                        "name": _TEXT,
                        "description": {"type": "string", "maxLength": 1000},
                    },
                    "required": ["type"],
                    "additionalProperties": False,
                },
                "description": "max_tokens and max_lm_calls (max), event_sequence (events), "
                "step_memoized (step_name), no_errors, duration_under (max_ms), event_count "
                "(event_type, min) and custom (name, description), which always fails.",
            }
        },
        required=("assertions",),
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
