"""TraceService: traces of results and raw ones, trajectories, differences, spans."""

from __future__ import annotations

import json as plain_json
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceStub as CollectorStub,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan

from tests.contract.otlp.telemetry import new_span, new_trace, spans, text
from tests.service import (
    PROJECT,
    Service,
    answered,
    hosts_target,
    invalid,
    item,
    json,
    new_run,
    new_worker,
    refusal,
    summary,
)
from trialbook.v1.run_pb2 import Run
from trialbook.v1.trace_pb2 import (
    STEP_TYPE_AGENT_RUN,
    STEP_TYPE_MODEL_GENERATION,
    STEP_TYPE_TOOL_CALL,
    TRACE_STATUS_COMPLETE,
    TRACE_STATUS_MISSING,
    TRAJECTORY_SOURCE_MESSAGES,
    TRAJECTORY_SOURCE_TRACE,
    SpanRef,
    TraceReport,
    TraceViewer,
)
from trialbook.v1.trace_service_pb2 import (
    STEP_MATCH_DIFFERENT,
    STEP_MATCH_EXTRA,
    STEP_MATCH_MATCHED,
    STEP_MATCH_MISSING,
    DiffTrajectoryRequest,
    GetTraceRequest,
    GetTrajectoryRequest,
    ListSpansRequest,
    SetTraceViewersRequest,
)
from trialbook.v1.worker_pb2 import Task

SECOND = 1_000_000_000
BEGAN = 1_796_000_000 * SECOND
EXPECTED = '{"steps":[{"name":"search","args":{"q":"tea"}},{"name":"pay"}]}'


def number(key: str, value: int) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(int_value=value))


def span(trace_id: bytes, place: int, name: str, parent: bytes, *attributes: KeyValue) -> OtlpSpan:
    """The span that begins and ends so many seconds after the first, for half a second."""
    return new_span(
        trace_id,
        name,
        span_id=bytes(7) + bytes([place]),
        parent_span_id=parent,
        start_time_unix_nano=BEGAN + place * SECOND,
        end_time_unix_nano=BEGAN + place * SECOND + SECOND // 2,
        attributes=attributes,
    )


def agent_spans(trace_id: bytes, parent: bytes = b"") -> list[OtlpSpan]:
    """An agent that asks a model and calls a tool, below a span that encloses all of it."""
    outer, agent = bytes(7) + b"\1", bytes(7) + b"\2"
    operation = "gen_ai.operation.name"
    return [
        span(trace_id, 1, "attempt", parent, text("trialbook.task_id", "t")),
        span(
            trace_id,
            2,
            "invoke_agent shop",
            outer,
            text(operation, "invoke_agent"),
            text("gen_ai.agent.name", "shop"),
        ),
        span(
            trace_id,
            3,
            "chat gpt",
            agent,
            text(operation, "chat"),
            text("gen_ai.request.model", "gpt"),
            number("gen_ai.usage.input_tokens", 12),
            number("gen_ai.usage.output_tokens", 3),
        ),
        span(
            trace_id,
            4,
            "execute_tool search",
            agent,
            text(operation, "execute_tool"),
            text("gen_ai.tool.name", "search"),
            text("gen_ai.tool.call.arguments", '{"q":"coffee"}'),
            text("gen_ai.tool.call.result", "[]"),
        ),
    ]


async def export(service: Service, *those: OtlpSpan, name: str = "agent") -> None:
    stub: Any = CollectorStub(service.channel)  # type: ignore[no-untyped-call]
    answer = await stub.Export(spans(*those, service=name))
    assert not answer.partial_success.rejected_spans


async def traced(service: Service, *, expected: str | None = EXPECTED) -> tuple[Run, bytes]:
    """A run of one item that was traced, and the id of its trace."""
    worker = await new_worker(service, hosts_target())
    told = None if expected is None else json(expected)
    run = await new_run(service, [item(expected_trajectory=told)])
    task = await worker.lease_one()
    _, trace, parent, _ = task.traceparent.split("-")
    await export(service, *agent_spans(bytes.fromhex(trace), bytes.fromhex(parent)))
    report = answered(task, '"done"')
    report.trace.CopyFrom(TraceReport(span_id=f"{1:016x}", span_count=4))
    await worker.report(report)
    return run, bytes.fromhex(trace)


async def untraced(service: Service, output: str) -> str:
    """The name of a result that no trace tells of."""
    worker = await new_worker(service, hosts_target())
    run = await new_run(service, [item(expected_trajectory=json(EXPECTED))])
    task: Task = await worker.lease_one()
    report = answered(task, output)
    report.trace.CopyFrom(TraceReport(span_count=0))
    await worker.report(report)
    return f"{run.name}/results/1"


