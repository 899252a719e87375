from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from tests.unit.client.fake_service import (
    LOST_ANSWER,
    FakeServer,
    FakeService,
    Fault,
    serving,
    wait_until,
)
from trialbook.client import (
    FinalError,
    Json,
    NotEvaluable,
    RunResults,
    Score,
    TaskContext,
    Unauthenticated,
    UnavailableError,
    Worker,
    step,
)
from trialbook.client.payload import decode
from trialbook.v1 import run_pb2, score_pb2, worker_pb2
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_ITEM, SCORER_SCOPE_RUN, TARGET_KIND_SCORER


@contextmanager
def working(worker: Worker) -> Iterator[threading.Thread]:
    """Run a worker in a thread; it drains when the context ends."""
    thread = threading.Thread(target=lambda: worker.run(drain_timeout=5), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(20)
        assert not thread.is_alive()


def echo_worker(server: FakeServer, function: Callable[..., Any], **options: Any) -> Worker:
    worker = Worker(server.address, worker_id="w", **options)
    worker.target("echo")(function)
    return worker


async def echo_coroutine(value: Any) -> Any:
    await asyncio.sleep(0)
    return {"echo": value}


def echo_plain(value: Any) -> Any:
    return {"echo": value}


@pytest.mark.parametrize("function", [echo_coroutine, echo_plain])
@pytest.mark.parametrize("slots", [1, 7, 100])
def test_every_task_is_executed_and_reported_once(
    fake: FakeService, server: FakeServer, function: Callable[..., Any], slots: int
) -> None:
    fake.add_target_tasks(300)

    with working(echo_worker(server, function, max_concurrent_tasks=slots)):
        wait_until(lambda: len(fake.recorded) == 300)

    assert fake.recorded["t42"].output.json == '{"echo":42}'
    assert set(fake.dispositions) == {worker_pb2.TASK_DISPOSITION_RECORDED}
    assert fake.closed_sessions


def test_inline_functions_run_in_the_loop(fake: FakeService, server: FakeServer) -> None:
    threads: set[int] = set()
    worker = Worker(server.address)

    @worker.target("echo", inline=True)
    def echo(value: Any) -> Any:
        threads.add(threading.get_ident())
        asyncio.get_running_loop()
        return value

    fake.add_target_tasks(50)
    with working(worker) as thread:
        wait_until(lambda: len(fake.recorded) == 50)
        assert threads == {thread.ident}


def test_plain_functions_may_block_without_holding_up_others(
    fake: FakeService, server: FakeServer
) -> None:
    everyone = threading.Barrier(20)

    def meet(value: Any) -> Any:
        everyone.wait(10)
        return value

    fake.add_target_tasks(20)
    with working(echo_worker(server, meet, max_concurrent_tasks=20)):
        wait_until(lambda: len(fake.recorded) == 20)

    assert all(report.HasField("output") for report in fake.recorded.values())


def test_no_more_functions_run_at_once_than_the_worker_has_slots(
    fake: FakeService, server: FakeServer
) -> None:
    running, most = 0, 0

    async def count(value: Any) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return value

    fake.add_target_tasks(60)
    with working(echo_worker(server, count, max_concurrent_tasks=4)):
        wait_until(lambda: len(fake.recorded) == 60)

    assert most == 4


def test_finished_tasks_travel_together(fake: FakeService, server: FakeServer) -> None:
    fake.add_target_tasks(1_000)

    with working(echo_worker(server, echo_coroutine, max_concurrent_tasks=1_000)):
        wait_until(lambda: len(fake.recorded) == 1_000)

    sizes = [len(request.reports) for request in fake.requests["CompleteTasks"]]
    assert max(sizes) == 250
    assert len(sizes) <= 20


def test_errors_become_reports_that_say_what_went_wrong(
    fake: FakeService, server: FakeServer
) -> None:
    def fail(value: int) -> Any:
        raise [ValueError("broken"), FinalError("never"), UnavailableError("later"), SystemExit(3)][
            value
        ]

    fake.add_target_tasks(4)
    with working(echo_worker(server, fail)):
        wait_until(lambda: len(fake.recorded) == 4)

    errors = [fake.recorded[f"t{index}"].error for index in range(4)]
    assert [error.code for error in errors] == [
        run_pb2.TASK_ERROR_CODE_EXECUTION,
        run_pb2.TASK_ERROR_CODE_INVALID,
        run_pb2.TASK_ERROR_CODE_UNAVAILABLE,
        run_pb2.TASK_ERROR_CODE_EXECUTION,
    ]
    assert (errors[0].kind, errors[0].message) == ("ValueError", "broken")
    assert "in fail" in errors[0].stack
    assert "executor.py" not in errors[0].stack


def test_a_coroutine_that_takes_too_long_is_stopped_and_reported(
    fake: FakeService, server: FakeServer
) -> None:
    stopped = threading.Event()

    async def hang(value: Any) -> Any:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    fake.add_target_tasks(1, timeout=0.05)
    with working(echo_worker(server, hang)):
        wait_until(lambda: len(fake.recorded) == 1)
        assert stopped.wait(10)

    assert fake.recorded["t0"].error.code == run_pb2.TASK_ERROR_CODE_TIMEOUT
    assert "longer than the 0.05 s" in fake.recorded["t0"].error.message


def test_the_late_answer_of_a_plain_function_is_dropped(
    fake: FakeService, server: FakeServer
) -> None:
    release = threading.Event()

    def slow(value: int) -> Any:
        if value == 0:
            release.wait(10)
        return value

    fake.add_target_tasks(1, timeout=0.05)
    with working(echo_worker(server, slow, max_concurrent_tasks=1)):
        wait_until(lambda: len(fake.recorded) == 1)
        release.set()
        fake.add_target_tasks(2)
        fake.queue.popleft()
        wait_until(lambda: len(fake.recorded) == 2)

    assert fake.recorded["t0"].error.code == run_pb2.TASK_ERROR_CODE_TIMEOUT
    assert fake.recorded["t1"].output.json == "1"
    assert sum(len(r.reports) for r in fake.requests["CompleteTasks"]) == 2


def test_an_error_timeout_of_the_function_itself_is_not_the_limit(
    fake: FakeService, server: FakeServer
) -> None:
    async def impatient(value: Any) -> Any:
        raise TimeoutError("the tool did not answer")

    fake.add_target_tasks(1, timeout=10)
    with working(echo_worker(server, impatient)):
        wait_until(lambda: len(fake.recorded) == 1)

    assert fake.recorded["t0"].error.code == run_pb2.TASK_ERROR_CODE_EXECUTION


def test_a_lost_lease_answer_loses_no_task(fake: FakeService, server: FakeServer) -> None:
    fake.faults["LeaseTasks"].append(LOST_ANSWER)
    fake.add_target_tasks(10)

    with working(echo_worker(server, echo_plain)):
        wait_until(lambda: len(fake.recorded) == 10)

    first, second = fake.requests["LeaseTasks"][:2]
    assert first.request_id == second.request_id
    assert fake.requests["LeaseTasks"][2].request_id != first.request_id


def test_a_lost_answer_to_a_report_is_reported_again(fake: FakeService, server: FakeServer) -> None:
    fake.faults["CompleteTasks"].extend([LOST_ANSWER, Fault()])
    fake.add_target_tasks(10)

    with working(echo_worker(server, echo_plain)):
        wait_until(lambda: worker_pb2.TASK_DISPOSITION_ALREADY_RECORDED in fake.dispositions)

    assert len(fake.recorded) == 10


def test_work_goes_on_over_a_restart_of_the_server(fake: FakeService, server: FakeServer) -> None:
    began, release = threading.Event(), threading.Event()

    def hold(value: Any) -> Any:
        began.set()
        release.wait(10)
        return value

    fake.add_target_tasks(5)
    with working(echo_worker(server, hold)):
        assert began.wait(10)
        server.stop()
        release.set()
        server.start()
        fake.add_target_tasks(10)
        wait_until(lambda: len(fake.recorded) == 10)

    assert all(report.HasField("output") for report in fake.recorded.values())


def test_a_worker_waits_for_a_server_that_is_not_there_yet(fake: FakeService) -> None:
    with serving(fake) as server:
        server.stop()
        fake.add_target_tasks(3)
        with working(echo_worker(server, echo_plain)):
            server.start()
            wait_until(lambda: len(fake.recorded) == 3)


def test_a_worker_whose_session_is_over_registers_again_and_reports_again(
    fake: FakeService, server: FakeServer
) -> None:
    began, release = threading.Event(), threading.Event()

    def hold(value: Any) -> Any:
        began.set()
        release.wait(10)
        return value

    fake.add_target_tasks(3)
    with working(echo_worker(server, hold)):
        assert began.wait(10)
        fake.forget_sessions()
        release.set()
        wait_until(lambda: len(fake.recorded) == 3)

    assert fake.calls["RegisterWorker"] == 2
    assert len(fake.sessions) == 1


def test_an_outcome_whose_lease_was_lost_is_let_go(fake: FakeService, server: FakeServer) -> None:
    began, release = threading.Event(), threading.Event()

    def hold(value: int) -> Any:
        began.set()
        release.wait(10)
        return value

    fake.add_target_tasks(1)
    with working(echo_worker(server, hold)):
        assert began.wait(10)
        fake.lease_tokens["t0"] = "someone else's"
        release.set()
        wait_until(lambda: worker_pb2.TASK_DISPOSITION_FENCED in fake.dispositions)

    assert fake.recorded == {}


def test_a_task_that_comes_back_under_a_new_lease_is_reported_under_that_one(
    fake: FakeService, server: FakeServer
) -> None:
    attempts: list[int] = []

    async def second_time_lucky(value: int, task: TaskContext) -> Any:
        attempts.append(task.attempt)
        await asyncio.sleep(60 if len(attempts) == 1 else 0)
        return value

    fake.add_target_tasks(1)
    with working(echo_worker(server, second_time_lucky)):
        wait_until(lambda: len(attempts) == 1)
        fake.add_target_tasks(1)
        wait_until(lambda: len(fake.recorded) == 1)

    assert fake.recorded["t0"].lease_token == "t0-1"


def test_tasks_that_are_not_wanted_any_more_are_stopped_without_a_report(
    fake: FakeService, server: FakeServer
) -> None:
    stopped = threading.Event()

    async def hang(value: Any) -> Any:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    fake.stop_task_ids.append("t0")
    fake.add_target_tasks(1)
    with working(echo_worker(server, hang)):
        assert stopped.wait(10)

    assert fake.requests["CompleteTasks"] == []


def test_a_refused_report_is_replaced_and_the_others_of_its_call_are_recorded(
    fake: FakeService, server: FakeServer
) -> None:
    fake.refuse_report = lambda report: (
        "is nested too deeply" if "7" in report.output.json else None
    )
    fake.add_target_tasks(10)

    with working(echo_worker(server, echo_plain)):
        wait_until(lambda: len(fake.recorded) == 10)

    assert fake.recorded["t7"].error.code == run_pb2.TASK_ERROR_CODE_INVALID
    assert "nested too deeply" in fake.recorded["t7"].error.message
    assert fake.recorded["t6"].HasField("output")


def test_a_refusal_that_names_no_report_is_found_by_sending_them_alone(
    fake: FakeService, server: FakeServer
) -> None:
    fake.refuse_report = lambda report: "odd" if "3" in report.output.json else None
    fake.faults["CompleteTasks"].append(
        Fault(grpc.StatusCode.INVALID_ARGUMENT, "something is wrong", "ERROR_REASON_INVALID_FIELD")
    )
    fake.add_target_tasks(5)

    with working(echo_worker(server, echo_plain)):
        wait_until(lambda: len(fake.recorded) == 5)

    assert fake.recorded["t3"].HasField("error")
    assert fake.recorded["t4"].HasField("output")


async def test_a_wrong_token_ends_the_worker_with_the_error(
    fake: FakeService, server: FakeServer
) -> None:
    fake.faults["RegisterWorker"].append(
        Fault(grpc.StatusCode.UNAUTHENTICATED, "wrong token", "ERROR_REASON_INVALID_TOKEN")
    )

    with pytest.raises(Unauthenticated, match="wrong token"):
        await echo_worker(server, echo_plain).serve()


async def test_an_error_while_reporting_ends_the_worker(
    fake: FakeService, server: FakeServer
) -> None:
    fake.faults["CompleteTasks"].append(
        Fault(grpc.StatusCode.UNAUTHENTICATED, "token withdrawn", "ERROR_REASON_INVALID_TOKEN")
    )
    fake.add_target_tasks(1)

    with pytest.raises(Unauthenticated, match="withdrawn"):
        await echo_worker(server, echo_plain).serve()


async def test_a_worker_that_hosts_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="hosts nothing"):
        await Worker("127.0.0.1:1").serve()


