from __future__ import annotations

import msgspec
import pytest

from trialbook.services.domain import run as domain
from trialbook.services.domain.errors import RunEnded as RunHasEnded
from trialbook.services.domain.experiment import RunSettings, Target, TargetKind
from trialbook.services.domain.run import (
    ErrorCode,
    ResultsRecorded,
    Run,
    RunCancelRequested,
    RunEnded,
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
