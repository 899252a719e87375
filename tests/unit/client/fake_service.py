"""An adapter of the contract in memory: enough of the service to meet the client's troubles.

It can lose answers, break streams, fence leases and forget sessions, each when a test says so.
"""

# ruff: noqa: N802 - methods have the names of the contract

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import aio
from grpc_status import rpc_status
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_service
from opentelemetry.proto.trace.v1 import trace_pb2

from trialbook.v1 import dataset_pb2, experiment_pb2, run_pb2, worker_pb2
from trialbook.v1 import dataset_service_pb2 as dataset_service
from trialbook.v1 import experiment_service_pb2 as experiment_service
from trialbook.v1 import run_service_pb2 as run_service
from trialbook.v1 import scorer_service_pb2 as scorer_service
from trialbook.v1 import worker_service_pb2 as worker_service

Handler = Callable[[Any, aio.ServicerContext[Any, Any]], Awaitable[Message]]
POLL_SECONDS = 0.005


@dataclass(frozen=True)
class Fault:
    """What one call meets: an error before it has its effect, or after it (a lost answer)."""

    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    message: str = "a fault that the test asked for"
    reason: str = "ERROR_REASON_SHUTTING_DOWN"
    after_effect: bool = False
    violations: tuple[tuple[str, str], ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    details: bool = True


LOST_ANSWER = Fault(after_effect=True, details=False)


class FakeService:
    """The service's state. Tests read and change it from their own thread."""

    def __init__(self) -> None:
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.calls: Counter[str] = Counter()
        self.requests: defaultdict[str, list[Any]] = defaultdict(list)
        self.metadata: list[dict[str, str | bytes]] = []
        # workers
        self.queue: deque[worker_pb2.Task] = deque()
        self.lease_answers: dict[str, list[worker_pb2.Task]] = {}
        self.lease_tokens: dict[str, str] = {}
        self.recorded: dict[str, worker_pb2.TaskReport] = {}
        self.dispositions: list[int] = []
        self.sessions: set[str] = set()
        self.closed_sessions: list[str] = []
        self.stop_task_ids: list[str] = []
        self.refuse_report: Callable[[worker_pb2.TaskReport], str | None] = lambda _: None
        self.breaks_over: Callable[[worker_pb2.TaskReport], bool] = lambda _: False
        self.max_wait = 5.0
        self.heartbeat_interval = 0.05
        # runs
        self.run = run_pb2.Run(name="projects/default/runs/r1")
        self.events: list[run_pb2.RunEvent] = []
        self.stream_lengths: deque[int] = deque()
        self.watched_from: list[int] = []
        self.submitted: dict[tuple[str, int], run_service.SubmittedResult] = {}
        # spans, each with how many reports were recorded when it came
        self.spans: list[tuple[trace_pb2.Span, int]] = []
        # datasets
        self.datasets: dict[str, dataset_pb2.Dataset] = {}
        self.items: defaultdict[str, list[dataset_pb2.Item]] = defaultdict(list)
        self.remembered: dict[str, Message] = {}

    # -- what tests do -------------------------------------------------------------------

    def add_task(self, task: worker_pb2.Task) -> None:
        """Offer a task to workers, with a new lease token."""
        task.lease_token = f"{task.task_id}-{self.calls['offered']}"
        self.calls["offered"] += 1
        self.queue.append(task)

    def add_target_tasks(self, count: int, name: str = "echo", timeout: float = 0.0) -> None:
        """Offer tasks t0, t1 … whose inputs are their numbers."""
        for index in range(count):
            task = worker_pb2.Task(task_id=f"t{index}", run="projects/default/runs/r1", attempt=1)
            task.timeout.FromNanoseconds(round(timeout * 1e9))
            work = task.target
            work.target.name, work.target.revision = name, "1"
            work.item_id, work.trial, work.input.json = f"i{index}", 1, str(index)
            self.add_task(task)

    def forget_sessions(self) -> None:
        """Let every session be expired."""
        self.sessions.clear()

    # -- WorkerService -------------------------------------------------------------------

    async def RegisterWorker(self, request: Any, context: Any) -> Message:
        token = f"session-{self.calls['RegisterWorker']}"
        self.sessions.add(token)
        answer = worker_service.RegisterWorkerResponse(session_token=token)
        answer.lease_duration.FromSeconds(30)
        answer.heartbeat_interval.FromNanoseconds(round(self.heartbeat_interval * 1e9))
        answer.max_wait.FromNanoseconds(round(self.max_wait * 1e9))
        return answer

    async def LeaseTasks(self, request: Any, context: Any) -> Message:
        await self._check_session(request.session_token, context)
        if request.request_id not in self.lease_answers:
            end = time.monotonic() + request.max_wait.ToNanoseconds() / 1e9
            while not self.queue and time.monotonic() < end:  # noqa: ASYNC110 - filled by a thread
                await asyncio.sleep(POLL_SECONDS)
            taken = [self.queue.popleft() for _ in range(min(request.max_tasks, len(self.queue)))]
            for task in taken:
                self.lease_tokens[task.task_id] = task.lease_token
            self.lease_answers[request.request_id] = taken
        return worker_service.LeaseTasksResponse(tasks=self.lease_answers[request.request_id])

    async def CompleteTasks(self, request: Any, context: Any) -> Message:
        await self._check_session(request.session_token, context)
        if any(map(self.breaks_over, request.reports)):
            await _abort(
                context,
                Fault(grpc.StatusCode.INTERNAL, "a defect", "ERROR_REASON_INTERNAL"),
            )
        refused = [
            (f"reports[{index}].output.json", reason)
            for index, report in enumerate(request.reports)
            if (reason := self.refuse_report(report)) is not None
        ]
        if refused:
            await _abort(
                context,
                Fault(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    "a report is malformed",
                    "ERROR_REASON_INVALID_JSON",
                    violations=tuple(refused),
                ),
            )
        dispositions = [self._record(report) for report in request.reports]
        self.dispositions.extend(dispositions)
        return worker_service.CompleteTasksResponse(dispositions=dispositions)

    def _record(self, report: worker_pb2.TaskReport) -> worker_pb2.TaskDisposition:
        if report.task_id in self.recorded:
            return worker_pb2.TASK_DISPOSITION_ALREADY_RECORDED
        if self.lease_tokens.get(report.task_id) != report.lease_token:
            return worker_pb2.TASK_DISPOSITION_FENCED
        self.recorded[report.task_id] = report
        return worker_pb2.TASK_DISPOSITION_RECORDED

    async def Heartbeat(self, request: Any, context: Any) -> Message:
        await self._check_session(request.session_token, context)
        stop = [t for t in self.stop_task_ids if t in request.running_task_ids]
        return worker_service.HeartbeatResponse(stop_task_ids=stop)

    async def CloseWorker(self, request: Any, context: Any) -> Message:
        self.closed_sessions.append(request.session_token)
        return worker_service.CloseWorkerResponse()

    async def _check_session(self, token: str, context: Any) -> None:
        if token not in self.sessions:
            await _abort(
                context,
                Fault(
                    grpc.StatusCode.UNAUTHENTICATED,
                    "the session is over",
                    "ERROR_REASON_SESSION_EXPIRED",
                ),
            )

    # -- RunService ----------------------------------------------------------------------

    async def GetRun(self, request: Any, context: Any) -> Message:
        return run_service.GetRunResponse(run=self.run)

    async def StartRun(self, request: Any, context: Any) -> Message:
        return run_service.StartRunResponse(run=self.run)

    async def CancelRun(self, request: Any, context: Any) -> Message:
        return run_service.CancelRunResponse(run=self.run)

    async def SubmitResults(self, request: Any, context: Any) -> Message:
        dispositions = [self._take(result) for result in request.results]
        return run_service.SubmitResultsResponse(dispositions=dispositions)

    def _take(self, result: run_service.SubmittedResult) -> run_service.SubmissionDisposition:
        if (result.item_id, result.trial) in self.submitted:
            return run_service.SUBMISSION_DISPOSITION_ALREADY_RECORDED
        self.submitted[result.item_id, result.trial] = result
        return run_service.SUBMISSION_DISPOSITION_RECORDED

    async def FinishRun(self, request: Any, context: Any) -> Message:
        return run_service.FinishRunResponse(run=self.run)

    async def ListResults(self, request: Any, context: Any) -> Message:
        submitted = [run_pb2.Result(item_id=i, trial=t) for i, t in self.submitted]
        return _page(
            [*submitted, *(e.result for e in self.events if e.HasField("result"))],
            request,
            lambda values, token: run_service.ListResultsResponse(
                results=values, next_page_token=token
            ),
        )

    async def WatchRun(self, request: Any, context: Any) -> AsyncIterator[Message]:
        """Tell two facts a message; break the stream after as many messages as are set."""
        self.watched_from.append(request.after_position)
        left = self.stream_lengths.popleft() if self.stream_lengths else -1
        position = request.after_position
        while True:
            if left == 0:
                await _abort(context, Fault())
            left -= 1
            events = [e for e in self.events if e.position > position][:2]
            position = events[-1].position if events else position
            ended = bool(self.run.status) and position >= self.run.last_position
            yield run_service.WatchRunResponse(
                events=events, through_position=position, run=self.run if ended else None
            )
            if ended:
                return
            if not events:
                await asyncio.sleep(POLL_SECONDS)

    # -- OTLP ----------------------------------------------------------------------------

    async def Export(self, request: Any, context: Any) -> Message:
        for resource_spans in request.resource_spans:
            for scope_spans in resource_spans.scope_spans:
                self.spans.extend((span, len(self.recorded)) for span in scope_spans.spans)
        return trace_service.ExportTraceServiceResponse()

    # -- DatasetService ------------------------------------------------------------------

    async def CreateDataset(self, request: Any, context: Any) -> Message:
        known = self.remembered.get(request.request_id)
        if known is not None:
            return known
        name = f"{request.parent}/datasets/{request.dataset_id}"
        if name in self.datasets:
            await _abort(
                context,
                Fault(
                    grpc.StatusCode.ALREADY_EXISTS,
                    f"{name} exists already",
                    "ERROR_REASON_RESOURCE_EXISTS",
                    metadata={"resource": name},
                ),
            )
        self.datasets[name] = request.dataset
        self.datasets[name].name = name
        answer = dataset_service.CreateDatasetResponse(dataset=self.datasets[name])
        self.remembered[request.request_id] = answer
        return answer

    async def GetDataset(self, request: Any, context: Any) -> Message:
        if request.name not in self.datasets:
            await _abort(
                context,
                Fault(
                    grpc.StatusCode.NOT_FOUND,
                    f"There is no {request.name}.",
                    "ERROR_REASON_RESOURCE_NOT_FOUND",
                    metadata={"resource": request.name},
                ),
            )
        return dataset_service.GetDatasetResponse(dataset=self.datasets[request.name])

    async def AddItems(self, request: Any, context: Any) -> Message:
        dataset = self._store(request.parent, request.items)
        ids = [item.item_id for item in request.items]
        return dataset_service.AddItemsResponse(dataset=dataset, item_ids=ids)

    async def ImportItems(self, requests: Any, context: Any) -> Message:
        parent, items = "", []
        async for request in requests:
            self.requests["ImportItems"].append(request)
            parent = parent or request.parent
            items.extend(request.items)
            if any(item.item_id == "taken" for item in request.items):
                await _abort(context, Fault(grpc.StatusCode.ALREADY_EXISTS, "taken exists"))
        # gRPC tells a cancelled stream as one that ended, and cancels the handler just after.
        await asyncio.sleep(0.05)
        dataset = self._store(parent, items)
        return dataset_service.ImportItemsResponse(dataset=dataset, added_count=len(items))

    async def ListItems(self, request: Any, context: Any) -> Message:
        return _page(
            self.items[request.parent],
            request,
            lambda values, token: dataset_service.ListItemsResponse(
                items=values, next_page_token=token
            ),
        )

    def _store(self, name: str, items: Any) -> dataset_pb2.Dataset:
        dataset = self.datasets.setdefault(name, dataset_pb2.Dataset(name=name))
        self.items[name].extend(items)
        dataset.version += 1
        dataset.item_count = len(self.items[name])
        return dataset

    # -- the others ----------------------------------------------------------------------

    async def CreateExperiment(self, request: Any, context: Any) -> Message:
        return experiment_service.CreateExperimentResponse(experiment=request.experiment)

    async def UpdateExperiment(self, request: Any, context: Any) -> Message:
        return experiment_service.UpdateExperimentResponse(experiment=request.experiment)

    async def GetExperiment(self, request: Any, context: Any) -> Message:
        experiment = experiment_pb2.Experiment(name=request.name)
        return experiment_service.GetExperimentResponse(experiment=experiment)

    async def ListScorers(self, request: Any, context: Any) -> Message:
        return scorer_service.ListScorersResponse()

    # -- serving -------------------------------------------------------------------------

    def unary(self, name: str) -> Handler:
        """Return the handler of a method, with the faults that are set for it."""
        method: Handler = getattr(self, name)

        async def handle(request: Any, context: aio.ServicerContext[Any, Any]) -> Message:
            self.calls[name] += 1
            self.metadata.append(dict(context.invocation_metadata() or ()))
            if isinstance(request, Message):
                self.requests[name].append(request)
            fault = self.faults[name].popleft() if self.faults[name] else None
            if fault is not None and not fault.after_effect:
                await _abort(context, fault)
            answer = await method(request, context)
            if fault is not None:
                await _abort(context, fault)
            return answer

        return handle


def _page(values: list[Any], request: Any, answer: Callable[[list[Any], str], Message]) -> Message:
    start, size = int(request.page_token or 0), request.page_size or 100
    more = start + size < len(values)
    return answer(values[start : start + size], str(start + size) if more else "")


async def _abort(context: Any, fault: Fault) -> None:
    if not fault.details:
        await context.abort(fault.code, fault.message)
    details = []
    for message in _detail_messages(fault):
        packed = AnyMessage()
        packed.Pack(message)
        details.append(packed)
    status = status_pb2.Status(code=fault.code.value[0], message=fault.message, details=details)
    await context.abort_with_status(rpc_status.to_status(status))


def _detail_messages(fault: Fault) -> Iterator[Message]:
    yield error_details_pb2.ErrorInfo(
        reason=fault.reason, domain="trialbook", metadata=fault.metadata
    )
    if fault.violations:
        yield error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=path, description=text)
                for path, text in fault.violations
            ]
        )