def test_the_registration_tells_all_that_is_declared(fake: FakeService, server: FakeServer) -> None:
    worker = Worker(server.address, worker_id="w7", max_concurrent_tasks=9, revision="r2")

    @worker.target(kind="workflow")
    def flow(value: Any) -> Any:
        return value

    @worker.scorer(
        version=3, minimum=0, maximum=1, params_schema={"type": "object"}, needs_expected=True
    )
    def politeness(output: Any) -> float:
        """How polite an answer is.

        More text.
        """
        return 1.0

    @worker.run_scorer()
    def spread(results: RunResults) -> float:
        return float(len(list(results)))

    with working(worker):
        wait_until(lambda: fake.calls["RegisterWorker"] == 1)

    (request,) = fake.requests["RegisterWorker"]
    assert (request.worker_id, request.max_concurrent_tasks) == ("w7", 9)
    target, scorer, judge, run_scorer = request.capabilities
    assert (target.target.name, target.target.revision) == ("flow", "r2")
    assert (judge.target.kind, judge.target.name, judge.target.revision) == (
        TARGET_KIND_SCORER,
        "politeness",
        "r2",
    )
    assert scorer.scorer.scope == SCORER_SCOPE_ITEM
    assert (run_scorer.scorer.scorer_id, run_scorer.scorer.scope) == ("spread", SCORER_SCOPE_RUN)
    assert scorer.scorer.scorer_id == "politeness"
    assert scorer.scorer.version == 3
    assert scorer.scorer.description == "How polite an answer is."
    assert (scorer.scorer.minimum, scorer.scorer.maximum) == (0.0, 1.0)
    assert scorer.scorer.params_schema.json == '{"type":"object"}'
    assert scorer.scorer.needs_expected