async def look_at(service: Service) -> None:
    """Let people of the project look at traces in Jaeger."""
    viewer = TraceViewer(name="Jaeger", url_template="http://j/{trace}?s={span}&t={start}")
    await service.traces.SetTraceViewers(SetTraceViewersRequest(parent=PROJECT, viewers=[viewer]))


async def test_a_trajectory_tells_what_was_done_step_by_step(service: Service) -> None:
    run, trace = await traced(service)

    found = await service.traces.GetTrajectory(GetTrajectoryRequest(name=f"{run.name}/results/1"))

    steps = found.trajectory.steps
    assert [(step.step_type, step.name, step.parent) for step in steps] == [
        (STEP_TYPE_AGENT_RUN, "shop", 0),
        (STEP_TYPE_MODEL_GENERATION, "gpt", 1),
        (STEP_TYPE_TOOL_CALL, "search", 1),
    ]
    assert plain_json.loads(steps[2].args.json) == {"q": "coffee"}
    assert (steps[1].input_tokens, steps[1].output_tokens) == (12, 3)
    assert steps[1].duration.ToMilliseconds() == 500
    assert steps[2].start_time.ToNanoseconds() == BEGAN + 4 * SECOND
    assert list(steps[2].spans) == [SpanRef(trace_id=trace.hex(), span_id=f"{4:016x}")]
    assert steps[2].rule
    assert (found.trajectory.source, found.why_missing) == (TRAJECTORY_SOURCE_TRACE, "")
    assert found.trajectory.evidence.complete
    assert found.trajectory.normalizer_version > 0


async def test_a_trace_tells_what_came_and_where_to_look_at_it(service: Service) -> None:
    run, trace = await traced(service)
    await look_at(service)

    found = await service.traces.GetTrace(GetTraceRequest(name=f"{run.name}/results/1"))

    state = found.state
    assert (state.status, state.received_spans, state.expected_spans) == (
        TRACE_STATUS_COMPLETE,
        4,
        4,
    )
    assert (list(state.trace_ids), state.span_id) == ([trace.hex()], f"{1:016x}")
    assert found.start_time.ToNanoseconds() == BEGAN + SECOND
    assert found.duration.ToMilliseconds() == 3500
    assert list(found.services) == ["agent"]
    assert [(link.viewer, link.url) for link in found.links] == [
        ("Jaeger", f"http://j/{trace.hex()}?s={1:016x}&t=1796000001000")
    ]


async def test_without_a_trace_messages_tell(service: Service) -> None:
    messages = [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "search", "arguments": '{"q": "tea"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "[]"},
    ]
    name = await untraced(service, plain_json.dumps(messages))

    found = await service.traces.GetTrajectory(GetTrajectoryRequest(name=name))
    compared = await service.traces.DiffTrajectory(DiffTrajectoryRequest(name=name))

    assert found.trajectory.source == TRAJECTORY_SOURCE_MESSAGES
    assert found.state.status == TRACE_STATUS_MISSING
    calls = [s.name for s in found.trajectory.steps if s.step_type == STEP_TYPE_TOOL_CALL]
    assert calls == ["search"]
    assert [line.match for line in compared.differences] == [STEP_MATCH_MATCHED, STEP_MATCH_MISSING]
    assert (compared.precision, compared.recall) == (1.0, 0.5)


async def test_where_nothing_tells_it_is_said_why(service: Service) -> None:
    name = await untraced(service, '"done"')

    found = await service.traces.GetTrajectory(GetTrajectoryRequest(name=name))
    told = await refusal(service.traces.DiffTrajectory(DiffTrajectoryRequest(name=name)))
    trace = await service.traces.GetTrace(GetTraceRequest(name=name))

    assert not found.HasField("trajectory")
    assert "not traced" in found.why_missing
    assert (told.code, told.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "NO_EXPECTATION",
    )
    assert not trace.HasField("start_time")


async def test_the_expected_trajectory_is_laid_beside_the_actual_one(service: Service) -> None:
    run, _ = await traced(service)
    name = f"{run.name}/results/1"

    of_item = await service.traces.DiffTrajectory(DiffTrajectoryRequest(name=name))
    given = await service.traces.DiffTrajectory(
        DiffTrajectoryRequest(name=name, expected_trajectory=json('[{"name":"walk"}]'))
    )

    first, second = of_item.differences
    assert (first.match, first.step) == (STEP_MATCH_DIFFERENT, 3)
    assert plain_json.loads(first.expected.json) == {"name": "search", "args": {"q": "tea"}}
    assert list(first.argument_differences) == ["/q is 'coffee', not 'tea'"]
    assert (second.match, second.step) == (STEP_MATCH_MISSING, 0)
    assert of_item.trajectory.steps[2].name == "search"
    assert [line.match for line in given.differences] == [STEP_MATCH_MISSING, STEP_MATCH_EXTRA]
    assert (of_item.recall, given.precision) == (0.0, 0.0)


