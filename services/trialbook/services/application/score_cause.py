"""What the facts that led to a score mean, each in one sentence."""

from __future__ import annotations

import msgspec

from trialbook.services.application.result_trace import ResultTrace
from trialbook.services.application.score_reads import RecordedFact, RunScoreView
from trialbook.services.application.trace_settlement import reads_traces
from trialbook.services.application.views import ItemView, RunView
from trialbook.services.domain.dataset import ItemFact, ItemsAdded, ItemsChanged, ItemsRestored
from trialbook.services.domain.experiment import (
    ExperimentChanged,
    ExperimentCreated,
    ScorerScope,
    ScorerSpec,
    Target,
)
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import (
    EndReason,
    ResultFact,
    ResultStatus,
    RunBegan,
    RunCancelRequested,
    RunRescored,
    RunRetried,
    RunStarted,
    ScoreFact,
)
from trialbook.services.trajectory.normalise import NORMALIZER_VERSION

_LONGEST_QUOTE = 200
_STOPS = {
    EndReason.DEADLINE_EXCEEDED: "The run was stopped: it took longer than it may",
    EndReason.TOO_MANY_FAILURES: "The run was stopped: it had too many failed results",
}


class Subject(msgspec.Struct, frozen=True):
    """The score that is explained, and what is around it; `trace` is as it was judged last."""

    run: RunView
    score: RunScoreView
    scorer: ScorerSpec
    item: ItemView | None
    trace: ResultTrace | None = None
    stale: bool = False


def sentence(fact: RecordedFact, subject: Subject) -> str:
    """Return what a fact means for a score."""
    match fact.fact:
        case ItemFact():
            return _item(fact, subject)
        case ResultFact() as result:
            return _result(result, subject)
        case ScoreFact():
            return _score(subject)
    match fact.event:
        case ExperimentCreated() | ExperimentChanged() as event:
            return _experiment(event, subject)
        case RunStarted() as event:
            return _started(event)
        case RunBegan() as event:
            return f"The first worker came, and the run was pinned to {_named(event.target)}."
        case RunRetried() as event:
            return f"Results that had failed were run again, in round {event.round}."
        case RunRescored():
            return "Recorded outputs were given to more scorers, this one among them."
        case RunCancelRequested() as event:
            return f"{_STOPS.get(event.end_reason, 'The run was cancelled')}."
    raise TypeError(f"{fact.kind} does not lead to scores")


def _item(fact: RecordedFact, subject: Subject) -> str:
    dataset, item = f"dataset {subject.run.dataset_id!r}", subject.item
    match fact.event:
        case ItemsChanged(version=version):
            did = f"Item {subject.score.item_id!r} was changed in version {version} of {dataset}"
        case ItemsRestored(version=version):
            did = f"Item {subject.score.item_id!r} was restored in version {version} of {dataset}"
        case ItemsAdded(version=version):
            did = f"Item {subject.score.item_id!r} was added in version {version} of {dataset}"
        case _:
            raise TypeError(f"{fact.kind} gives no item its content")
    if item is None or item.version != version:
        return f"{did}."
    purged = ", and purged since" if item.purged_at is not None else ""
    return f"{did}, with the content that was run{purged}."


def _experiment(event: ExperimentCreated | ExperimentChanged, subject: Subject) -> str:
    version, made = subject.run.experiment_version, "created"
    if isinstance(event, ExperimentChanged):
        version, made = event.version, "changed"
    return (
        f"Experiment {subject.run.experiment_id!r} was {made}, which made version {version}: "
        f"{_named(event.definition.target)}."
    )


def _started(event: RunStarted) -> str:
    return (
        f"Run {event.run_id!r} was started, of version {event.experiment_version} of experiment "
        f"{event.experiment_id!r} on version {event.dataset_version} of dataset "
        f"{event.dataset_id!r}, with {_named(event.target)}; seed {event.settings.seed}, "
        f"{event.planned:,} results planned."
    )


def _named(target: Target) -> str:
    revision = f"at revision {target.revision!r}" if target.revision else "at any revision"
    return f"{target.kind} {target.name!r} {revision}"


def _result(fact: ResultFact, subject: Subject) -> str:
    run = subject.run
    if fact.status is ResultStatus.SKIPPED:
        reason = fact.skip_reason or "run_cancelled"
        return f"Trial {fact.trial} was not run ({reason})."
    who = f"{'Caller' if run.pins.caller_driven else 'Worker'} {fact.worker_id!r}"
    begin = f"{who} ran {_named(run.target)} for trial {fact.trial}: "
    end = "" if fact.latency is None else f", after {fact.latency / 1_000_000:.3f} s"
    if fact.trace_id:
        end += f", under trace {fact.trace_id}"
    if fact.error is None:
        return f"{begin}it answered at attempt {fact.attempts}{end}."
    return (
        f"{begin}attempt {fact.attempts} failed with {fact.error.code}{end}: "
        f"{_quoted(fact.error.message)}"
    )


def _score(subject: Subject) -> str:
    spec, score = subject.scorer, subject.score.score
    name = spec.scorer if spec.alias == spec.scorer else f"{spec.scorer}, as {spec.alias},"
    who = f"Scorer {name} version {spec.version}"
    if spec.params:
        who += f" with {_quoted(spec.params)}"
    match score.status:
        case ScoreStatus.SCORED:
            verdict = {None: "", True: ", which passes", False: ", which does not pass"}
            label = f" ({score.label})" if score.label else ""
            value = "nothing" if score.value is None else f"{score.value:g}"
            told = f"gave {_part(spec)} {value}{verdict[score.passed]}{label}"
        case ScoreStatus.FAILED:
            told = f"broke on {_part(spec)}"
        case ScoreStatus.NOT_EVALUABLE:
            told = f"could not judge {_part(spec)}"
        case _:
            told = f"had nothing to judge in {_part(spec)}"
    return f"{who} {told}{': ' + _quoted(score.reason) if score.reason else '.'}{_trace(subject)}"


def _trace(subject: Subject) -> str:
    """Say what of a trace a score rests on, if it rests on one."""
    trace = subject.trace
    if trace is None or trace.settled_at is None or not reads_traces(subject.scorer):
        return ""
    of = "" if trace.expected is None else f" of {trace.expected:,}"
    told = (
        f" The trace was {trace.status}: {trace.received:,}{of} spans had come, "
        f"read by version {NORMALIZER_VERSION} of the normaliser."
    )
    return f"{told} More has come since." if subject.stale else told


def _part(spec: ScorerSpec) -> str:
    part = f" at {spec.output_pointer}" if spec.output_pointer else ""
    match spec.scope:
        case ScorerScope.RUN:
            return "the run as a whole"
        case ScorerScope.STEP:
            return f"the output of step {spec.step_id!r}{part}"
        case ScorerScope.TRAJECTORY:
            return "what the target did"
        case _:
            return f"the output{part}"


def _quoted(text: str) -> str:
    """Return a text as part of a sentence, on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"