def test_a_name_that_is_hosted_twice_is_refused() -> None:
    worker = Worker("127.0.0.1:1")
    worker.target("a")(echo_plain)
    worker.target("a", revision="2")(echo_plain)

    with pytest.raises(ValueError, match="hosted twice"):
        worker.target("a")(echo_plain)


@pytest.mark.parametrize("as_coroutine", [True, False])
def test_scorers_judge_in_workers(
    fake: FakeService, server: FakeServer, as_coroutine: bool
) -> None:
    worker = Worker(server.address)

    def same(output: Any, expected: Any) -> Any:
        return output == expected if output != "?" else NotEvaluable("unclear")

    async def same_coroutine(output: Any, expected: Any) -> Any:
        return same(output, expected)

    worker.scorer("same", needs_expected=True)(same_coroutine if as_coroutine else same)
    for task_id, output, expected in (("a", "1", "1"), ("b", '"?"', "1"), ("c", "1", None)):
        task = worker_pb2.Task(task_id=task_id)
        task.scorer.scorer, task.scorer.output.json = "same", output
        if expected is not None:
            task.scorer.expected.json = expected
        fake.add_task(task)
    with working(worker):
        wait_until(lambda: len(fake.recorded) == 3)

    assert fake.recorded["a"].score.passed
    assert fake.recorded["b"].score.reason == "unclear"
    assert fake.recorded["c"].score.status == score_pb2.SCORE_STATUS_NOT_EVALUABLE


