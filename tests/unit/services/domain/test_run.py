from __future__ import annotations

import msgspec
import pytest

from trialbook.services.domain import run as domain
from trialbook.services.domain.errors import CallerDriven, NotCallerDriven, RunGoesOn
from trialbook.services.domain.errors import RunEnded as RunHasEnded
from trialbook.services.domain.experiment import RunSettings, ScorerSpec, Target, TargetKind
from trialbook.services.domain.run import (
    ErrorCode,
    ResultsRecorded,
    Run,
    RunCancelRequested,
    RunEnded,
    RunRetried,
    RunStarted,
    RunStatus,
)

STARTED = RunStarted(
    uid="u",
    project="p",
    run_id="r",
    experiment_uid="e",
    experiment_id="e",
    experiment_version=1,
    dataset_uid="d",
    dataset_id="d",
    dataset_version=1,
    target=Target(TargetKind.AGENT, "t"),
    scorers=(),
    settings=RunSettings(),
    planned=3,
)
CANCEL = RunCancelRequested("u", 5, "enough")


def over(status: RunStatus) -> RunEnded:
    return RunEnded("u", 9, status, 1, 1, 1)


def test_a_run_begins_running() -> None:
    head = domain.evolve(None, STARTED)

    assert (head.status, head.name) == (RunStatus.RUNNING, "projects/p/runs/r")
    assert not head.status.ended


def test_a_run_ends_as_its_last_event_says() -> None:
    head = domain.evolve(domain.evolve(None, STARTED), CANCEL)
    assert head.status is RunStatus.CANCELLING

    assert domain.evolve(head, over(RunStatus.CANCELLED)).status.ended


def test_only_a_running_run_is_cancelled_by_an_event() -> None:
    head = domain.evolve(None, STARTED)

    assert domain.request_cancel(head, 5, "enough") == [CANCEL]
    for status in (RunStatus.CANCELLING, RunStatus.CANCELLED):
        changed = msgspec.structs.replace(head, status=status)
        assert domain.request_cancel(changed, 5, "enough") == []


def test_a_completed_run_cannot_be_cancelled() -> None:
    with pytest.raises(RunHasEnded):
        domain.request_cancel(Run("u", "p", "r", RunStatus.COMPLETED), 5, "")


def history(*events: domain.RunEvent) -> Run:
    """The head of a run that was started and then went through these events."""
    head = domain.evolve(None, STARTED)
    for event in events:
        head = domain.evolve(head, event)
    return head


def test_only_an_ended_run_is_retried_and_each_time_in_another_round() -> None:
    ended = history(over(RunStatus.COMPLETED))
    (first,) = domain.retry(ended, 10, 2, (1, 3), include_skipped=True)
    again = domain.evolve(ended, first)

    assert first == RunRetried("u", 10, 1, 2, (1, 3), include_skipped=True)
    assert (again.status, again.round, again.retried) == (RunStatus.RUNNING, 1, first)
    (second,) = domain.retry(
        domain.evolve(again, over(RunStatus.COMPLETED)), 20, 1, (), include_skipped=False
    )
    assert isinstance(second, RunRetried)
    assert second.round == 2
    assert domain.retry(ended, 10, 0, (), include_skipped=False) == []
    for head in (history(), again):
        with pytest.raises(RunGoesOn):
            domain.retry(head, 11, 1, (), include_skipped=False)


def test_a_run_is_rescored_by_what_comes_after_its_scorers() -> None:
    spec = ScorerSpec("exact_match", "same", "", 1, built_in=True)
    ended = history(over(RunStatus.FAILED))
    (event,) = domain.rescore(ended, 10, (spec,))
    again = domain.evolve(ended, event)

    assert (again.status, again.rescored) == (RunStatus.RUNNING, event)
    assert domain.evolve(again, over(RunStatus.COMPLETED)).rescored is None
    assert domain.rescore(ended, 10, ()) == []
    with pytest.raises(RunGoesOn):
        domain.rescore(again, 11, (spec,))


def test_only_a_caller_finishes_a_run_and_once() -> None:
    driven = msgspec.structs.replace(history(), caller_driven=True)
    (event,) = domain.request_finish(driven)

    assert domain.request_finish(domain.evolve(driven, event)) == []
    assert domain.request_finish(domain.evolve(driven, over(RunStatus.CANCELLED))) == []
    with pytest.raises(NotCallerDriven):
        domain.request_finish(history())
    with pytest.raises(CallerDriven):
        domain.retry(
            domain.evolve(driven, over(RunStatus.COMPLETED)), 10, 1, (), include_skipped=False
        )


def test_a_history_begins_with_its_start_and_holds_no_facts() -> None:
    with pytest.raises(ValueError, match="begins with"):
        domain.evolve(None, CANCEL)
    with pytest.raises(ValueError, match="do not stand"):
        domain.evolve(domain.evolve(None, STARTED), ResultsRecorded("u", 2, ()))


def test_the_code_alone_says_whether_to_try_again() -> None:
    assert [code for code in ErrorCode if not code.retryable] == [
        ErrorCode.INVALID,
        ErrorCode.WORKER_LOST,
    ]
