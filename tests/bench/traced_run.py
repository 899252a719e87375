"""What it costs a run that its items are traced, and that their trajectories are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import profiled
from tests.bench.agent_spans import SPANS, expected_trajectory
from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least
from tests.bench.sdk_spans import sdk_seconds
from tests.bench.server import Served, serving, working
from tests.bench.session import Session, Timing
from tests.bench.workload import INSTANT, REPLAYED, TRACED, Question, crates_of
from trialbook.client import Item

ITEMS = 10_000
ROUNDS = 2
SCORER = "trajectory_match"
_WORKERS = {
    INSTANT: "tests.bench.hosted",
    TRACED: "tests.bench.traced",
    REPLAYED: "tests.bench.replayed",
}
_SDK_CASES = 1_000


@dataclass(frozen=True, slots=True)
class _Round:
    """The same items without spans; with spans that nobody takes; with spans; judged by them.

    `bare` and `replayed` are those without and with spans of a worker that is no burden. `sdk` is
    what the SDK alone takes for the spans of an item, in seconds of processor time.
    """

    bare: Timing
    replayed: Timing
    plain: Timing
    made: Timing
    traced: Timing
    judged: Timing
    sdk: float


def traced_run_sqlite(bench: Bench) -> list[Figure]:
    """Measure runs without spans, with ten an item, and with a scorer of trajectories too."""
    return _traced_run(bench, Backend.SQLITE)


def traced_run_postgres(bench: Bench) -> list[Figure]:
    """Measure the same on PostgreSQL."""
    return _traced_run(bench, Backend.POSTGRES)


def _traced_run(bench: Bench, backend: Backend) -> list[Figure]:
    folder = bench.folder / f"traced-{backend.name.lower()}"
    with (
        backend.database(folder) as database,
        serving(database, folder, profile=bench.profile) as served,
    ):
        rounds = [_round(bench, served, folder / f"round-{number}") for number in range(ROUNDS)]
    if bench.profile:
        profiled.report(folder)
        profiled.report(folder / "round-0" / "traced")
    return _figures(rounds)


def _round(bench: Bench, served: Served, folder: Path) -> _Round:
    # One worker at a time: the others would be woken for nothing.
    (bare,) = _measured(bench, served, folder / "bare", REPLAYED, traces="0")
    (replayed,) = _measured(bench, served, folder / "replayed", REPLAYED, traces="1")
    (plain,) = _measured(bench, served, folder / "plain", INSTANT)
    (made,) = _measured(bench, served, folder / "made", TRACED, traces="0")
    traced, judged = _measured(
        bench, served, folder / "traced", TRACED, ((), (SCORER,)), traces="1"
    )
    return _Round(bare, replayed, plain, made, traced, judged, sdk_seconds(_SDK_CASES))


def _measured(
    bench: Bench,
    served: Served,
    folder: Path,
    target: str,
    scorers: Sequence[Sequence[str]] = ((),),
    *,
    traces: str = "",
) -> list[Timing]:
    """Run new items on a worker of their own, once with each of these further scorers.

    Where the target makes spans, `traces` says whether they are sent.
    """
    name = f"{folder.name}-{folder.parent.name}"
    with working(
        served.address,
        folder,
        profile=bench.profile,
        module=_WORKERS[target],
        traces=traces,
    ) as worker:
        session = Session(served.client, served.process, worker)
        session.warm_up(f"warm-up-{name}", target)
        session.load(name, bench.sized(ITEMS), _item)
        return [session.measure(name, target=target, also=also) for also in scorers]


def _item(asked: Question) -> Item:
    """Make an item that also says what is to be done."""
    expected = expected_trajectory(crates_of(asked.input))
    return Item(asked.input, asked.expected, expected_trajectory=expected)


def _figures(rounds: Sequence[_Round]) -> list[Figure]:
    def middle(value: Callable[[_Round], float]) -> float:
        return median(map(value, rounds))

    bare = middle(lambda one: one.bare.rate)
    replayed = middle(lambda one: one.replayed.rate)
    plain = middle(lambda one: one.plain.rate)
    traced = middle(lambda one: one.traced.rate)
    judged = middle(lambda one: one.judged.rate)
    sdk = middle(lambda one: one.sdk)
    return [
        Figure("a worker that is no burden, without spans", bare, "items/s"),
        Figure(f"the same, {SPANS} spans an item made beforehand", replayed, "items/s"),
        Figure("with such spans over without", replayed / bare, "×", at_least(0.4)),
        Figure("without spans", plain, "items/s"),
        Figure(
            f"{SPANS} spans an item, made but not sent",
            middle(lambda one: one.made.rate),
            "items/s",
        ),
        Figure(f"{SPANS} spans an item", traced, "items/s"),
        Figure("with spans over without", traced / plain, "×", at_least(0.4)),
        Figure(f"{SPANS} spans an item and {SCORER}", judged, "items/s"),
        Figure(f"with spans and {SCORER} over without", judged / plain, "×"),
        *_work("server's work", middle, lambda timing: timing.work),
        *_work("worker's work", middle, lambda timing: timing.worker_cpu / timing.items),
        Figure("the SDK's work an item (floor)", sdk * 1e6, "µs"),
        Figure("items that the SDK alone could trace", 1 / sdk, "items/s"),
    ]


def _work(
    whose: str,
    middle: Callable[[Callable[[_Round], float]], float],
    of: Callable[[Timing], float],
) -> list[Figure]:
    """Tell the processor time an item of one process, by the kind of run."""
    values = {
        "no spans": middle(lambda one: of(one.plain)),
        "spans not sent": middle(lambda one: of(one.made)),
        "spans": middle(lambda one: of(one.traced)),
        f"spans and {SCORER}": middle(lambda one: of(one.judged)),
    }
    return [Figure(f"{whose} an item, {what}", value * 1e6, "µs") for what, value in values.items()]