@pytest.mark.parametrize("as_coroutine", [True, False])
def test_what_a_function_tells_beside_its_answer_is_reported(
    fake: FakeService, server: FakeServer, as_coroutine: bool
) -> None:
    fake.add_target_tasks(2)

    @step("double")
    def double(value: int) -> int:
        return 2 * value

    def flow(value: int, task: TaskContext) -> int:
        task.use(input_tokens=3, cost=0.5)
        task.use(input_tokens=1, output_tokens=value)
        doubled = double(value)
        if value == 1:
            raise FinalError("no")
        return doubled

    async def flow_coroutine(value: int, task: TaskContext) -> int:
        return flow(value, task)

    with working(echo_worker(server, flow_coroutine if as_coroutine else flow)):
        wait_until(lambda: len(fake.recorded) == 2)

    for number in (0, 1):
        told = fake.recorded[f"t{number}"]
        assert told.usage == run_pb2.Usage(input_tokens=4, output_tokens=number, cost=0.5)
        (one,) = told.steps
        assert (one.step_id, one.output.json, one.HasField("duration")) == (
            "double",
            str(2 * number),
            True,
        )
    assert fake.recorded["t1"].error.message == "no"


def test_a_scorer_is_a_target_whose_input_is_the_case(
    fake: FakeService, server: FakeServer
) -> None:
    worker = Worker(server.address, revision="r2")

    @worker.scorer(needs_expected=True)
    async def near(output: float, expected: float, params: dict[str, float]) -> Score:
        """How near numbers are."""
        return Score(abs(output - expected), passed=True, label=str(params["k"]), reason="so")

    for task_id, given in (
        ("a", '{"output": 3, "expected": 1}'),
        ("b", '{"output": 3}'),
        ("c", "3"),
    ):
        task = worker_pb2.Task(task_id=task_id)
        target = task.target.target
        target.kind, target.name, target.revision = TARGET_KIND_SCORER, "near", "r2"
        task.target.input.json, task.target.options.json = given, '{"k": 5}'
        fake.add_task(task)
    with working(worker):
        wait_until(lambda: len(fake.recorded) == 3)

    assert decode(fake.recorded["a"].output.json) == {
        "status": "scored",
        "value": 2.0,
        "passed": True,
        "label": "5",
        "reason": "so",
    }
    assert decode(fake.recorded["b"].output.json)["status"] == "not_evaluable"
    assert fake.recorded["c"].error.code == run_pb2.TASK_ERROR_CODE_INVALID


