from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import Link

from tests.unit.client.fake_service import FakeServer, FakeService, Fault, wait_until
from tests.unit.client.test_worker import echo_worker, working
from trialbook.client import Client, TraceReport, TracesNotInstalled, Worker
from trialbook.client.tracing import attempt_spans, encoding, sender, setting
from trialbook.client.tracing.collector import SpanCollector
from trialbook.client.worker.attempt_trace import AttemptTrace
from trialbook.v1 import trace_pb2
from trialbook.v1.worker_pb2 import Task

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
RUN_TRACE_ID = "1bf7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"


class Recorded:
    """A provider of the SDK with an exporter of the user's own."""

    def __init__(self, **options: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False, **options)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    def named(self, name: str) -> Any:
        return next(span for span in self.exporter.get_finished_spans() if span.name == name)


def use(monkeypatch: pytest.MonkeyPatch, recorded: Recorded) -> Recorded:
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: recorded.provider)
    return recorded


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    return use(monkeypatch, Recorded())


def tool_span(name: str = "tool", **options: Any) -> None:
    with trace.get_tracer("agent").start_as_current_span(name, **options):
        pass


def with_a_tool(value: Any) -> Any:
    tool_span()
    return value


async def with_a_tool_later(value: Any) -> Any:
    await asyncio.sleep(0)
    tool_span()
    return value


def offer(fake: FakeService, count: int = 1, **fields: Any) -> None:
    fake.add_target_tasks(count, **fields)
    for index, task in enumerate(fake.queue):
        task.traceparent = f"00-{TRACE_ID[:-2]}{index:02x}-b7ad6b7169203331-01"


def reported(fake: FakeService, task_id: str = "t0") -> trace_pb2.TraceReport:
    wait_until(lambda: task_id in fake.recorded)
    assert fake.recorded[task_id].HasField("trace")
    return fake.recorded[task_id].trace


def names(fake: FakeService) -> list[str]:
    return sorted(span.name for span, _ in fake.spans)


@pytest.mark.parametrize("function", [with_a_tool, with_a_tool_later])
def test_spans_nest_below_that_of_their_attempt_and_come_before_its_report(
    fake: FakeService, server: FakeServer, recorded: Recorded, function: Callable[..., Any]
) -> None:
    offer(fake)
    with working(echo_worker(server, function)):
        told = reported(fake)

    (tool, before), (enclosing, _) = fake.spans
    assert before == 0
    assert tool.parent_span_id == enclosing.span_id == bytes.fromhex(told.span_id)
    assert enclosing.trace_id == tool.trace_id
    assert enclosing.trace_id.hex()[:-2] == TRACE_ID[:-2]
    assert enclosing.parent_span_id.hex() == "b7ad6b7169203331"
    attributes = {a.key: a.value.string_value or a.value.int_value for a in enclosing.attributes}
    assert attributes == {
        "trialbook.run": "projects/default/runs/r1",
        "trialbook.item_id": "i0",
        "trialbook.task_id": "t0",
        "trialbook.attempt": 1,
        "trialbook.work": "target",
    }
    assert told == trace_pb2.TraceReport(span_id=told.span_id, span_count=2)
    assert len(recorded.exporter.get_finished_spans()) == 2


