"""Which attempts of a worker are traced, and how their spans reach the service."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from opentelemetry import trace

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.tracing.setting import is_installed
from trialbook.client.worker.attempt_trace import AttemptTrace, context_of
from trialbook.client.worker.registry import Executable
from trialbook.v1.worker_pb2 import Task, TaskReport

if TYPE_CHECKING:  # optional dependencies
    from opentelemetry.sdk.trace import ReadableSpan

    from trialbook.client.tracing.collector import SpanCollector
    from trialbook.client.tracing.sender import SpanSender

logger: Final = logging.getLogger("trialbook.worker")

LeaseKey: TypeAlias = tuple[str, str]
"""A task's id and lease token."""


class Tracing:
    """Traces the attempts of a worker, and sends their spans to the service. For one event loop.

    With `setting` None it does so where a tracer provider is set, with True it sets one up, with
    False it does nothing.
    """

    def __init__(self, setting: bool | None, worker_id: str, transport: AsyncTransport) -> None:
        self._setting = setting
        self._transport = transport
        self._provider: trace.TracerProvider | None = None
        self._tracer: trace.Tracer = trace.NoOpTracer()
        self._collector: SpanCollector | None = None
        self._sender: SpanSender | None = None
        self._ended: dict[LeaseKey, list[ReadableSpan]] = {}
        if setting:
            from trialbook.client.tracing.provider import ensure_provider  # noqa: PLC0415

            ensure_provider(worker_id)

    def is_on(self) -> bool:
        """Tell whether attempts are to be traced now. Cheap enough to ask for every batch."""
        if self._setting is False:
            return False
        provider = trace.get_tracer_provider()
        if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
            return False
        if provider is not self._provider:
            self._adopt(provider)
        return True

    def attempt(self, executable: Executable, task: Task) -> AttemptTrace:
        """Return what traces an attempt, while it `is_on`."""
        spans = None
        parent = context_of(task.traceparent)
        if self._collector is not None and task.HasField("target"):
            context = trace.get_current_span(parent).get_span_context()
            spans = self._collector.watch(context.trace_id)
        return AttemptTrace(executable.span_name, task, self._tracer, spans, parent)

    def settle(self, attempt: AttemptTrace, report: TaskReport) -> None:
        """End an attempt's span, put what is known of its trace into its report, keep its spans."""
        attempt.end(report.error if report.HasField("error") else None)
        if attempt.spans is None or self._collector is None or self._sender is None:
            return
        report.trace.CopyFrom(attempt.report())
        taken = self._collector.take(attempt.spans, self._sender.add_late)
        if taken:
            self._ended[report.task_id, report.lease_token] = taken

    def drop(self, attempt: AttemptTrace) -> None:
        """Forget the spans of an attempt of which nothing is reported."""
        if attempt.spans is not None and self._collector is not None:
            self._collector.drop(attempt.spans)

    async def send(self, reports: Sequence[TaskReport]) -> None:
        """Send the spans of attempts that are about to be reported."""
        if self._sender is None or not self._ended:
            return
        keys = [(report.task_id, report.lease_token) for report in reports]
        spans = [span for key in keys for span in self._ended.pop(key, ())]
        if spans:
            await self._sender.send(spans)

    async def close(self, timeout: float) -> None:
        """Send what ended late, if that does not take longer than so many seconds."""
        if self._sender is not None:
            await self._sender.close(timeout)

    def _adopt(self, provider: trace.TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("trialbook.client")
        self._collector = None
        if not is_installed():
            if hasattr(provider, "add_span_processor"):
                logger.warning(
                    "Spans do not go to the service: pip install 'trialbook-client[traces]'."
                )
            return
        from trialbook.client.tracing.collector import collector_of  # noqa: PLC0415
        from trialbook.client.tracing.sender import SpanSender  # noqa: PLC0415

        self._collector = collector_of(provider)
        self._sender = self._sender or SpanSender(self._transport.post)