def test_a_task_that_is_not_hosted_is_reported_as_such(
    fake: FakeService, server: FakeServer
) -> None:
    fake.add_target_tasks(1, name="unknown")

    with working(echo_worker(server, echo_plain)):
        wait_until(lambda: len(fake.recorded) == 1)

    assert "does not host unknown" in fake.recorded["t0"].error.message


async def test_a_worker_serves_inside_a_running_loop(fake: FakeService, server: FakeServer) -> None:
    loop = asyncio.get_running_loop()

    async def in_this_loop(value: Any) -> Any:
        return asyncio.get_running_loop() is loop

    worker = echo_worker(server, in_this_loop)
    ready = asyncio.Event()
    serving_worker = asyncio.create_task(worker.serve(on_ready=ready.set))
    await ready.wait()
    fake.add_target_tasks(1)
    await asyncio.to_thread(wait_until, lambda: len(fake.recorded) == 1)
    worker.stop()
    await serving_worker

    assert fake.recorded["t0"].output.json == "true"


def test_stopping_finishes_and_reports_what_runs(fake: FakeService, server: FakeServer) -> None:
    began, release = threading.Event(), threading.Event()

    async def hold(value: Any) -> Any:
        began.set()
        while not release.is_set():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.005)
        return value

    fake.add_target_tasks(4)
    worker = echo_worker(server, hold, max_concurrent_tasks=2)
    with working(worker) as thread:
        assert began.wait(10)
        worker.stop()
        release.set()
        thread.join(10)

    assert sorted(fake.recorded) == ["t0", "t1"]
    assert len(fake.queue) == 2
    assert fake.closed_sessions


