"""The parts of a result that a scorer judges: a step, and what its pointers name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from trialbook.services.application.json_pointer import Pointer, parse_pointer, pointed
from trialbook.services.domain.experiment import ScorerScope, ScorerSpec
from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.domain.run import StepOutcome, TraceReport
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable

_steps = msgspec.json.Decoder(tuple[StepOutcome, ...])

Steps = Mapping[str, StepOutcome]
"""What the steps of a result came to, by id."""

NOT_APPLICABLE = Judgement(
    ScoreStatus.SKIPPED,
    None,
    None,
    "not_applicable",
    "The item does not ask for this scorer.",
    None,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A scorer that does not simply judge the whole output of every item."""

    spec: ScorerSpec
    output_pointer: Pointer
    expected_pointer: Pointer

    @classmethod
    def of(cls, spec: ScorerSpec) -> Place:
        """Return the place of a checked scorer."""
        return cls(
            spec,
            parse_pointer(spec.output_pointer) or (),
            parse_pointer(spec.expected_pointer) or (),
        )

    @property
    def is_plain(self) -> bool:
        """Whether it judges the whole output of every item after all."""
        spec = self.spec
        return not (
            self.output_pointer
            or self.expected_pointer
            or spec.per_item
            or spec.scope is not ScorerScope.ITEM
        )

    def awaits_trace(self, steps: Steps) -> bool:
        """Say whether only a trace can tell what it judges, where these steps were reported."""
        if self.spec.scope is ScorerScope.STEP:
            return self.spec.step_id not in steps
        return self.spec.scope is ScorerScope.TRAJECTORY

    def parts_of(self, sample: Sample, steps: Steps) -> Sample:
        """Return the parts of a result that it judges. Raises NotEvaluable if one is not there."""
        output = sample.output
        if self.spec.scope is ScorerScope.STEP:
            output = _output_of(self.spec.step_id, steps)
        output = _cut(output, self.output_pointer, "output", self.spec.output_pointer)
        return Sample(output, self._expected_of(sample), sample.input)

    def beside_trajectory(self, sample: Sample) -> Sample:
        """Return what it is given of a result beside the trajectory. Raises NotEvaluable."""
        return Sample(sample.output, self._expected_of(sample), sample.input)

    def _expected_of(self, sample: Sample) -> str | None:
        expected = sample.expected
        if not self.expected_pointer:
            return expected
        if expected is None:
            raise NotEvaluable("no_expected", "The item has no expected value.")
        return _cut(expected, self.expected_pointer, "expected value", self.spec.expected_pointer)


def read_steps(text: str | None) -> Steps:
    """Return the steps that a JSON array of StepOutcome tells; none for None."""
    return {step.step_id: step for step in _steps.decode(text)} if text else {}


def steps_may_follow(steps: str | None, report: TraceReport | None, *, trajectory: bool) -> bool:
    """Say whether a trace, or a reported trajectory, may tell of steps that were not reported."""
    if report is not None and report.span_count == 0:
        return trajectory
    # Where nobody speaks of a trace, the steps that were reported are all there were.
    return trajectory or report is not None or steps is None


def _output_of(step_id: str, steps: Steps) -> str:
    step = steps.get(step_id)
    if step is None:
        raise NotEvaluable("step_not_run", f"The step {step_id!r} did not run.")
    output = bytes(step.output).decode()
    if step.error or not output:
        raise NotEvaluable("step_failed", f"The step {step_id!r} failed.")
    return output


def _cut(text: str, pointer: Pointer, subject: str, written: str) -> str:
    part = pointed(text, pointer)
    if part is None:
        raise NotEvaluable("no_such_part", f"The {subject} has no part {written[:200]!r}.")
    return part
