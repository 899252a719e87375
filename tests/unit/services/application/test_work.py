from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.application.work import (
    TASKS_AHEAD,
    UNSETTLED_AHEAD,
    Job,
    JobName,
    WorkState,
)

JUDGE = Job(JobName.RESCORE)
NOTHING_LEFT = WorkState(1, 9, 1, 9, exhausted=True, out=0, waiting=0)


def state(**more: Any) -> WorkState:
    return msgspec.structs.replace(NOTHING_LEFT, **more)


def test_a_run_is_finished_without_tasks_and_jobs() -> None:
    assert state().finished
    assert not state(exhausted=False).finished
    assert not state(out=1).finished
    assert not state(waiting=1).finished
    assert not state(jobs=(JUDGE,)).finished


def test_the_first_job_is_due_until_many_tasks_wait() -> None:
    other = Job(JobName.RETRY)

    assert state(jobs=(JUDGE, other)).due_job == JUDGE
    assert state(jobs=(JUDGE,), out=5, waiting=TASKS_AHEAD - 1).due_job == JUDGE
    assert state(jobs=(JUDGE,), waiting=TASKS_AHEAD).due_job is None
    assert state().due_job is None


def test_tasks_that_wait_for_traces_keep_a_job_from_nothing_for_long() -> None:
    waiting = TASKS_AHEAD + 1

    assert state(jobs=(JUDGE,), waiting=waiting, unsettled=waiting).due_job == JUDGE
    assert state(waiting=waiting, unsettled=waiting).leasable == 0
    many = UNSETTLED_AHEAD
    assert state(jobs=(JUDGE,), waiting=many, unsettled=many).due_job is None
    assert not state(waiting=1, unsettled=1).finished


def test_a_job_that_comes_after_all_tasks_waits_for_the_last_one() -> None:
    whole = Job(JobName.SCORE_RUN, after_tasks=True)

    assert state(jobs=(whole,)).due_job == whole
    assert state(jobs=(whole,), out=1).due_job is None
    assert state(jobs=(whole,), waiting=1).due_job is None
    assert state(jobs=(whole,), exhausted=False).due_job is None


def test_a_held_job_and_what_stands_behind_it_wait_to_be_released() -> None:
    assert state(jobs=(Job(JobName.FINISH, held=True), JUDGE)).due_job is None
