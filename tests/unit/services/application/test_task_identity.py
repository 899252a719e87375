from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.application.task_identity import (
    read_task_id,
    trace_id,
    traceparent,
    write_task_id,
)
from trialbook.services.application.work import TARGET, TaskKey
from trialbook.services.domain.identity import new_uid

KEYS = st.builds(TaskKey, st.integers(1, 10**17), st.one_of(st.just(TARGET), st.integers(0, 31)))


@given(KEYS)
def test_a_task_id_brings_run_and_key_back(key: TaskKey) -> None:
    uid = new_uid()

    assert read_task_id(write_task_id(uid, key)) == (uid, key)


@given(KEYS, KEYS)
def test_tasks_of_a_run_have_ids_of_their_own(one: TaskKey, other: TaskKey) -> None:
    assert (write_task_id("u", one) == write_task_id("u", other)) is (one == other)


@given(st.one_of(st.text(), st.lists(st.text("0123456789ax\u0661", max_size=25)).map("/".join)))
def test_any_text_is_a_task_id_or_none(text: str) -> None:
    found = read_task_id(text)

    if found is not None:
        assert found[1].number >= 0
        assert len(text.split("/")) in (2, 3)


@given(KEYS, st.integers(1, 100))
def test_an_attempt_has_a_traceparent_of_its_own(key: TaskKey, attempt: int) -> None:
    task_id = write_task_id("u", key)

    parent = traceparent(task_id, attempt)

    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", parent)
    assert parent.split("-")[1] == trace_id(task_id, attempt)
    assert parent == traceparent(task_id, attempt)
    assert trace_id(task_id, attempt) != trace_id(task_id, attempt + 1)
