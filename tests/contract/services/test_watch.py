"""RunService.WatchRun: a run's facts, each once, in order, from any position."""

from __future__ import annotations

import asyncio

import grpc
from google.protobuf.message import Message

from tests.service import (
    PATIENCE,
    PROJECT,
    ScriptedWorker,
    Service,
    alive,
    answered,
    connected,
    done,
    ended,
    eventually,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    invalid,
    item,
    judged,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    summary,
    watch,
)
from trialbook.v1.run_pb2 import (
    RUN_END_REASON_CANCELLED,
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_PENDING,
    LatencySummary,
    Run,
    RunCancelRequested,
    RunCounts,
    RunEnded,
    RunEvent,
    RunStarted,
)
from trialbook.v1.run_service_pb2 import CancelRunRequest, WatchRunRequest, WatchRunResponse
from trialbook.v1.worker_pb2 import Task

MIB = 1024 * 1024


async def watched(service: Service, name: str, after: int = 0) -> None:
    """Ask for a watch and read until it is refused or over."""
    async for _ in service.runs.WatchRun(WatchRunRequest(name=name, after_position=after)):
        pass


async def finished_run(service: Service, count: int = 8) -> Run:
    """A run of some failed and some scored items, its facts in many small chunks."""
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    run = await new_run(
        service, count, scorer("exact_match"), scorer("tone"), concurrency=3, max_retries=0
    )
    for number in range(1, count + 1):
        task = await target_task(worker)
        await worker.report(failed(task) if number % 4 == 0 else answered(task))
    return await worker.finish(run.name)


async def target_task(worker: ScriptedWorker) -> Task:
    """Lease one target task; scorer tasks that come before are done."""
    while True:
        (task,) = await worker.lease(1)
        if task.WhichOneof("work") == "target":
            return task
        await worker.report(done(task))


def kinds(events: list[RunEvent]) -> list[str | None]:
    return [event.WhichOneof("fact") for event in events]


async def test_a_watch_tells_all_facts_in_order_and_ends_by_itself(service: Service) -> None:
    run = await finished_run(service)

    told = await facts(service, run.name)

    assert [event.position for event in told] == list(range(1, run.last_position + 1))
    assert told[0].started == RunStarted(planned=8)
    assert told[-1].ended == RunEnded(
        status=RUN_STATUS_COMPLETED, counts=RunCounts(planned=8, succeeded=6, failed=2)
    )
    assert kinds(told).count("result") == 8
    assert kinds(told).count("scored") == 16
    assert len(told) == 1 + 8 + 16 + 1
    times = [event.record_time.ToNanoseconds() for event in told]
    assert times == sorted(times)


async def test_facts_equal_the_results_at_the_end(service: Service) -> None:
    run = await finished_run(service)
    told = await facts(service, run.name)

    listed = await results(service, run.name)

    aliases = [spec.alias for spec in run.scorers]
    by_number = {event.result.number: event.result for event in told if event.HasField("result")}
    for event in told:
        if event.HasField("scored"):
            by_number[event.scored.number].scores.append(event.scored.score)
    for result in by_number.values():
        result.scores.sort(key=lambda score: aliases.index(score.scorer))
    assert [by_number[number] for number in sorted(by_number)] == listed


async def test_a_watch_can_be_resumed_from_every_position(service: Service) -> None:
    run = await finished_run(service)
    told = await facts(service, run.name)

    for position in range(len(told) + 1):
        assert await facts(service, run.name, position) == told[position:]


async def test_through_position_says_where_to_resume(service: Service) -> None:
    run = await finished_run(service)

    for message in await watch(service, run.name):
        last = message.events[-1].position if message.events else 0
        assert message.through_position == last


async def test_the_first_and_the_last_message_bring_the_run(service: Service) -> None:
    run = await finished_run(service)

    messages = await watch(service, run.name)

    run.latency.CopyFrom(LatencySummary())
    assert messages[0].HasField("run")
    assert messages[-1].run == run