def test_what_does_not_end_in_time_is_given_back(fake: FakeService, server: FakeServer) -> None:
    async def hang(value: Any) -> Any:
        await asyncio.sleep(60)

    fake.add_target_tasks(2)
    worker = echo_worker(server, hang)
    thread = threading.Thread(target=lambda: worker.run(drain_timeout=0.1))
    thread.start()
    wait_until(lambda: len(fake.lease_tokens) == 2)
    worker.stop()
    thread.join(20)

    assert {report.error.code for report in fake.recorded.values()} == {
        run_pb2.TASK_ERROR_CODE_CANCELLED
    }
    assert len(fake.recorded) == 2


WORKER_PROGRAM = """
import os, sys, time
from trialbook.client import Worker

worker = Worker(sys.argv[1])

@worker.target("echo")
def slow(value):
    os.write(1, b".")
    time.sleep(float(sys.argv[2]))
    return value

worker.run(drain_timeout=float(sys.argv[3]))
"""


def start_process(
    server: FakeServer, seconds: float, drain: float, tasks: int
) -> subprocess.Popen[bytes]:
    """Start a worker and return when it has begun so many tasks, which take some seconds each."""
    arguments = [server.address, str(seconds), str(drain)]
    command = [sys.executable, "-c", WORKER_PROGRAM, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    # What is leased but not begun when the worker is told to stop is given back, not drained.
    assert process.stdout is not None
    with process.stdout as output:
        assert output.read(tasks) == b"." * tasks
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_worker_process_drain(
    fake: FakeService, server: FakeServer, number: signal.Signals
) -> None:
    fake.add_target_tasks(3)
    process = start_process(server, 0.5, 30, tasks=3)

    process.send_signal(number)

    assert process.wait(20) == 0
    assert len(fake.recorded) == 3
    assert all(report.HasField("output") for report in fake.recorded.values())
    assert fake.closed_sessions == ["session-1"]


def test_a_second_signal_stops_a_worker_process_at_once(
    fake: FakeService, server: FakeServer
) -> None:
    fake.add_target_tasks(3)
    process = start_process(server, 60, 60, tasks=3)

    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    # Two that come together are one. Once the session is closed there is nobody to hear another.
    while not fake.closed_sessions and time.monotonic() - began < 20:
        process.send_signal(signal.SIGTERM)
        threading.Event().wait(0.1)

    assert process.wait(20) == 0
    assert fake.closed_sessions == ["session-1"]


def test_exact_json_text_is_reported_as_it_is(fake: FakeService, server: FakeServer) -> None:
    fake.add_target_tasks(1)

    with working(echo_worker(server, lambda value: Json('{ "n": 1.0 }'))):
        wait_until(lambda: len(fake.recorded) == 1)

    assert fake.recorded["t0"].output.json == '{ "n": 1.0 }'


def test_an_outcome_over_which_the_service_breaks_does_not_hold_up_the_others(
    fake: FakeService, server: FakeServer
) -> None:
    fake.breaks_over = lambda report: "3" in report.output.json
    fake.add_target_tasks(6)

    with working(echo_worker(server, echo_plain)):
        wait_until(lambda: len(fake.recorded) == 5)

    assert "t3" not in fake.recorded
