"""What the steps of a workflow came to, as its trajectory tells."""

from __future__ import annotations

import msgspec

from trialbook.services.application.found_trajectory import Found
from trialbook.services.domain.run import NO_OUTPUT, StepOutcome
from trialbook.services.engine.place import Place, Steps, read_steps
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

_FAILED = "it failed"


def traced_part(place: Place, sample: Sample, found: Found) -> Sample:
    """Return the part of a result that a scorer of a step judges.

    What was reported of the step goes before what the trajectory tells. Raises NotEvaluable.
    """
    trajectory, reported = found.trajectory(), found.subject.steps
    if trajectory is None and reported is None:
        raise NotEvaluable("no_trajectory", found.why_missing)
    steps = {**steps_of(trajectory), **read_steps(reported)}
    step_id = place.spec.step_id
    step = steps.get(step_id)
    if step is None and trajectory is not None and not trajectory.evidence.complete:
        raise NotEvaluable(
            "trace_incomplete", f"The trace tells of no step {step_id!r}, but it is not complete."
        )
    if step is not None and step.output is NO_OUTPUT and not step.error:
        raise NotEvaluable("no_step_output", f"What the step {step_id!r} came to was not traced.")
    return place.parts_of(sample, steps)


def steps_of(trajectory: Trajectory | None) -> Steps:
    """Return the steps of workflows by id, or by name where they have none.

    Of one that ran several times the last counts.
    """
    walked = () if trajectory is None else trajectory.walk()
    return {
        str(step.attributes.get("step_id") or step.name): _outcome(step)
        for step in walked
        if step.step_type is StepType.WORKFLOW_STEP
    }


def _outcome(step: Step) -> StepOutcome:
    error = (step.error or _FAILED) if step.success is False else ""
    output = NO_OUTPUT
    if step.output is not msgspec.UNSET:
        output = msgspec.Raw(msgspec.json.encode(step.output))
    return StepOutcome(step.name, output, error, step.duration)
