"""What the application asks of storage. Implemented by the projections, wired in bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

from trialbook.services.application.evaluation_reads import RecordedScores
from trialbook.services.application.event import ConsumerTable, EventReads
from trialbook.services.application.item_reads import ItemReads
from trialbook.services.application.item_state import ItemStates
from trialbook.services.application.purge_reads import PurgeReads, PurgeTable
from trialbook.services.application.result_filter import FilteredResults
from trialbook.services.application.result_trace import ResultTraceReads, ResultTraceTable
from trialbook.services.application.review_reads import ReviewReads, ReviewTable
from trialbook.services.application.rework_reads import ReworkReads
from trialbook.services.application.run_columns import RunColumns
from trialbook.services.application.score_reads import ScoreReads
from trialbook.services.application.server import ServerTable
from trialbook.services.application.telemetry import TraceTable
from trialbook.services.application.trace_reads import TraceReads
from trialbook.services.application.trace_viewer_reads import TraceViewerReads
from trialbook.services.application.views import (
    DatasetView,
    ExperimentView,
    HostedScorer,
    ItemView,
    LabelView,
    Page,
    ResultView,
    RunFactView,
    RunView,
    Session,
    VersionView,
)
from trialbook.services.application.work import TaskKey, WorkTable
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.run import ResultStatus, RunStatus

R = TypeVar("R")
H = TypeVar("H", bound=msgspec.Struct)
E = TypeVar("E", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Who commands what, why, and under which id. An empty id is never recognised again."""

    actor: str
    command_id: str = ""
    fingerprint: bytes = b""
    cause: str = ""
    command: str = ""
    reason: str = ""


class DatasetReads(ItemReads, ItemStates, Protocol):
    """Datasets, versions and items of one snapshot."""

    def find(self, project: str, dataset_id: str) -> DatasetView | None:
        """Return the dataset that has this id now."""
        ...

    def by_uid(self, uid: str) -> DatasetView | None:
        """Return a dataset, deleted or not."""
        ...

    def page(self, project: str, after: str, limit: int) -> list[DatasetView]:
        """Return datasets by id."""
        ...

    def version_item_count(self, number: int, version: int) -> int | None:
        """Return how many items a version has; None if there is no such version."""
        ...

    def version(self, number: int, version: int) -> VersionView | None:
        """Return one version; None if it was never made."""
        ...

    def versions(self, number: int, before: int, limit: int) -> list[VersionView]:
        """Return versions below `before`, newest first."""
        ...

    def version_at(self, number: int, at: int) -> int:
        """Return the version that was current at a time; 0 before the first."""
        ...

    def settings(self, number: int, version: int) -> DatasetSettings:
        """Return the settings that hold at a version."""
        ...

    def label(self, number: int, label_id: str) -> LabelView | None:
        """Return a label that was set."""
        ...

    def labels(self, number: int, after: str, limit: int) -> list[LabelView]:
        """Return the labels that were set, by id."""
        ...

    def labels_of(self, number: int, versions: Sequence[int]) -> dict[int, list[str]]:
        """Return the ids of the labels that name these versions."""
        ...

    def items(
        self, number: int, version: int, after: int, limit: int, *, purged: bool = True
    ) -> Page[ItemView]:
        """Return the items of a version with ordinals above `after`, in order.

        `purged` says whether those whose content was erased are among them.
        """
        ...

    def items_at(self, number: int, version: int, ordinals: Sequence[int]) -> dict[int, ItemView]:
        """Return the items of a version by ordinal, as many of the first as a page may hold."""
        ...

    def item(self, number: int, version: int, item_id: str) -> ItemView | None:
        """Return one item as it was at a version."""
        ...

    def taken_item_ids(self, number: int, item_ids: Sequence[str]) -> set[str]:
        """Return which of these ids the dataset has, arriving imports included."""
        ...

    def last_ordinal(self, number: int) -> int:
        """Return the highest ordinal ever given, 0 without items."""
        ...

    def open_imports(self) -> list[str]:
        """Return the ids of the imports that are under way."""
        ...

    def importing(self, import_id: str) -> DatasetView | None:
        """Return the dataset into which this import is under way."""
        ...

    def discard_items(self, number: int, version: int, limit: int) -> int:
        """Undo up to `limit` changes of a version that was never made; return how many."""
        ...


