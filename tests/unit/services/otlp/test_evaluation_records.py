from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData

from tests.collector import attributes
from tests.unit.services.engine.run_view import run_view
from trialbook.services.application.evaluation_reads import RecordedScore
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import ScoreFact
from trialbook.services.otlp.cutting import cut
from trialbook.services.otlp.evaluation_record import evaluation_records
from trialbook.services.otlp.signal import LOGS
from trialbook.services.settings import InvalidSettings, Settings

pytestmark = pytest.mark.unit

SPEC = ScorerSpec("exact_match", "same", "", 2, built_in=True)
SCORED = ScoreFact(
    number=4, item_id="i4", trial=1, scorer=0, status=ScoreStatus.SCORED, value=1.0, reason="Equal."
)


def record(fact: ScoreFact = SCORED, **more: Any) -> LogRecord:
    score = RecordedScore(
        2048, run_view(), SPEC, fact, 1_700_000_000_000_001, trace_id="ab" * 16, span_id="cd" * 8
    )
    data = LogsData.FromString(evaluation_records([msgspec.structs.replace(score, **more)]))
    (resource,) = data.resource_logs
    return resource.scope_logs[0].log_records[0]


def test_a_score_stands_at_the_span_that_was_judged() -> None:
    told = record()

    assert told.event_name == "gen_ai.evaluation.result"
    assert (told.trace_id.hex(), told.span_id.hex()) == ("ab" * 16, "cd" * 8)
    assert told.time_unix_nano == 1_700_000_000_000_001_000
    view = run_view()
    assert attributes(told) == {
        "gen_ai.evaluation.name": "same",
        "gen_ai.evaluation.score.value": 1.0,
        "gen_ai.evaluation.explanation": "Equal.",
        "trialbook.run": f"projects/{view.project}/runs/{view.run_id}",
        "trialbook.item_id": "i4",
        "trialbook.trial": 1,
        "trialbook.result": 4,
        "trialbook.scorer": "exact_match",
        "trialbook.scorer.version": 2,
        "trialbook.score.status": "scored",
        "trialbook.score.position": 2048,
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"passed": True}, {"score.value": 1.0, "score.label": "pass"}),
        ({"passed": False, "value": 0.0}, {"score.value": 0.0, "score.label": "fail"}),
        ({"passed": True, "label": "polite"}, {"score.value": 1.0, "score.label": "polite"}),
        ({"status": ScoreStatus.FAILED, "value": None, "label": "timeout"}, {}),
        (
            {"status": ScoreStatus.NOT_EVALUABLE, "value": None, "label": "no_trajectory"},
            {"score.label": "not_evaluable"},
        ),
        (
            {"status": ScoreStatus.SKIPPED, "value": None, "label": "item_failed"},
            {"score.label": "skipped"},
        ),
    ],
)
def test_only_what_was_scored_has_a_value(given: dict[str, Any], expected: dict[str, Any]) -> None:
    told = attributes(record(msgspec.structs.replace(SCORED, **given)))

    prefix = "gen_ai.evaluation."
    found = {
        key.removeprefix(prefix): value
        for key, value in told.items()
        if key.startswith(f"{prefix}score")
    }
    assert found == expected
    failed = given.get("status") is ScoreStatus.FAILED
    assert told.get("error.type") == ("timeout" if failed else None)


def test_what_is_not_known_of_a_trace_is_left_out() -> None:
    told = record(trace_id="", span_id="cd" * 8)

    assert not told.trace_id
    assert not told.span_id


def test_a_score_of_the_whole_run_names_no_item() -> None:
    told = attributes(record(msgspec.structs.replace(SCORED, number=0, item_id="", trial=0)))

    assert not {"trialbook.item_id", "trialbook.trial", "trialbook.result"} & told.keys()


def test_what_comes_back_is_no_news_of_the_trace() -> None:
    score = RecordedScore(2048, run_view(), SPEC, SCORED, 1, trace_id="ab" * 16, span_id="")
    sent = LogsData.FromString(evaluation_records([score]))

    assert not cut(LOGS, sent).arrivals
    sent.resource_logs[0].scope_logs[0].scope.name = "somebody else's"
    assert cut(LOGS, sent).arrivals


@pytest.mark.parametrize(
    ("endpoint", "headers", "told"),
    [
        ("ftp://me:s3cret@collector", None, "evaluation_endpoint 'collector' is not understood"),
        ("grpc://me:s3cret@collector", None, "must not hold a user"),
        ("grpc://collector", "s3cret", "entry 1 of evaluation_headers is not understood"),
        (None, "key=s3cret", "no evaluation_endpoint"),
        ("grpc://localhost:50051", None, "is the service itself"),
        ("http://127.0.0.1:50052", None, "is the service itself"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_without_its_secrets(
    endpoint: str | None, headers: str | None, told: str
) -> None:
    with pytest.raises(InvalidSettings, match=re.escape(told)) as caught:
        Settings(evaluation_endpoint=endpoint, evaluation_headers=headers)

    assert "s3cret" not in str(caught.value)


def test_the_headers_are_not_shown() -> None:
    settings = Settings(evaluation_endpoint="grpcs://c", evaluation_headers="x-key=s3cret%20too")

    assert settings.evaluation is not None
    assert settings.evaluation.headers == (("x-key", "s3cret too"),)
    assert "s3cret" not in repr(settings) + repr(settings.evaluation)