def test_attempts_that_are_reported_together_are_sent_together(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    offer(fake, 100)
    worker = Worker(server.address)
    worker.target("echo", inline=True)(with_a_tool)
    with working(worker):
        wait_until(lambda: len(fake.recorded) == 100)

    assert len({span.span_id for span, _ in fake.spans}) == len(fake.spans) == 200
    assert fake.calls["Export"] <= fake.calls["CompleteTasks"]


def test_what_is_leased_is_done_though_the_worker_is_stopped_before_all_of_it_has_begun(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    offer(fake, 100)
    worker = Worker(server.address)
    stopped = threading.Event()

    @worker.target("echo", inline=True)
    def stopping(value: Any) -> Any:
        if not stopped.is_set():
            stopped.set()
            worker.stop()
        return value

    with working(worker):
        wait_until(lambda: len(fake.recorded) == 100)

    assert fake.calls["LeaseTasks"] == 1


def test_without_a_provider_the_report_says_that_there_is_no_trace(
    fake: FakeService, server: FakeServer
) -> None:
    offer(fake)
    with working(echo_worker(server, with_a_tool)):
        assert reported(fake) == trace_pb2.TraceReport(span_count=0)


def test_a_worker_that_is_not_to_trace_does_not(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    offer(fake)
    with working(echo_worker(server, with_a_tool, traces=False)):
        assert reported(fake) == trace_pb2.TraceReport(span_count=0)

    assert not fake.spans
    assert [span.name for span in recorded.exporter.get_finished_spans()] == ["tool"]


def test_what_is_not_sampled_is_not_counted(
    fake: FakeService, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, Recorded(sampler=ALWAYS_OFF))
    offer(fake)
    with working(echo_worker(server, with_a_tool)):
        assert reported(fake) == trace_pb2.TraceReport(span_count=0)

    assert not fake.spans


def test_a_switched_off_sdk_is_no_trace(
    fake: FakeService, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    use(monkeypatch, Recorded())
    offer(fake)
    with working(echo_worker(server, with_a_tool)):
        assert reported(fake) == trace_pb2.TraceReport(span_count=0)


def test_spans_that_leave_the_trace_of_their_attempt_are_told_by_its_id(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    def astray(value: Any) -> Any:
        tracer = trace.get_tracer("agent")
        inside = trace.get_current_span().get_span_context()
        tool_span("fresh", context=otel_context.Context())
        linked = threading.Thread(target=lambda: tool_span("linked", links=[Link(inside)]))
        linked.start()
        linked.join()
        parent = trace.set_span_in_context(trace.NonRecordingSpan(inside), otel_context.Context())
        child = threading.Thread(target=lambda: tracer.start_span("child", parent).end())
        child.start()
        child.join()
        threading.Thread(target=lambda: tool_span("foreign")).start()
        return value

    offer(fake)
    with working(echo_worker(server, astray)):
        told = reported(fake)

    assert names(fake) == ["child", "fresh", "linked", "trialbook.target echo"]
    apart = {span.trace_id.hex() for span, _ in fake.spans if span.name in ("fresh", "linked")}
    assert set(told.trace_ids) == apart
    assert len(apart) == 2
    assert told.span_count == 4


def test_a_failure_is_the_status_of_the_attempts_span(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    def fail(value: Any) -> Any:
        raise KeyError("order")

    offer(fake)
    with working(echo_worker(server, fail)):
        reported(fake)

    (span, _) = fake.spans[0]
    assert span.status.message == "KeyError: 'order'"
    assert [event.name for event in span.events] == ["exception"]


def test_an_attempt_past_its_timeout_is_told_with_what_is_open(
    fake: FakeService,
    server: FakeServer,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "LATE_SECONDS", 0.05)
    release = threading.Event()

    def hang(value: Any) -> Any:
        with trace.get_tracer("agent").start_as_current_span("slow tool"):
            release.wait(10)

    offer(fake, timeout=0.05)
    with working(echo_worker(server, hang)):
        told = reported(fake)
        assert (told.span_count, told.open_spans) == (1, 1)
        assert "took longer" in fake.spans[0][0].status.message
        release.set()
        wait_until(lambda: len(fake.spans) == 2)

    assert fake.spans[1][0].name == "slow tool"


def test_spans_that_end_after_the_report_are_sent_at_the_latest_with_the_end(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    open_spans: list[trace.Span] = []

    def leave_open(value: Any) -> Any:
        open_spans.append(trace.get_tracer("agent").start_span("late"))
        return value

    offer(fake)
    with working(echo_worker(server, leave_open)):
        told = reported(fake)
        open_spans[0].end()

    assert (told.span_count, told.open_spans) == (1, 1)
    assert names(fake) == ["late", "trialbook.target echo"]


def test_spans_are_counted_though_they_are_not_taken_and_sent_when_they_are(
    fake: FakeService,
    server: FakeServer,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(sender, "LATE_SECONDS", 0.05)
    fake.faults["Export"].extend([Fault()] * 1_000)
    offer(fake)
    with working(echo_worker(server, with_a_tool)):
        told = reported(fake)
        assert (told.span_count, len(fake.spans)) == (2, 0)
        fake.faults["Export"].clear()
        wait_until(lambda: len(fake.spans) == 2)


def test_spans_that_are_refused_for_good_are_dropped(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    fake.faults["Export"].append(Fault(grpc.StatusCode.PERMISSION_DENIED, "no"))
    offer(fake)
    with working(echo_worker(server, with_a_tool)):
        assert reported(fake).span_count == 2

    assert (fake.calls["Export"], fake.spans) == (1, [])


def test_spans_of_scorers_are_not_sent(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    worker = Worker(server.address)

    @worker.scorer("judge")
    def judge(output: Any) -> float:
        tool_span("judging")
        return 1.0

    task = Task(task_id="t0", traceparent=TRACEPARENT)
    task.scorer.scorer, task.scorer.output.json = "judge", "1"
    fake.add_task(task)
    with working(worker):
        wait_until(lambda: "t0" in fake.recorded)

    assert not fake.recorded["t0"].HasField("trace")
    assert not fake.spans
    judging, enclosing = recorded.named("judging"), recorded.named("trialbook.scorer judge")
    assert judging.parent.span_id == enclosing.context.span_id
    assert enclosing.attributes["trialbook.work"] == "scorer"
    assert trace.format_trace_id(enclosing.context.trace_id) == TRACE_ID


def test_the_trace_of_a_run_goes_on_in_the_worker_and_stays_with_the_user(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    offer(fake)
    fake.queue[0].run_traceparent = f"00-{RUN_TRACE_ID}-c7ad6b7169203331-01"
    with working(echo_worker(server, with_a_tool)):
        told = reported(fake)

    assert names(fake) == ["tool", "trialbook.target echo"]
    assert all(not span.links for span, _ in fake.spans)
    assert (told.span_count, list(told.trace_ids)) == (2, [])
    execute, enclosing = recorded.named("execute echo"), recorded.named("trialbook.target echo")
    assert trace.format_trace_id(execute.context.trace_id) == RUN_TRACE_ID
    assert execute.links[0].context.span_id == enclosing.context.span_id
    assert enclosing.links[0].context.span_id == execute.context.span_id


def test_a_malformed_trace_of_a_run_is_ignored(
    fake: FakeService, server: FakeServer, recorded: Recorded
) -> None:
    offer(fake)
    fake.queue[0].run_traceparent = "00-garbage-01"
    with working(echo_worker(server, with_a_tool)):
        assert reported(fake).span_count == 2

    assert len(recorded.exporter.get_finished_spans()) == 2


def test_calls_carry_the_trace_in_which_they_are_made(
    fake: FakeService, client: Client, recorded: Recorded
) -> None:
    client.runs.get("r1")
    with trace.get_tracer("caller").start_as_current_span("caller") as span:
        client.runs.get("r1")

    outside, inside = fake.metadata
    assert "traceparent" not in outside
    own = trace.format_trace_id(span.get_span_context().trace_id)
    assert str(inside["traceparent"]).split("-")[1] == own


# The collector -------------------------------------------------------------------------------


def attempt_in(recorded: Recorded) -> tuple[SpanCollector, AttemptTrace]:
    collector = SpanCollector()
    recorded.provider.add_span_processor(collector)
    task = Task(task_id="t", traceparent=TRACEPARENT)
    task.target.item_id = "i"
    tracer = recorded.provider.get_tracer("t")
    return collector, AttemptTrace("attempt", task, tracer, collector.watch(int(TRACE_ID, 16)))


def test_what_is_beyond_the_limit_is_counted_and_not_kept(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_spans, "MAX_SPANS", 3)
    collector, attempt = attempt_in(recorded)
    with attempt:
        for _ in range(9):
            tool_span()

    assert attempt.spans is not None
    assert attempt.report().span_count == 10
    assert len(collector.take(attempt.spans, lambda _: None)) == 3
    assert not collector._by_span
    assert not collector._by_trace


def test_an_attempt_that_is_given_up_leaves_nothing_behind(recorded: Recorded) -> None:
    collector, attempt = attempt_in(recorded)
    assert attempt.spans is not None
    with attempt:
        tool_span()
        collector.drop(attempt.spans)
        tool_span()

    assert not collector._by_span
    assert not collector._by_trace
    assert not collector._kept
    assert not attempt.spans.kept


def test_large_and_many_spans_are_split_and_a_broken_one_is_left_out(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "MAX_BYTES", 20_000)
    for index in range(700):
        tool_span("large" if index == 5 else "small", attributes={"x": "y" * (index == 5) * 30_000})
    tool_span("broken \udc80")
    batches = encoding.batches_of(recorded.exporter.get_finished_spans())

    assert sum(len(batch.spans) for batch in batches) == 700
    sizes = [len(batch.request) for batch in batches if len(batch.spans) > 1]
    assert sizes
    assert max(sizes) <= 20_000


# The setting ---------------------------------------------------------------------------------


def test_traces_that_cannot_be_written_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting, "find_spec", lambda _: None)

    with pytest.raises(TracesNotInstalled, match=r"trialbook-client\[traces\]"):
        Worker("127.0.0.1:1", traces=True)


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [("1", None, True), ("off", None, False), ("", None, None), ("0", True, True)],
)
def test_the_environment_says_whether_to_trace_where_the_worker_does_not(
    monkeypatch: pytest.MonkeyPatch, text: str, given: bool | None, expected: bool | None
) -> None:
    monkeypatch.setenv("TRIALBOOK_TRACES", text)

    assert setting.traces_setting(given) is expected


def test_an_environment_that_says_neither_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIALBOOK_TRACES", "perhaps")

    with pytest.raises(ValueError, match="TRIALBOOK_TRACES"):
        Worker("127.0.0.1:1")


PROVIDED = """
from opentelemetry import trace
from trialbook.client.tracing.provider import ensure_provider
ensure_provider("w7")
provider = trace.get_tracer_provider()
ensure_provider("w8")
assert trace.get_tracer_provider() is provider
processors = provider._active_span_processor._span_processors
print(provider.resource.attributes["service.name"], provider._span_limits.max_span_attributes)
print(*(type(processor).__name__ for processor in processors))
"""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ["w7 10000", ""]),
        (
            {
                "OTEL_SERVICE_NAME": "mine",
                "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "50",
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
            },
            ["mine 50", "BatchSpanProcessor"],
        ),
    ],
)
def test_a_provider_is_set_up_as_the_standard_variables_say(
    environment: dict[str, str], expected: list[str]
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROVIDED],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert told.stdout.split("\n")[:2] == expected


# What is told without spans --------------------------------------------------------------------


def test_a_caller_tells_what_it_knows_of_a_trace() -> None:
    told = TraceReport(3, span_id="b7ad6b7169203331", trace_ids=[TRACE_ID], open_spans=1)

    assert told.to_message() == trace_pb2.TraceReport(
        span_count=3, span_id="b7ad6b7169203331", trace_ids=[TRACE_ID], open_spans=1
    )
    assert not TraceReport().to_message().HasField("span_count")