class ExperimentReads(Protocol):
    """Experiments of one snapshot."""

    def find(self, project: str, experiment_id: str) -> ExperimentView | None:
        """Return the experiment that has this id now."""
        ...

    def page(self, project: str, after: str, limit: int) -> list[ExperimentView]:
        """Return experiments by id."""
        ...

    def version(self, uid: str, version: int) -> ExperimentView | None:
        """Return one version."""
        ...

    def versions(self, uid: str, before: int, limit: int) -> list[ExperimentView]:
        """Return versions below `before`, newest first."""
        ...


class RunReads(FilteredResults, Protocol):
    """Runs, results and facts of one snapshot."""

    def find(self, project: str, run_id: str) -> RunView | None:
        """Return a run without its latency."""
        ...

    def by_number(self, number: int) -> RunView:
        """Return a run that is known to exist, without its latency."""
        ...

    def by_uid(self, uid: str) -> RunView | None:
        """Return a run without its latency."""
        ...

    def last_position(self, number: int) -> int:
        """Return the position of a run's newest fact."""
        ...

    def recorded(self, number: int, keys: Collection[TaskKey]) -> set[TaskKey]:
        """Return which of these tasks of a run have their result or score."""
        ...

    def cancelling(self) -> list[int]:
        """Return the numbers of the runs that are being cancelled."""
        ...

    def overdue(self, now: int) -> list[int]:
        """Return the numbers of the open runs whose deadline is over."""
        ...

    def next_deadline(self) -> int | None:
        """Return the earliest deadline of the open runs; None without any."""
        ...

    def verdicts_due(self, limit: int) -> list[int]:
        """Return the numbers of runs that have ended, and whose gate was not asked since."""
        ...

    def page(
        self,
        project: str,
        before: int,
        limit: int,
        experiment_id: str | None,
        status: RunStatus | None = None,
    ) -> list[RunView]:
        """Return runs with numbers below `before`, newest first."""
        ...

    def latency_ranks(self, number: int, quantiles: Sequence[float]) -> list[int | None]:
        """Return quantiles of the latencies by nearest rank; None without any."""
        ...

    def results(
        self, run: RunView, after: int, limit: int, status: ResultStatus | None
    ) -> Page[ResultView]:
        """Return results with numbers above `after`, in order, with their scores."""
        ...

    def slowest(
        self, run: RunView, after: tuple[int, int] | None, limit: int, status: ResultStatus | None
    ) -> Page[ResultView]:
        """Return results by latency, slowest first, after a (latency, number); -1 is none."""
        ...

    def result(self, run: RunView, number: int) -> ResultView | None:
        """Return one result with its scores."""
        ...

    def reported_trajectories(self, number: int, results: Collection[int]) -> dict[int, str]:
        """Return what was reported as the trajectories of these results, as far as anything was."""
        ...

    def columns(self, run: RunView, places: Sequence[int]) -> RunColumns:
        """Return the figures of all results, with the scores of the scorers at these places."""
        ...

    def label_counts(self, run: RunView, place: int, limit: int) -> list[tuple[str, int]]:
        """Return how often a scorer gave each label, the most frequent first."""
        ...

    def item_squares(self, run: RunView, place: int, mean: float) -> tuple[int, float]:
        """Return how many items a scorer has values of, and the sum of their squared deviations.

        The deviation of an item is the sum of those of its trials' values from the mean.
        """
        ...

    def facts(self, run: RunView, after: int, limit: int) -> list[RunFactView]:
        """Return up to `limit` facts after a position, fewer if they are large."""
        ...


class WorkerTable(Protocol):
    """Worker sessions, which are operational rows, and the catalogue of what was ever hosted."""

    def open_session(self, digest: bytes, session: Session) -> None:
        """Store a new session; its number is assigned here."""
        ...

    def session(self, digest: bytes) -> Session | None:
        """Return an open session by the digest of its token."""
        ...

    def prolong(self, number: int, expires_at: int) -> None:
        """Let a session live until then."""
        ...

    def realign(self, expires_at: int) -> None:
        """Let every open session live until then: no stored time can be trusted."""
        ...

    def close(self, number: int) -> None:
        """End a session."""
        ...

    def is_open(self, number: int) -> bool:
        """Say whether a session has not ended."""
        ...

    def has_expired(self, now: int) -> bool:
        """Say whether the time of an open session is over."""
        ...

    def close_expired(self, now: int) -> int:
        """End the sessions whose time is over; return how many."""
        ...

    def live(self, project: str, now: int) -> list[Session]:
        """Return the open sessions of a project, the newest first."""
        ...

    def declare_scorers(self, project: str, scorers: Collection[HostedScorer], now: int) -> None:
        """Put scorers into the catalogue, the newest declaration in force."""
        ...

    def declared_scorers(self, project: str) -> list[HostedScorer]:
        """Return the catalogue by id."""
        ...


