"""`evaluate`: the service, a worker and a run in one call."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import re
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from trialbook.client.asynchronous import AsyncClient
from trialbook.client.errors import NotFound, TrialbookError
from trialbook.client.evaluation.data import Data, as_dataset, load
from trialbook.client.evaluation.embedded import service_address
from trialbook.client.evaluation.progress import Show, progress_of
from trialbook.client.evaluation.summary import EvaluationSummary
from trialbook.client.models.experiment import Experiment, Target
from trialbook.client.models.gate import Gate
from trialbook.client.models.item import Item
from trialbook.client.models.run import Run
from trialbook.client.models.run_settings import RunSettings
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.worker import Worker

ValueT = TypeVar("ValueT")
Function: TypeAlias = Callable[..., Any]

DEFAULT_DIRECTORY: Final = ".trialbook"


@dataclass(frozen=True, slots=True)
class _Plan:
    """An evaluation whose arguments are checked."""

    name: str
    dataset: str
    items: list[Item]
    target: Target
    function: Function
    scorers: list[Scorer]
    hosted_scorers: dict[str, Function]
    settings: RunSettings
    gate: Gate | None
    traces: bool | None


def evaluate(
    target: Function,
    data: Data,
    scorers: Iterable[str | Scorer | Function] = (),
    *,
    name: str | None = None,
    dataset: str | None = None,
    settings: RunSettings | None = None,
    concurrency: int | None = None,
    gate: Gate | None = None,
    directory: str | Path = DEFAULT_DIRECTORY,
    address: str | None = None,
    traces: bool | None = None,
    progress: bool | None = None,
) -> EvaluationSummary:
    """Run a function on cases, judge what it answers, and return what came of it.

    `target` and functions among the scorers are written as for `Worker.target` and
    `Worker.scorer`; other scorers are built-in ones by name, or `Scorer` with parameters. `data` is
    a path of a JSON Lines file or cases: mappings with `input` and, if you like, `expected`, `id`,
    `context`, `metadata`, `tags`, `split`; anything else is an input as it is.

    Everything is kept by a service that runs in this process while it lasts, with its store in
    `directory`, or by the server at `address`. The experiment is called `name` (default: the
    function's), the dataset `dataset` (default: the same), and both are used again by the next
    call. `settings` say how the run behaves: trials, seed, deadline, retries and more;
    `concurrency` is a short form of them. `gate` is what the run must come to: the summary has its
    verdict. `traces` says whether the service gets the spans that the functions write, as for
    `Worker`. `progress`: shown if stderr is a terminal.

    Works inside a running event loop too, which it blocks: there, better await `evaluate_async`.
    An interrupt cancels the run. Raises `TrialbookError`, and `ServiceNotInstalled` if there is
    neither a service to run nor an address.
    """
    return _run_anywhere(
        evaluate_async(
            target,
            data,
            scorers,
            name=name,
            dataset=dataset,
            settings=settings,
            concurrency=concurrency,
            gate=gate,
            directory=directory,
            address=address,
            traces=traces,
            progress=progress,
        )
    )


async def evaluate_async(
    target: Function,
    data: Data,
    scorers: Iterable[str | Scorer | Function] = (),
    *,
    name: str | None = None,
    dataset: str | None = None,
    settings: RunSettings | None = None,
    concurrency: int | None = None,
    gate: Gate | None = None,
    directory: str | Path = DEFAULT_DIRECTORY,
    address: str | None = None,
    traces: bool | None = None,
    progress: bool | None = None,
) -> EvaluationSummary:
    """Do what `evaluate` does, in the running event loop: coroutines run in it too."""
    stem = _slug(name or _function_name(target))
    given = list(scorers)
    plan = _Plan(
        name=stem,
        dataset=dataset or stem,
        items=load(data),
        target=Target(_function_name(target), _revision(target)),
        function=target,
        scorers=[_scorer(scorer) for scorer in given],
        hosted_scorers={_function_name(s): s for s in given if not isinstance(s, str | Scorer)},
        settings=_settings(settings, concurrency),
        gate=gate,
        traces=traces,
    )
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(service_address(address, Path(directory)))
        client = await stack.enter_async_context(AsyncClient(where))
        await stack.enter_async_context(_hosting(plan, where))
        experiment = await _prepare(client, plan)
        show = stack.enter_context(progress_of(plan.name, progress))
        run = await _run(client, experiment, show)
        results = [r async for r in client.runs.results(run, include_items=True, page_size=1_000)]
        return EvaluationSummary(run, tuple(results))


@asynccontextmanager
async def _hosting(plan: _Plan, address: str) -> AsyncIterator[None]:
    """Host the plan's functions in this loop while the context lasts."""
    slots = max(plan.settings.concurrency or 0, 100)
    worker = Worker(address, max_concurrent_tasks=slots, traces=plan.traces)
    worker.target(plan.target.name, revision=plan.target.revision)(plan.function)
    for scorer_name, function in plan.hosted_scorers.items():
        worker.scorer(scorer_name)(function)
    ready = asyncio.Event()
    serving = asyncio.ensure_future(worker.serve(on_ready=ready.set))
    body = asyncio.current_task()
    # Without its worker a run would never end.
    serving.add_done_callback(lambda done: body.cancel() if _failed(done) and body else None)
    try:
        await ready.wait()
        yield
    except asyncio.CancelledError:
        if body is not None and _failed(serving):
            body.uncancel()
            serving.result()
        raise
    finally:
        worker.stop()
        worker.stop()  # at once: the run has ended, or nobody waits for it any more
        await asyncio.gather(serving, return_exceptions=True)


def _failed(task: asyncio.Future[None]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is not None


async def _prepare(client: AsyncClient, plan: _Plan) -> Experiment:
    """Bring dataset and experiment to what the plan says."""
    dataset = await as_dataset(client, plan.dataset, plan.items)
    definition = {
        "dataset": dataset,
        "target": plan.target,
        "scorers": plan.scorers,
        "settings": plan.settings,
        "gate": plan.gate,
    }
    try:
        await client.experiments.get(plan.name)
    except NotFound:
        return await client.experiments.create(plan.name, **definition)  # type: ignore[arg-type]
    # A change that changes nothing makes no version.
    return await client.experiments.update(plan.name, **definition)  # type: ignore[arg-type]


async def _run(client: AsyncClient, experiment: Experiment, show: Show) -> Run:
    run = await client.runs.start(experiment)
    try:
        async for update in client.runs.watch(run):
            if update.run is not None:
                show(update.run)
    except BaseException:
        await _cancel(client, run)
        raise
    return await client.runs.get(run)


async def _cancel(client: AsyncClient, run: Run) -> None:
    """Cancel a run that nobody waits for any more, as far as that can be done."""
    try:
        await client.runs.cancel(run, reason="the evaluation was interrupted")
    except TrialbookError:
        return


def _run_anywhere(work: Coroutine[Any, Any, ValueT]) -> ValueT:
    """Run a coroutine in a loop of its own; in a thread of its own if this one runs a loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[ValueT] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name="trialbook-evaluate")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return outcome[0]


def _scorer(scorer: str | Scorer | Function) -> Scorer:
    if isinstance(scorer, Scorer):
        return scorer
    return Scorer(scorer if isinstance(scorer, str) else _function_name(scorer))


def _settings(settings: RunSettings | None, concurrency: int | None) -> RunSettings:
    if settings is not None and concurrency is not None:
        raise ValueError("give settings or concurrency, not both")
    return settings or RunSettings(concurrency=concurrency)


def _function_name(function: Function) -> str:
    """Return a name under which a function can be hosted."""
    name = getattr(function, "__name__", None) or type(function).__name__
    name = re.sub(r"[^A-Za-z0-9._-]", "", name).lstrip("._-")[:128]
    return "target" if name in ("", "lambda") else name


def _slug(name: str) -> str:
    """Return an id of what a person or a function calls something."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("._-")[:63]
    return slug or "evaluation"


def _revision(function: Function) -> str:
    """Return a revision that changes with the source of a function, as far as it can be read."""
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        return "1"
    return hashlib.sha256(source.encode()).hexdigest()[:12]