SERVICES = (
    dataset_service,
    experiment_service,
    run_service,
    scorer_service,
    trace_service,
    worker_service,
)


def handlers_of(fake: FakeService) -> Iterator[grpc.GenericRpcHandler]:
    """Yield the handlers of every method that the fake has."""
    for module in SERVICES:
        for service in module.DESCRIPTOR.services_by_name.values():
            methods = {
                method.name: _handler(fake, module, method)
                for method in service.methods
                if hasattr(fake, method.name)
            }
            yield grpc.method_handlers_generic_handler(service.full_name, methods)


def _handler(fake: FakeService, module: Any, method: Any) -> grpc.RpcMethodHandler[Any, Any]:
    request_type = getattr(module, method.input_type.name)
    parts = {
        "request_deserializer": request_type.FromString,
        "response_serializer": lambda message: message.SerializeToString(),
    }
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(getattr(fake, method.name), **parts)
    if method.client_streaming:
        return grpc.stream_unary_rpc_method_handler(fake.unary(method.name), **parts)
    return grpc.unary_unary_rpc_method_handler(fake.unary(method.name), **parts)


class FakeServer:
    """Serves a fake on a port of its own, in a thread; can be stopped and started again."""

    def __init__(self, fake: FakeService) -> None:
        self.fake = fake
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: aio.Server | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._do(self._start())

    def stop(self) -> None:
        if self._server is not None:
            self._do(self._server.stop(0))
        self._server = None

    def close(self) -> None:
        self.stop()
        self._do(_settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self._server = aio.server(options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers(tuple(handlers_of(self.fake)))
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


async def _settle() -> None:
    """Let what the server left behind in the loop come to its end."""
    mine = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() if task is not mine]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@contextmanager
def serving(fake: FakeService) -> Iterator[FakeServer]:
    """Serve a fake while the context lasts."""
    server = FakeServer(fake)
    try:
        server.start()
        yield server
    finally:
        server.close()


def wait_until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Wait for a condition; fail if it does not come true."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        threading.Event().wait(POLL_SECONDS)