class Queries(Protocol):
    """One snapshot of everything that can be asked."""

    @property
    def now(self) -> int:
        """The time of the snapshot, microseconds since the epoch."""
        ...

    @property
    def datasets(self) -> DatasetReads:
        """Datasets and items."""
        ...

    @property
    def experiments(self) -> ExperimentReads:
        """Experiments."""
        ...

    @property
    def runs(self) -> RunReads:
        """Runs and results."""
        ...

    @property
    def rework(self) -> ReworkReads:
        """Results that are run, judged or taken in again."""
        ...

    @property
    def scores(self) -> ScoreReads:
        """Scores, and what they rest on."""
        ...

    @property
    def reviews(self) -> ReviewReads:
        """The review queue and the reviews."""
        ...

    @property
    def trace_viewers(self) -> TraceViewerReads:
        """Where traces are looked at."""
        ...

    @property
    def events(self) -> EventReads:
        """The log itself."""
        ...

    @property
    def recorded_scores(self) -> RecordedScores:
        """The scores of the log."""
        ...

    @property
    def consumers(self) -> ConsumerTable:
        """Named readers of the log."""
        ...

    @property
    def purge(self) -> PurgeReads:
        """Where content lies that is to be erased."""
        ...

    @property
    def workers(self) -> WorkerTable:
        """Workers."""
        ...

    @property
    def servers(self) -> ServerTable:
        """Servers."""
        ...

    @property
    def work(self) -> WorkTable:
        """Tasks that are out, or wait to be."""
        ...

    @property
    def traces(self) -> TraceReads:
        """Telemetry that came in."""
        ...

    @property
    def result_traces(self) -> ResultTraceReads:
        """What scorers wait for, or waited."""
        ...

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back when all that is seen here is durable: at once, outside of a change."""
        ...


class UnitOfWork(Queries, Protocol):
    """One atomic change, decided on what it reads. Read models follow at once."""

    @property
    def actor(self) -> str:
        """Who commands."""
        ...

    @property
    def reviews(self) -> ReviewTable:
        """The review queue, and who has what of it in hand."""
        ...

    @property
    def purge(self) -> PurgeTable:
        """Where content lies that is to be erased, and what erases it."""
        ...

    @property
    def traces(self) -> TraceTable:
        """Telemetry that came in, and comes in."""
        ...

    @property
    def result_traces(self) -> ResultTraceTable:
        """What scorers wait for, or waited."""
        ...

    def head(
        self, stream: str, shape: type[H], evolve: Callable[[H | None, E], H]
    ) -> tuple[H, int]:
        """Return the state of an aggregate and the version of its stream. It must exist."""
        ...

    def append(
        self, stream: str, events: Sequence[msgspec.Struct], *, expected_version: int | None
    ) -> None:
        """Add events to a stream that must be at this version; None for any."""
        ...

    def store_blobs(self, blobs: Mapping[bytes, str]) -> None:
        """Keep large bodies by digest."""
        ...

    def forget_commands(self, before: int) -> int:
        """Forget which commands were recorded before a time; return how many those were."""
        ...

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back, on another thread, when all of it is durable."""
        ...


class Store(Protocol):
    """Runs commands and queries against the database, away from the event loop."""

    @property
    def shared(self) -> bool:
        """Whether other servers may work on the database at the same time."""
        ...

    async def execute(
        self, context: CommandContext, command: Callable[[UnitOfWork], R], result: type[R]
    ) -> R:
        """Run a command once: a repeated command id returns what the first one returned.

        Raises RequestIdReused if the id came with another fingerprint.
        """
        ...

    async def recall(self, context: CommandContext, result: type[R]) -> R | None:
        """Return what a command of this id returned; None if there was none.

        Raises RequestIdReused if the id came with another fingerprint.
        """
        ...

    async def transact(
        self, context: CommandContext, work: Callable[[UnitOfWork], R], *, relaxed: bool = False
    ) -> R:
        """Run a change that needs no command id, since repeating it does no harm.

        What is written relaxed may be gone after a power failure, though not after a crash.
        """
        ...

    async def read(self, query: Callable[[Queries], R]) -> R:
        """Run a query on one snapshot."""
        ...

    def on_commit(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back, on another thread, whenever the log may have grown, by whichever process.

        The callback must be quick. Returns what ends this.
        """
        ...
