"""WorkerService: what its calls accept, refuse and answer. What the engine does: integration."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.service import (
    PROJECT,
    TARGET,
    ScriptedWorker,
    Service,
    answered,
    failed,
    hosts_scorer,
    hosts_target,
    invalid,
    item,
    json,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    seconds,
    start_run,
    summary,
)
from trialbook.v1.experiment_pb2 import Target
from trialbook.v1.score_pb2 import ScoreStatus
from trialbook.v1.worker_pb2 import Capability, TaskReport
from trialbook.v1.worker_service_pb2 import (
    CloseWorkerRequest,
    CompleteTasksRequest,
    HeartbeatRequest,
    LeaseTasksRequest,
    RegisterWorkerRequest,
    RegisterWorkerResponse,
)


async def register(service: Service, **fields: Any) -> RegisterWorkerResponse:
    known = {
        "parent": PROJECT,
        "worker_id": "w",
        "capabilities": [hosts_target()],
        "max_concurrent_tasks": 1,
    }
    return await service.workers.RegisterWorker(RegisterWorkerRequest(**{**known, **fields}))


async def test_a_registration_tells_how_to_behave(service: Service) -> None:
    answer = await register(service)

    assert len(answer.session_token) >= 24
    assert answer.lease_duration == seconds(30)
    assert answer.heartbeat_interval == seconds(10)
    assert answer.max_wait == seconds(20)


async def test_the_same_worker_may_open_several_sessions(service: Service) -> None:
    one, other = await register(service), await register(service)

    assert one.session_token != other.session_token
    for session in (one, other):
        await service.workers.Heartbeat(HeartbeatRequest(session_token=session.session_token))


BAD_REGISTRATIONS: dict[str, tuple[str, object, str]] = {
    "no project": ("parent", "default", "parent"),
    "no worker id": ("worker_id", "", "worker_id"),
    "long worker id": ("worker_id", "w" * 129, "worker_id"),
    "nothing hosted": ("capabilities", [], "capabilities"),
    "too much hosted": (
        "capabilities",
        [hosts_target(Target(name=f"t{n}")) for n in range(257)],
        "capabilities",
    ),
    "empty capability": ("capabilities", [hosts_target(), Capability()], "capabilities[1]"),
    "no tasks at once": ("max_concurrent_tasks", 0, "max_concurrent_tasks"),
    "too many at once": ("max_concurrent_tasks", 10_001, "max_concurrent_tasks"),
}


@pytest.mark.parametrize(
    ("field", "value", "path"), BAD_REGISTRATIONS.values(), ids=BAD_REGISTRATIONS
)
async def test_a_bad_registration_is_refused(
    service: Service, field: str, value: object, path: str
) -> None:
    told = await refusal(register(service, **{field: value}))

    assert summary(told) == invalid(path)


BAD_CAPABILITIES = {
    "no target name": (hosts_target(Target(name="a b")), "target.name"),
    "long revision": (hosts_target(Target(name="a", revision="r" * 129)), "target.revision"),
    "unknown kind": (hosts_target(Target(name="a", kind=9)), "target.kind"),  # type: ignore[arg-type]
    "no scorer id": (hosts_scorer(""), "scorer.scorer_id"),
    "built in": (hosts_scorer("exact_match"), "scorer.scorer_id"),
    "negative version": (hosts_scorer("s", version=-1), "scorer.version"),
    "unknown direction": (hosts_scorer("s", direction=9), "scorer.direction"),
    "no json": (hosts_scorer("s", params_schema=json("{")), "scorer.params_schema.json"),
    "no object": (hosts_scorer("s", params_schema=json("[]")), "scorer.params_schema.json"),
    "no schema": (
        hosts_scorer("s", params_schema=json('{"type":"nothing"}')),
        "scorer.params_schema.json",
    ),
}


@pytest.mark.parametrize(("bad", "path"), BAD_CAPABILITIES.values(), ids=BAD_CAPABILITIES)
async def test_a_bad_capability_is_refused_by_its_path(
    service: Service, bad: Capability, path: str
) -> None:
    told = await refusal(register(service, capabilities=[hosts_target(), bad]))

    assert told.code is grpc.StatusCode.INVALID_ARGUMENT
    assert told.paths == [f"capabilities[1].{path}"]


async def test_every_call_needs_an_open_session(service: Service) -> None:
    worker = await new_worker(service)
    await worker.close()

    for token in ("", "nobody's", "ä" * 100, worker.token):
        stale = ScriptedWorker(service, token, "w")
        for call in (
            stale.lease_now(),
            stale.report(TaskReport(task_id=f"{'0' * 32}/1")),
            stale.heartbeat(),
            stale.close(),
        ):
            told = await refusal(call)
            assert told.code is grpc.StatusCode.UNAUTHENTICATED
            assert told.reason == "SESSION_EXPIRED"


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("max_tasks", 0, "max_tasks"),
        ("max_tasks", -1, "max_tasks"),
        ("request_id", "", "request_id"),
        ("request_id", "r" * 65, "request_id"),
    ],
)
async def test_a_bad_lease_request_is_refused(
    service: Service, field: str, value: object, path: str
) -> None:
    worker = await new_worker(service)
    request = LeaseTasksRequest(session_token=worker.token, max_tasks=1, request_id="r-1")
    setattr(request, field, value)

    assert summary(await refusal(service.workers.LeaseTasks(request))) == invalid(path)


async def test_a_target_task_brings_what_the_target_needs(service: Service) -> None:
    worker = await new_worker(service)
    context = '{ "user" : "u" }'
    run = await new_run(
        service,
        [item('{ "q" : 12345678901234567890 }', '"a"', item_id="case", context=json(context))],
        timeout=1.5,
        trials=2,
    )

    tasks = await worker.lease()

    assert [(task.target.item_id, task.target.trial) for task in tasks] == [
        ("case", 1),
        ("case", 2),
    ]
    task = tasks[0]
    assert task.run == run.name
    assert task.target.target == TARGET
    assert task.target.input.json == '{ "q" : 12345678901234567890 }'
    assert task.target.context.json == context
    assert task.attempt == 1
    assert task.timeout == seconds(1.5)
    assert task.lease_token
    assert task.lease_expire_time.ToMicroseconds() > run.create_time.ToMicroseconds() + 29_000_000
    assert tasks[0].task_id != tasks[1].task_id
    version, trace_id, span_id, flags = task.traceparent.split("-")
    assert (version, len(trace_id), len(span_id), flags) == ("00", 32, 16, "01")


async def test_a_scorer_task_brings_what_the_scorer_needs(service: Service) -> None:
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    row = item("1", "2", item_id="case", context=json('{"c":1}'), metadata=json('{"m":1}'))
    await new_run(service, [row], scorer("tone", '{ "k": 1 }'))
    (target_task,) = await worker.lease()
    await worker.answer(target_task, output="[ 3 ]")

    (task,) = await worker.lease()

    told = task.scorer
    assert (told.scorer, told.item_id, told.trial) == ("tone", "case", 1)
    assert told.params.json == '{ "k": 1 }'
    assert (told.input.json, told.output.json, told.expected.json) == ("1", "[ 3 ]", "2")
    assert (told.context.json, told.metadata.json) == ('{"c":1}', '{"m":1}')
    assert (task.attempt, task.run) == (1, target_task.run)
    assert task.task_id != target_task.task_id


async def test_a_scorer_task_leaves_out_what_is_not_there(service: Service) -> None:
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    await new_run(service, [item("1")], scorer("tone"))
    await worker.answer(*await worker.lease())

    (task,) = await worker.lease()

    absent = ("params", "expected", "context", "metadata")
    assert not any(task.scorer.HasField(name) for name in absent)


async def test_a_lease_without_a_wait_answers_at_once(service: Service) -> None:
    worker = await new_worker(service)

    assert await worker.lease_now() == []


async def test_a_waiting_lease_is_answered_when_a_run_starts(service: Service) -> None:
    worker = await new_worker(service)
    waiting = asyncio.create_task(worker.lease(wait=20))

    await new_run(service, 2)

    assert len(await waiting) == 2


async def test_a_lease_brings_at_most_what_was_asked_for(service: Service) -> None:
    worker = await new_worker(service)
    await new_run(service, 9, concurrency=9)

    assert len(await worker.lease(4)) == 4
    assert len(await worker.lease(2**31 - 1)) == 5


@pytest.mark.parametrize("count", [0, 1001])
async def test_reports_come_one_to_a_thousand_at_a_time(service: Service, count: int) -> None:
    worker = await new_worker(service)

    told = await refusal(worker.report(*[TaskReport(task_id="u/1")] * count))

    assert summary(told) == invalid("reports")


@pytest.mark.parametrize(
    "task_id", ["", "x", "x/", "x/y", "x/1/2/3", "x/-1", "x/\u0661", "x/" + "1" * 19]
)
async def test_a_task_id_of_another_form_is_refused(service: Service, task_id: str) -> None:
    worker = await new_worker(service)

    told = await refusal(worker.report(TaskReport(task_id="x/1"), TaskReport(task_id=task_id)))

    assert summary(told) == invalid("reports[1].task_id")


async def test_a_report_of_a_task_of_nobody_is_fenced(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1)

    dispositions = await worker.report(
        TaskReport(task_id=f"{'0' * 32}/1", lease_token="x", output=json("1")),
        TaskReport(task_id=f"{run.uid}/99", lease_token="x", output=json("1")),
        TaskReport(task_id=f"{run.uid}/1/7", lease_token="x", output=json("1")),
    )

    assert dispositions == ["FENCED"] * 3


async def test_a_heartbeat_tells_when_leases_end_and_what_to_stop(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 2)
    task, other = await worker.lease()

    answer = await worker.heartbeat(task.task_id, "nonsense", f"{'0' * 32}/1", f"{run.uid}/99")

    assert answer.lease_expire_time.ToMicroseconds() >= task.lease_expire_time.ToMicroseconds()
    assert sorted(answer.stop_task_ids) == sorted(["nonsense", f"{'0' * 32}/1", f"{run.uid}/99"])
    assert other.task_id not in answer.stop_task_ids


async def test_a_heartbeat_of_too_many_tasks_is_refused(service: Service) -> None:
    worker = await new_worker(service)

    await worker.heartbeat(*["u/1"] * 10_000)
    told = await refusal(worker.heartbeat(*["u/1"] * 10_001))

    assert summary(told) == invalid("running_task_ids")


async def test_durations_beyond_all_reason_are_taken_for_what_they_are(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 2)
    forward, backward = map(answered, await worker.lease())
    forward.duration.seconds = 2**63 - 1
    backward.duration.seconds = -(2**63)

    assert await worker.report(forward, backward) == ["RECORDED", "RECORDED"]
    assert (await worker.finish(run.name)).counts.succeeded == 2


def all_files(folder: Path) -> list[Path]:
    return list(folder.glob("trialbook.db*"))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_session_tokens_are_stored_as_digests_only(service: Service, tmp_path: Path) -> None:
    worker = await new_worker(service)

    stored = b"".join(map(Path.read_bytes, all_files(tmp_path)))

    assert hashlib.sha256(worker.token.encode()).digest() in stored
    assert worker.token.encode() not in stored


async def test_the_messages_of_a_closed_session_are_refused_by_name(service: Service) -> None:
    worker = await new_worker(service)
    await worker.close()

    told = [
        await refusal(service.workers.CloseWorker(CloseWorkerRequest(session_token=worker.token))),
        await refusal(
            service.workers.CompleteTasks(CompleteTasksRequest(session_token=worker.token))
        ),
    ]

    assert {one.reason for one in told} == {"SESSION_EXPIRED"}


async def test_a_lease_request_id_may_have_64_characters(service: Service) -> None:
    worker = await new_worker(service)
    dataset = await new_dataset(service, 1)
    await start_run(service, (await new_experiment(service, dataset.name)).name)

    assert len(await worker.lease(request_id="r" * 64)) == 1


async def test_zero_characters_in_what_user_code_tells_are_replaced(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 2)
    broken, fine = await worker.lease()

    told = await worker.report(failed(broken, "INVALID", "a\0b", kind="K\0"), answered(fine))

    assert told == ["RECORDED", "RECORDED"]
    recorded = await results(service, run.name, status="RESULT_STATUS_FAILED")
    assert [(row.error.message, row.error.kind) for row in recorded] == [("a\ufffdb", "K\ufffd")]


async def test_outputs_with_zero_characters_are_judged_and_kept(service: Service) -> None:
    dataset = await new_dataset(service, [item("1", expected=r'"a\u0000"')])
    worker = await new_worker(service)
    scorers = ("exact_match", "levenshtein", "json_valid", "numeric_match")
    experiment = await new_experiment(service, dataset.name, *map(scorer, scorers))
    run = await start_run(service, experiment.name)
    (task,) = await worker.lease()

    await worker.report(answered(task, r'"b\u0000"'))

    (row,) = await results(service, run.name)
    assert row.output.json == r'"b\u0000"'
    assert "SCORE_STATUS_FAILED" not in map(ScoreStatus.Name, (one.status for one in row.scores))


async def test_a_request_with_a_zero_character_is_refused(service: Service) -> None:
    worker = await new_worker(service)

    told = await refusal(
        service.workers.LeaseTasks(
            LeaseTasksRequest(session_token=worker.token, max_tasks=1, request_id="\0")
        )
    )

    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
