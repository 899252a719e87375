"""Commands and queries about runs."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from itertools import takewhile

import msgspec

from trialbook.services.application import dataset as datasets
from trialbook.services.application import experiment as experiments
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import (
    DatasetView,
    ExperimentView,
    ItemView,
    ResultView,
    RunView,
    Session,
)
from trialbook.services.domain import run as domain
from trialbook.services.domain.errors import (
    AlreadyExists,
    EmptyDataset,
    Invalid,
    NotFound,
    NotHosted,
    PositionOutOfRange,
)
from trialbook.services.domain.experiment import ScorerSpec, Target
from trialbook.services.domain.identity import new_uid
from trialbook.services.domain.naming import (
    RESOURCE_ID,
    RESOURCE_ID_RULE,
    check_id,
    dataset_name,
    dataset_version_name,
    result_name,
    run_name,
)

MAX_REASON = 1000
QUANTILES = (0.5, 0.95)


def require(queries: Queries, project: str, run_id: str) -> RunView:
    """Return a run without latency and what it waits for. Raises NotFound."""
    view = queries.runs.find(project, run_id)
    if view is None:
        raise NotFound(run_name(project, run_id))
    return view


def get(queries: Queries, project: str, run_id: str) -> RunView:
    """Return a run, complete. Raises NotFound."""
    view = require(queries, project, run_id)
    p50, p95 = queries.runs.latency_ranks(view.number, QUANTILES)
    return msgspec.structs.replace(
        view, latency_p50=p50, latency_p95=p95, waiting_for=waiting_for(queries, view)
    )


def waiting_for(queries: Queries, view: RunView) -> str:
    """Say what a run waits for; empty if it does not wait."""
    if view.status is not domain.RunStatus.RUNNING:
        return ""
    sessions = queries.workers.live(view.project, queries.now)
    if not any(view.target.served_by(hosted) for s in sessions for hosted in s.targets):
        revision = f" at revision {view.target.revision!r}" if view.target.revision else ""
        return f"a worker that hosts the {view.target.kind} {view.target.name!r}{revision}"
    missing = missing_scorer(sessions, view.scorers)
    return f"a worker that hosts the scorer {missing!r}" if missing else ""


def missing_scorer(sessions: list[Session], scorers: tuple[ScorerSpec, ...]) -> str:
    """Return a worker-hosted scorer that no session has; empty if there is none."""
    hosted = {name for session in sessions for name in session.scorers}
    return next(
        (spec.scorer for spec in scorers if not spec.built_in and spec.scorer not in hosted), ""
    )


def result(queries: Queries, project: str, run_id: str, number: int) -> ResultView:
    """Return one result with its item. Raises NotFound."""
    view = require(queries, project, run_id)
    found = queries.runs.result(view, number)
    if found is None:
        raise NotFound(result_name(project, run_id, number))
    return with_items(queries, view, [found])[0]


def with_items(queries: Queries, view: RunView, results: list[ResultView]) -> list[ResultView]:
    """Return results with the input and expected value of their items, unless these are purged.

    As many of the first as a page may hold.
    """
    items = queries.datasets.items_at(
        view.dataset_number, view.dataset_version, [found.ordinal for found in results]
    )
    return [
        _with_item(found, items[found.ordinal])
        for found in takewhile(lambda found: found.ordinal in items, results)
    ]


def _with_item(found: ResultView, item: ItemView) -> ResultView:
    if item.purged_at is not None:
        return found
    return msgspec.structs.replace(found, input=item.input, expected=item.expected)


def require_position(view: RunView, after_position: int) -> None:
    """Refuse a watch that begins before the first or beyond the last fact."""
    if after_position < 0:
        raise Invalid.field("after_position", f"{after_position} is negative; use 0 for all")
    if after_position > view.last_position:
        raise PositionOutOfRange(
            run_name(view.project, view.run_id), after_position, view.last_position
        )


def start(
    uow: UnitOfWork,
    project: str,
    run_id: str,
    experiment: tuple[str, str, int | None],
    *,
    wait_for_worker: bool,
) -> RunView:
    """Start a run of an experiment: (project, id, version or None).

    Raises Invalid, NotFound, AlreadyExists, EmptyDataset, NotHosted.
    """
    definition = _experiment(uow, project, experiment)
    run_id = _free_run_id(uow, project, run_id)
    dataset, version, item_count = _dataset(uow, definition)
    sessions = uow.workers.live(project, uow.now)
    target = _pin_target(uow, project, definition.definition.target)
    scorers = definition.definition.scorers
    if not scorers:
        scorers = uow.datasets.settings(dataset.number, version).scorers
    if not wait_for_worker:
        _require_hosted(sessions, target, scorers)
    settings = definition.definition.settings
    started = domain.RunStarted(
        uid=new_uid(),
        project=project,
        run_id=run_id,
        experiment_uid=definition.uid,
        experiment_id=definition.experiment_id,
        experiment_version=definition.version,
        dataset_uid=dataset.uid,
        dataset_id=dataset.dataset_id,
        dataset_version=version,
        target=target,
        scorers=scorers,
        settings=settings,
        planned=item_count * settings.trials,
    )
    uow.append(domain.stream_of(started.uid), [started], expected_version=0)
    view = require(uow, project, run_id)
    uow.work.open(view.number)
    return msgspec.structs.replace(view, waiting_for=waiting_for(uow, view))


def cancel(uow: UnitOfWork, project: str, run_id: str, reason: str) -> RunView:
    """Cancel a run. Raises Invalid, NotFound, RunEnded."""
    if len(reason) > MAX_REASON:
        raise Invalid.field("reason", f"has more than {MAX_REASON:,} characters; shorten it")
    view = require(uow, project, run_id)
    stream = domain.stream_of(view.uid)
    head, version = uow.head(stream, domain.Run, domain.evolve)
    events = domain.request_cancel(head, view.last_position + 1, reason)
    uow.append(stream, events, expected_version=version)
    return require(uow, project, run_id)


def _experiment(
    uow: UnitOfWork, project: str, wanted: tuple[str, str, int | None]
) -> ExperimentView:
    experiment_project, experiment_id, version = wanted
    if experiment_project != project:
        raise Invalid.field(
            "experiment", f"lies in another project; name one of projects/{project}"
        )
    return experiments.require_version(uow, project, experiment_id, version)


def _free_run_id(uow: UnitOfWork, project: str, run_id: str) -> str:
    if not run_id:
        return f"{datetime.fromtimestamp(uow.now / 1e6, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    violations = check_id("run_id", run_id, RESOURCE_ID, RESOURCE_ID_RULE)
    if violations:
        raise Invalid(violations)
    if uow.runs.find(project, run_id) is not None:
        raise AlreadyExists(run_name(project, run_id))
    return run_id


def _dataset(uow: UnitOfWork, view: ExperimentView) -> tuple[DatasetView, int, int]:
    """Return the dataset, the version to run and how many items that has to run.

    Purged ones have nothing to run.
    """
    definition = view.definition
    dataset = uow.datasets.by_uid(definition.dataset_uid)
    current = uow.datasets.find(view.project, definition.dataset_id)
    # Another dataset may have got the id by now: the experiment does not mean that one.
    if dataset is None or current is None or current.uid != dataset.uid:
        raise NotFound(
            dataset_name(view.project, definition.dataset_id),
            "it was deleted; point the experiment at another",
        )
    version = datasets.require_version(uow, dataset, definition.dataset_version or None)
    count = uow.datasets.version_item_count(dataset.number, version) or 0
    count -= uow.datasets.purged_count(dataset.number, version)
    if not count:
        raise EmptyDataset(dataset_version_name(view.project, dataset.dataset_id, version))
    return dataset, version, count


def _pin_target(uow: UnitOfWork, project: str, target: Target) -> Target:
    if target.revision:
        return target
    revision = uow.workers.newest_revision(project, target, uow.now)
    return target if revision is None else msgspec.structs.replace(target, revision=revision)


def _require_hosted(
    sessions: list[Session], target: Target, scorers: tuple[ScorerSpec, ...]
) -> None:
    hosted = {candidate for session in sessions for candidate in session.targets}
    if not any(target.served_by(candidate) for candidate in hosted):
        names = {f"{candidate.kind} {candidate.name}" for candidate in hosted}
        raise NotHosted("target", target.name, names)
    missing = missing_scorer(sessions, scorers)
    if missing:
        raise NotHosted("scorer", missing, {s for session in sessions for s in session.scorers})
