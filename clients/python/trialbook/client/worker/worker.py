"""`Worker`: hosts functions as targets and scorers."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.connection import TlsSetting, connection
from trialbook.client.models.experiment import Target, TargetKind
from trialbook.client.models.scorer import ScoreDirection
from trialbook.client.models.scorer_spec import ScorerScope
from trialbook.client.names import project_name
from trialbook.client.tracing.setting import traces_setting
from trialbook.client.worker.plan import Function
from trialbook.client.worker.registry import Registry, scorer_message
from trialbook.client.worker.shift import Shift
from trialbook.v1.experiment_pb2 import ScorerScope as WireScope
from trialbook.v1.worker_service_pb2 import RegisterWorkerRequest

logger: Final = logging.getLogger("trialbook.worker")

DRAIN_TIMEOUT: Final = 30.0

FunctionT = TypeVar("FunctionT", bound=Function)


class Worker:
    """Hosts functions and works on the tasks that call them.

    Address, project, token and TLS are given as for `Client`. `worker_id` stands in results and
    logs (default: host and process id), `max_concurrent_tasks` is how many functions run at once,
    and `revision` is that of targets which name none of their own.

    Coroutines run in the event loop. Plain functions run in threads, so that they may block; with
    `inline=True` they run in the event loop too, which is several times cheaper but lets everything
    else wait, and takes no timeout: only for functions that end within about a millisecond.

    `traces` says whether the spans that attempts write go to the service, so that it sees what a
    target did. None (unless TRIALBOOK_TRACES says 1 or 0) is yes where a tracer provider of
    OpenTelemetry is set, beside whatever that exports to. True sets one up if there is none when
    the worker begins; `TracesNotInstalled` if `trialbook-client[traces]` is not there.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        project: str | None = None,
        token: str | None = None,
        tls: TlsSetting = None,
        insecure: bool = False,
        worker_id: str | None = None,
        max_concurrent_tasks: int = 100,
        revision: str = "1",
        traces: bool | None = None,
    ) -> None:
        if not 1 <= max_concurrent_tasks <= 10_000:
            raise ValueError("max_concurrent_tasks must be between 1 and 10,000")
        self._connection = connection(
            address, project=project, token=token, tls=tls, insecure=insecure
        )
        self.worker_id = worker_id or f"{socket.gethostname()}-{os.getpid()}"[:128]
        self._slots = max_concurrent_tasks
        self._revision = revision
        self._traces = traces_setting(traces)
        self._registry = Registry()
        self._lock = threading.Lock()
        self._running: tuple[asyncio.AbstractEventLoop, Shift] | None = None

    def target(
        self,
        name: str | None = None,
        *,
        kind: TargetKind | str = TargetKind.AGENT,
        revision: str | None = None,
        inline: bool = False,
    ) -> Callable[[FunctionT], FunctionT]:
        """Decorate a function that is evaluated. The name defaults to the function's.

        Its first parameter gets the item's input. A parameter `context` gets the item's request
        context (an empty dict if it has none), a parameter `task` a `TaskContext`, which also tells
        options, seed and tool mocks, and takes usage and steps. What it returns must have a JSON
        form of at most 1 MiB. An exception fails the attempt, which is tried again unless it is a
        `FinalError`. Several revisions of a name may be hosted side by side.
        """

        def register(function: FunctionT) -> FunctionT:
            target = Target(name or _name_of(function), revision or self._revision, _kind_of(kind))
            self._registry.add_target(target, function, inline=inline)
            return function

        return register

    def scorer(
        self,
        name: str | None = None,
        *,
        version: int = 1,
        description: str | None = None,
        direction: ScoreDirection | str = ScoreDirection.HIGHER_IS_BETTER,
        minimum: float | None = None,
        maximum: float | None = None,
        params_schema: Mapping[str, object] | None = None,
        needs_expected: bool = False,
        inline: bool = False,
        scope: ScorerScope | str = ScorerScope.ITEM,
    ) -> Callable[[FunctionT], FunctionT]:
        """Decorate a function that judges results. The name defaults to the function's.

        It gets by name what it declares of `input`, `output`, `expected` (None if the item has
        none), `context`, `metadata`, `params` and `task`. It returns a number, a bool (1 or 0, and
        whether it passed), a `Score` or `NotEvaluable`. With `needs_expected`, items without an
        expected value are not evaluable without asking it. Raise `version` when the same output is
        judged otherwise than before.

        With `scope="trajectory"` it judges what targets did, and may declare `trajectory` (a
        `Trajectory` to walk through) and `expected_trajectory` (what the item says, as it says it)
        as well. It is asked when the result's trace has settled; where nothing tells what the
        target did, or, with `needs_expected`, what it should have done, the result is not
        evaluable without asking it.

        The scorer judges steps as well, and is itself a target of the kind scorer at the worker's
        revision: it is given the `output`, `expected` … of an item's input then.
        """

        def register(function: FunctionT) -> FunctionT:
            message = scorer_message(
                name or _name_of(function),
                function,
                version=version,
                description=description,
                direction=direction,
                minimum=minimum,
                maximum=maximum,
                params_schema=params_schema,
                needs_expected=needs_expected,
                scope=_scope_of(scope),
            )
            self._registry.add_scorer(
                message,
                function,
                inline=inline,
                needs_expected=needs_expected,
                revision=self._revision,
            )
            return function

        return register

    def run_scorer(
        self,
        name: str | None = None,
        *,
        version: int = 1,
        description: str | None = None,
        direction: ScoreDirection | str = ScoreDirection.HIGHER_IS_BETTER,
        minimum: float | None = None,
        maximum: float | None = None,
        params_schema: Mapping[str, object] | None = None,
    ) -> Callable[[FunctionT], FunctionT]:
        """Decorate a function that judges runs as a whole, once all their results are there.

        It gets by name what it declares of `results` (a `RunResults` to iterate over), `params` and
        `task`. It returns what a scorer does. Its time is limited like that of every attempt.
        """

        def register(function: FunctionT) -> FunctionT:
            message = scorer_message(
                name or _name_of(function),
                function,
                version=version,
                description=description,
                direction=direction,
                minimum=minimum,
                maximum=maximum,
                params_schema=params_schema,
                needs_expected=False,
                scope=WireScope.SCORER_SCOPE_RUN,
            )
            self._registry.add_run_scorer(message, function)
            return function

        return register

    def run(self, *, drain_timeout: float = DRAIN_TIMEOUT) -> None:
        """Work until SIGTERM or SIGINT, then finish what runs, report it, and return.

        What does not end within `drain_timeout` seconds is given back. A second signal stops at
        once. Logs to stderr if logging is not set up. Errors as for `serve`.
        """
        if not logger.hasHandlers():
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(self._serve_until_signal(drain_timeout))

    async def serve(
        self,
        *,
        drain_timeout: float = DRAIN_TIMEOUT,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        """Work in the running loop until `stop`; `on_ready` is called after the registration.

        Waits for the server as long as it does not answer. Raises a `TrialbookError` that trying
        again cannot mend, such as a wrong token, and ValueError if there is nothing to host.
        """
        if not self._registry.capabilities:
            raise ValueError("The worker hosts nothing: decorate a function with @worker.target.")
        transport = AsyncTransport(self._connection)
        registration = RegisterWorkerRequest(
            parent=project_name(self._connection.project),
            worker_id=self.worker_id,
            capabilities=self._registry.capabilities,
            max_concurrent_tasks=self._slots,
        )
        shift = Shift(transport, registration, self._registry, self._traces)
        with self._lock:
            if self._running is not None:
                raise RuntimeError("the worker is at work already")
            self._running = (asyncio.get_running_loop(), shift)
        try:
            await shift.work(drain_timeout, on_ready)
        finally:
            with self._lock:
                self._running = None
            await transport.close()

    def stop(self) -> None:
        """Finish what runs and end; called again, end at once. From any thread."""
        with self._lock:
            if self._running is not None:
                loop, shift = self._running
                loop.call_soon_threadsafe(shift.stop)

    async def _serve_until_signal(self, drain_timeout: float) -> None:
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        await self.serve(drain_timeout=drain_timeout)


def _kind_of(kind: TargetKind | str) -> TargetKind:
    found = TargetKind(kind)
    if found is TargetKind.UNSPECIFIED:
        raise ValueError("say what kind of target it is: agent, workflow, scorer or processor")
    return found


def _scope_of(scope: ScorerScope | str) -> WireScope:
    found = ScorerScope(scope)
    if found is ScorerScope.TRAJECTORY:
        return WireScope.SCORER_SCOPE_TRAJECTORY
    if found is ScorerScope.ITEM:
        return WireScope.SCORER_SCOPE_ITEM
    raise ValueError("a scorer judges the scope item or trajectory; for runs use run_scorer")


def _name_of(function: Function) -> str:
    name: str | None = getattr(function, "__name__", None)
    if name is None or name == "<lambda>":
        raise ValueError("give the function a name: @worker.target('name')")
    return name


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory where it is installed: it makes a worker about a fifth faster."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