async def test_a_watch_after_the_last_fact_of_an_ended_run_is_over_at_once(
    service: Service,
) -> None:
    run = await finished_run(service)

    messages = await watch(service, run.name, run.last_position)

    assert [list(message.events) for message in messages] == [[]]
    assert messages[0].run.status == RUN_STATUS_COMPLETED
    assert messages[0].through_position == run.last_position


async def test_a_watch_beyond_the_last_fact_is_refused(service: Service) -> None:
    run = await finished_run(service)

    told = await refusal(watched(service, run.name, run.last_position + 1))

    assert (told.code, told.reason) == (
        grpc.StatusCode.OUT_OF_RANGE,
        "POSITION_OUT_OF_RANGE",
    )
    assert told.metadata == {"last_position": str(run.last_position)}


async def test_a_watch_of_a_negative_position_is_refused(service: Service) -> None:
    run = await new_run(service, 1)

    assert summary(await refusal(watched(service, run.name, -1))) == invalid("after_position")


async def test_a_watch_of_nothing_is_refused(service: Service) -> None:
    unknown = await refusal(watched(service, f"{PROJECT}/runs/none"))
    malformed = await refusal(watched(service, "none"))

    assert (unknown.code, unknown.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert summary(malformed) == invalid("name")


async def test_a_watcher_sees_each_fact_as_it_is_recorded(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 3, scorer("exact_match"))
    call = service.runs.WatchRun(WatchRunRequest(name=run.name))
    seen: list[RunEvent] = []

    async def read_until(count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(seen) < count:
                message = await call.read()
                assert isinstance(message, WatchRunResponse)
                seen.extend(message.events)

    await read_until(1)
    for number in range(1, 4):
        await worker.answer(*await worker.lease(1))
        await read_until(1 + 2 * number)
        assert kinds(seen[-2:]) == ["result", "scored"] or number == 3
    await read_until(8)

    assert kinds(seen) == ["started", *["result", "scored"] * 3, "ended"]
    assert await call.read() is grpc.aio.EOF


async def test_watchers_that_come_at_any_time_are_told_the_same(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 20, scorer("exact_match"), concurrency=4)
    before = [asyncio.create_task(facts(service, run.name)) for _ in range(3)]

    await worker.answer(*await worker.lease_all(4))
    between = [asyncio.create_task(facts(service, run.name)) for _ in range(3)]
    await worker.finish(run.name)
    after = await facts(service, run.name)

    assert len(after) == 42
    for told in await asyncio.gather(*before, *between):
        assert told == after


async def test_a_slow_reader_loses_nothing(service: Service) -> None:
    """Its first message is read when all has long been recorded, beyond any buffer."""
    worker = await new_worker(service)
    output = '"' + "x" * 20_000 + '"'
    run = await new_run(service, 500, concurrency=500)
    async with connected(service.address) as own:
        told = aiter(own.runs.WatchRun(WatchRunRequest(name=run.name)))
        first = await anext(told)
        for _ in range(5):
            tasks = await worker.lease_all(100)
            await worker.answer(*tasks, output=output)
        over = await worker.finish(run.name)

        rest = [event async for message in told for event in message.events]

    positions = [event.position for event in [*first.events, *rest]]
    assert positions == list(range(1, over.last_position + 1))


async def test_large_facts_follow_each_other_without_a_rest(service: Service) -> None:
    """Messages end early when they are large; what is left is told at once, not at the next
    sign of life."""
    worker = await new_worker(service)
    run = await new_run(service, 8, concurrency=8)
    for number, task in enumerate(await worker.lease_all(8)):
        await worker.answer(task, output=f'"{number}' + "x" * (MIB - 3) + '"')

    told = await facts(service, run.name)

    assert kinds(told) == ["started", *["result"] * 8, "ended"]


async def test_a_message_is_not_much_larger_than_its_limit(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 120, concurrency=120, max_retries=0)
    for _ in range(4):
        tasks = await worker.lease_all(30)
        good, *bad = tasks
        await worker.report(answered(good), *(failed(task, stack="ä" * 16_000) for task in bad))
    await eventually(lambda: has_ended(service, run.name))

    messages = await watch(service, run.name)

    assert sum(len(message.events) for message in messages) == 122
    assert max(message.ByteSize() for message in messages) <= 2.5 * MIB


async def test_many_facts_come_in_messages_of_a_thousand(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1000, scorer("exact_match"), concurrency=1000)
    await worker.answer(*await worker.lease_all(1000))
    await eventually(lambda: has_ended(service, run.name))

    messages = await watch(service, run.name)

    told = [event for message in messages for event in message.events]
    assert [event.position for event in told] == list(range(1, 2003))
    assert max(len(message.events) for message in messages) <= 1000


async def test_a_cancelled_run_tells_who_and_why(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 4, concurrency=2)
    await worker.answer(*await worker.lease(1))
    request = CancelRunRequest(name=run.name, reason="enough")
    await service.runs.CancelRun(request, metadata=(("trialbook-author", "ada"),))

    told = await facts(service, run.name)

    assert kinds(told) == ["started", "result", "cancel_requested", *["result"] * 3, "ended"]
    assert told[2].cancel_requested == RunCancelRequested(
        author="ada", reason="enough", end_reason=RUN_END_REASON_CANCELLED
    )
    assert told[-1].ended == RunEnded(
        status=RUN_STATUS_CANCELLED,
        counts=RunCounts(planned=4, succeeded=1, skipped=3),
        end_reason=RUN_END_REASON_CANCELLED,
    )


async def test_a_watcher_is_told_what_a_run_waits_for(service: Service) -> None:
    run = await new_run(service, 1)
    call = service.runs.WatchRun(WatchRunRequest(name=run.name))

    first = await call.read()

    assert isinstance(first, WatchRunResponse)
    assert first.run.status == RUN_STATUS_PENDING
    assert "echo" in first.run.waiting_for
    call.cancel()


async def test_worker_scores_are_facts_of_their_own(service: Service) -> None:
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    run = await new_run(service, [item("1", item_id="a")], scorer("tone", alias="t"))
    await worker.answer(*await worker.lease())
    (task,) = await worker.lease()
    score = {"status": "SCORE_STATUS_SCORED", "value": 0.25, "evidence": {"json": "[1]"}}
    await worker.report(judged(task, **score))

    told = await facts(service, run.name)

    assert kinds(told) == ["started", "result", "scored", "ended"]
    fact = told[2].scored
    assert (fact.number, fact.item_id, fact.trial) == (1, "a", 1)
    assert (fact.score.scorer, fact.score.value) == ("t", 0.25)
    assert fact.score.evidence.json == "[1]"
    assert not told[1].result.scores


async def test_a_watch_that_nobody_reads_any_more_does_no_harm(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 5)
    for _ in range(5):
        call = service.runs.WatchRun(WatchRunRequest(name=run.name))
        await call.read()
        call.cancel()

    await worker.finish(run.name)

    assert len(await facts(service, run.name)) == 7


async def has_ended(service: Service, name: str) -> Message | None:
    run = await get_run(service, name)
    return run if run.status == RUN_STATUS_COMPLETED else None


async def test_a_run_that_lost_its_workers_has_all_its_facts(quick: Service) -> None:
    worker = await new_worker(quick)
    run = await new_run(quick, 2, concurrency=2)
    await worker.answer((await worker.lease_all(2))[0])
    another = await new_worker(quick)
    async with alive(another):
        (task,) = await another.lease()
        await another.answer(task)

    over = await ended(quick, run.name)

    assert over.counts.succeeded == 2
    assert kinds(await facts(quick, run.name)) == ["started", "result", "result", "ended"]
