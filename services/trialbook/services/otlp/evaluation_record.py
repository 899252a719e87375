"""Scores as OpenTelemetry's `gen_ai.evaluation.result`, which trace viewers show beside spans.

The event is a log record of the GenAI semantic conventions:
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/. Its trace and span are those of
the attempt that was judged. Attributes:

| attribute | what stands there |
|---|---|
| gen_ai.evaluation.name | the scorer's alias in its run |
| gen_ai.evaluation.score.value | the value; only of what was scored |
| gen_ai.evaluation.score.label | the scorer's label, else pass or fail; or not_evaluable, skipped |
| gen_ai.evaluation.explanation | the reason, if there is one |
| error.type | of a scorer that failed: how |
| trialbook.run, trialbook.item_id, trialbook.trial, trialbook.result | whose score it is |
| trialbook.scorer, trialbook.scorer.version | who gave it |
| trialbook.score.status | scored, failed, not_evaluable, skipped |
| trialbook.score.cause | why there is no value, in a word |
| trialbook.score.position | its place in the log: a repeated record has the same |

Neither input, output, expected value nor evidence is sent; the reason is, and may quote them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_INFO, LogRecord, LogsData

from trialbook.services.application.evaluation_reads import RecordedScore
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.naming import run_name

EVENT_NAME = "gen_ai.evaluation.result"
SCOPE = "trialbook.evaluation"
_SERVICE = "trialbook"
_OTHER = "_OTHER"
"""What the conventions say of an error without a name."""

_Value = str | int | float | bool


def evaluation_records(scores: Sequence[RecordedScore]) -> bytes:
    """Return the request that tells a collector of scores, in their order."""
    data = LogsData()
    resource = data.resource_logs.add()
    resource.resource.attributes.append(_attribute("service.name", _SERVICE))
    scope = resource.scope_logs.add()
    scope.scope.name = SCOPE
    scope.log_records.extend(map(_record, scores))
    return bytes(data.SerializeToString())


def _record(score: RecordedScore) -> LogRecord:
    nanoseconds = score.recorded_at * 1000
    return LogRecord(
        time_unix_nano=nanoseconds,
        observed_time_unix_nano=nanoseconds,
        severity_number=SEVERITY_NUMBER_INFO,
        event_name=EVENT_NAME,
        trace_id=bytes.fromhex(score.trace_id),
        span_id=bytes.fromhex(score.span_id) if score.trace_id else b"",
        attributes=[_attribute(name, value) for name, value in _attributes(score)],
    )


def _attributes(score: RecordedScore) -> Iterator[tuple[str, _Value]]:
    fact, spec = score.fact, score.spec
    yield "gen_ai.evaluation.name", spec.alias or spec.scorer
    yield from _verdict(score)
    if fact.reason:
        yield "gen_ai.evaluation.explanation", fact.reason
    yield "trialbook.run", run_name(score.run.project, score.run.run_id)
    if fact.number:
        yield "trialbook.item_id", fact.item_id
        yield "trialbook.trial", fact.trial
        yield "trialbook.result", fact.number
    yield "trialbook.scorer", spec.scorer
    yield "trialbook.scorer.version", spec.version
    yield "trialbook.score.status", fact.status.value
    yield "trialbook.score.position", score.position


def _verdict(score: RecordedScore) -> Iterator[tuple[str, _Value]]:
    """Yield what a score comes to. One that is none has no value: 0 would be one."""
    fact, label = score.fact, score.fact.label
    match fact.status:
        case ScoreStatus.SCORED:
            if fact.value is not None:
                yield "gen_ai.evaluation.score.value", float(fact.value)
            if not label and fact.passed is not None:
                label = "pass" if fact.passed else "fail"
            if label:
                yield "gen_ai.evaluation.score.label", label
        case ScoreStatus.FAILED:
            yield "error.type", label or _OTHER
        case _:
            yield "gen_ai.evaluation.score.label", fact.status.value
            if label:
                yield "trialbook.score.cause", label


def _attribute(name: str, value: _Value) -> KeyValue:
    return KeyValue(key=name, value=_told(value))


def _told(value: _Value) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)
