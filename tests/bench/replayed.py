"""A worker that is no burden: `python -m tests.bench.replayed`, with TRIALBOOK_ADDRESS set.

It speaks to the service without the SDK, and the spans of its attempts were made beforehand: what
is left of a run's rate is the service's own doing. They are sent unless TRIALBOOK_TRACES says 0.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Sequence

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.bench.agent_spans import SPANS
from tests.bench.otlp_batches import chunk, trace
from tests.bench.workload import REPLAYED, answer
from trialbook.v1.experiment_pb2 import TARGET_KIND_AGENT, Target
from trialbook.v1.payload_pb2 import Payload
from trialbook.v1.trace_pb2 import TraceReport
from trialbook.v1.worker_pb2 import Capability, Task, TaskReport
from trialbook.v1.worker_service_pb2 import (
    CompleteTasksRequest,
    HeartbeatRequest,
    LeaseTasksRequest,
    RegisterWorkerRequest,
    RegisterWorkerResponse,
)
from trialbook.v1.worker_service_pb2_grpc import WorkerServiceStub

_LANES = 2
_BATCH = 25
_EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class Replay:
    """Leases, sends spans, and reports, in lanes that do not wait for each other."""

    def __init__(self, channel: grpc.aio.Channel, *, traces: bool) -> None:
        self._worker = WorkerServiceStub(channel)
        self._export: grpc.aio.UnaryUnaryMultiCallable[bytes, ExportTraceServiceResponse]
        self._export = channel.unary_unary(
            _EXPORT, response_deserializer=ExportTraceServiceResponse.FromString
        )
        spans = trace(0)
        self._made = chunk(spans)
        self._placeholder = spans[0].trace_id
        self._traces = traces
        self._trace = TraceReport(span_count=0)
        if traces:
            self._trace = TraceReport(span_count=SPANS, span_id=spans[0].span_id.hex())

    async def work(self) -> None:
        """Go on until the process is told to stop."""
        target = Target(kind=TARGET_KIND_AGENT, name=REPLAYED, revision="1")
        session: RegisterWorkerResponse = await self._worker.RegisterWorker(
            RegisterWorkerRequest(
                parent="projects/default",
                worker_id="replayed",
                capabilities=[Capability(target=target)],
                max_concurrent_tasks=_LANES * _BATCH,
            )
        )
        lanes = [self._lane(session.session_token, number) for number in range(_LANES)]
        await asyncio.gather(self._live(session), *lanes)

    async def _live(self, session: RegisterWorkerResponse) -> None:
        while True:
            await self._worker.Heartbeat(HeartbeatRequest(session_token=session.session_token))
            await asyncio.sleep(session.heartbeat_interval.ToTimedelta().total_seconds())

    async def _lane(self, token: str, lane: int) -> None:
        calls = 0
        while True:
            calls += 1
            request = LeaseTasksRequest(
                session_token=token, max_tasks=_BATCH, request_id=f"{lane}-{calls}"
            )
            request.max_wait.FromSeconds(5)
            leased = await self._worker.LeaseTasks(request)
            if leased.tasks:
                await self._report(token, leased.tasks)

    async def _report(self, token: str, tasks: Sequence[Task]) -> None:
        if self._traces:
            # Messages that follow each other are one that has the parts of both.
            await self._export(b"".join(map(self._spans_of, tasks)))
        reports = [
            TaskReport(
                task_id=task.task_id,
                lease_token=task.lease_token,
                output=Payload(json=json.dumps(answer(json.loads(task.target.input.json)))),
                trace=self._trace,
            )
            for task in tasks
        ]
        await self._worker.CompleteTasks(CompleteTasksRequest(session_token=token, reports=reports))

    def _spans_of(self, task: Task) -> bytes:
        own = bytes.fromhex(task.traceparent.split("-")[1])
        return self._made.replace(self._placeholder, own)


async def main() -> None:
    """Work until SIGINT or SIGTERM."""
    async with grpc.aio.insecure_channel(os.environ["TRIALBOOK_ADDRESS"]) as channel:
        replay = Replay(channel, traces=os.environ.get("TRIALBOOK_TRACES") != "0")
        working = asyncio.ensure_future(replay.work())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, working.cancel)
        await asyncio.gather(working, return_exceptions=True)
        if not working.cancelled():
            working.result()


if __name__ == "__main__":
    asyncio.run(main())
