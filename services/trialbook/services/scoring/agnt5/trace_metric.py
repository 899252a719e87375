"""What AGNT5's scorers of traces have in common: threshold, verdict and evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.agnt5.observation import Observation, observe
from trialbook.services.scoring.bounded_evidence import bounded_evidence
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    ScorerDescription,
    unit_interval,
)
from trialbook.services.scoring.judgement import Judgement, ScoreStatus
from trialbook.services.scoring.parameters import invalid
from trialbook.services.scoring.trajectory_sample import TrajectorySample

BINARY_THRESHOLD = 1.0
"""What scorers of 0 or 1 must reach by default."""

GRADED_THRESHOLD = 0.8
"""What the others must reach by default."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a metric found.

    `label` also stands for a pass unless `pass_label` is given. `hopeless` fails whatever the
    threshold. `details` go into the evidence under the names that AGNT5 gives them.
    """

    value: float
    label: str
    reason: str
    details: Mapping[str, object]
    pass_label: str | None = None
    hopeless: bool = False


def binary(matched: bool, labels: tuple[str, str], reason: str, **details: object) -> Finding:
    """Return what is found true or not; `labels` are those for true and for false."""
    return Finding(float(matched), labels[0] if matched else labels[1], reason, details)


@dataclass(frozen=True, slots=True)
class TraceMetric:
    """A configured scorer: finds something out about a trace, and holds it to the threshold."""

    name: str
    threshold: float
    find: Callable[[Observation], Finding]

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Judge the trace of one sample."""
        observation = observe(sample)
        finding = self.find(observation)
        evidence = {**self._evidence(observation), **finding.details}
        return judged(finding, self.threshold, evidence)

    def _evidence(self, observation: Observation) -> dict[str, object]:
        context, trajectory = observation.context, observation.trajectory
        evidence: dict[str, object] = {
            "builtin": self.name,
            "trace_eval_context_schema": context.schema_version,
            "threshold": self.threshold,
        }
        if trajectory is not None:
            return {**evidence, "trace_ids": list(trajectory.trace_ids)}
        return {
            **evidence,
            "session_id": context.session_id,
            "root_run_id": context.root_run_id,
            "evidence_refs": context.evidence_refs,
        }


def judged(finding: Finding, threshold: float, evidence: Mapping[str, object]) -> Judgement:
    """Return the judgement that holds a finding to a threshold."""
    passed = finding.value >= threshold and not finding.hopeless
    label = finding.pass_label if passed and finding.pass_label else finding.label
    return Judgement(
        ScoreStatus.SCORED,
        finding.value,
        passed,
        label,
        finding.reason,
        bounded_evidence(evidence),
    )


def metric(
    name: str,
    summary: str,
    properties: dict[str, object],
    configure: Callable[[Mapping[str, object]], Callable[[Observation], Finding]],
    *,
    required: tuple[str, ...] = (),
    threshold: float = BINARY_THRESHOLD,
) -> BuiltInTrajectoryScorer:
    """Return the scorer for a metric; `configure` makes its function from the parameters."""

    def make(parameters: Mapping[str, object]) -> TraceMetric:
        return TraceMetric(name, threshold_of(parameters, threshold), configure(parameters))

    description = described(name, summary, properties, required=required, threshold=threshold)
    return BuiltInTrajectoryScorer(description, make)


def described(
    name: str,
    summary: str,
    properties: dict[str, object],
    *,
    required: tuple[str, ...] = (),
    threshold: float = BINARY_THRESHOLD,
) -> ScorerDescription:
    """Describe a scorer that takes a threshold under both of AGNT5's names."""
    limits: dict[str, object] = {"type": "number", "minimum": 0, "maximum": 1}
    thresholds: dict[str, object] = {
        "score_threshold": {
            **limits,
            "default": threshold,
            "description": "The least score that passes.",
        },
        "threshold": {
            **limits,
            "description": "The same; it counts where `score_threshold` is not given.",
        },
    }
    return unit_interval(
        name,
        summary,
        {**properties, **thresholds},
        required=required,
        scope=ScorerScope.TRAJECTORY,
    )


def threshold_of(parameters: Mapping[str, object], default: float) -> float:
    """Return the threshold: `score_threshold`, else `threshold`, else the default."""
    for name in ("score_threshold", "threshold"):
        if name in parameters:
            return float(cast("float", parameters[name]))
    return default


def text_of(parameters: Mapping[str, object], name: str) -> str | None:
    """Return a text without the white space around it, None if it is not given.

    Raise `InvalidParameters` if nothing else is in it.
    """
    if name not in parameters:
        return None
    text = cast("str", parameters[name]).strip()
    if not text:
        raise invalid(name, f"`{name}` must not be blank.")
    return text


def whole_number_of(parameters: Mapping[str, object], name: str) -> int:
    """Return an integer. Raise `InvalidParameters` if it is written with a fraction, as in 1.0."""
    number = parameters[name]
    if not isinstance(number, int):
        raise invalid(name, f"`{name}` must be written as a whole number, without a point.")
    return number


def spans_of(observation: Observation, indexes: Iterable[int]) -> list[str]:
    """Return the spans behind execution steps as `trace/span`; AGNT5's own contexts name none."""
    steps = observation.steps
    refs = [steps[index - 1].spans[:1] for index in indexes if 0 < index <= len(steps)]
    return [f"{ref.trace_id}/{ref.span_id}" for (ref,) in filter(None, refs)]