async def test_there_must_be_something_to_compare_with(service: Service) -> None:
    run, _ = await traced(service, expected=None)
    name = f"{run.name}/results/1"

    none = await refusal(service.traces.DiffTrajectory(DiffTrajectoryRequest(name=name)))
    bad = [
        await refusal(
            service.traces.DiffTrajectory(
                DiffTrajectoryRequest(name=name, expected_trajectory=json(text))
            )
        )
        for text in ('{"steps":[{"nam":"x"}]}', "{", "7")
    ]

    assert (none.code, none.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_EXPECTATION")
    assert none.metadata == {"resource": name}
    assert bad[0].paths[0].startswith("expected_trajectory.steps[0]")
    assert (bad[1].reason, bad[1].paths) == ("INVALID_JSON", ["expected_trajectory"])
    assert summary(bad[2]) == invalid("expected_trajectory")


async def test_spans_are_listed_as_they_began_page_by_page(service: Service) -> None:
    run, trace = await traced(service)
    request = ListSpansRequest(name=f"{run.name}/results/1", page_size=3)

    first = await service.traces.ListSpans(request)
    request.page_token = first.next_page_token
    second = await service.traces.ListSpans(request)

    listed = [*first.spans, *second.spans]
    assert [span.name.partition(" ")[0] for span in listed] == [
        "attempt",
        "invoke_agent",
        "chat",
        "execute_tool",
    ]
    assert (len(first.spans), second.next_page_token) == (3, "")
    assert listed[3].parent_id == f"{2:016x}"
    assert plain_json.loads(listed[3].attributes.json)["gen_ai.tool.name"] == "search"
    assert (listed[3].service, listed[3].scope) == ("agent", "tests")
    assert plain_json.loads(listed[3].events.json) == []
    other = ListSpansRequest(
        name=f"{PROJECT}/traces/{trace.hex()}", page_token=first.next_page_token
    )
    told = await refusal(service.traces.ListSpans(other))
    assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


async def test_a_page_of_spans_ends_where_it_gets_large(service: Service) -> None:
    trace = new_trace()
    large = [span(trace, place, "large", b"", text("x", "y" * 900_000)) for place in range(1, 4)]
    await export(service, *large)

    page = await service.traces.ListSpans(ListSpansRequest(name=f"{PROJECT}/traces/{trace.hex()}"))

    assert len(page.spans) == 2
    assert page.next_page_token


async def test_a_trace_that_belongs_to_no_result_is_found_by_its_id(service: Service) -> None:
    trace = new_trace()
    await export(service, *agent_spans(trace)[1:])
    name = f"{PROJECT}/traces/{trace.hex()}"

    found = await service.traces.GetTrace(GetTraceRequest(name=name))
    did = await service.traces.GetTrajectory(GetTrajectoryRequest(name=name))
    compared = await service.traces.DiffTrajectory(
        DiffTrajectoryRequest(name=name, expected_trajectory=json('[{"name":"search"}]'))
    )

    assert (found.state.received_spans, found.state.HasField("expected_spans")) == (3, False)
    assert [step.name for step in did.trajectory.steps] == ["shop", "gpt", "search"]
    assert [line.match for line in compared.differences] == [STEP_MATCH_MATCHED]


async def test_other_names_are_refused(service: Service) -> None:
    for name in (
        "",
        PROJECT,
        f"{PROJECT}/traces/abc",
        f"{PROJECT}/traces/{'0' * 32}",
        f"{PROJECT}/runs/r/results/x",
        "a/b/c/d",
    ):
        told = await refusal(service.traces.GetTrace(GetTraceRequest(name=name)))

        assert summary(told) == invalid("name"), name


async def test_what_is_not_there_is_not_found(service: Service) -> None:
    run, _ = await traced(service)
    for name in (
        f"{PROJECT}/traces/{'a' * 32}",
        f"{run.name}/results/2",
        f"{PROJECT}/runs/none/results/1",
    ):
        told = [
            await refusal(service.traces.GetTrace(GetTraceRequest(name=name))),
            await refusal(service.traces.GetTrajectory(GetTrajectoryRequest(name=name))),
            await refusal(service.traces.DiffTrajectory(DiffTrajectoryRequest(name=name))),
            await refusal(service.traces.ListSpans(ListSpansRequest(name=name))),
        ]

        assert {one.code for one in told} == {grpc.StatusCode.NOT_FOUND}
