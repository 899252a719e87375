"""Two servers on one database: spans go to the one, results to the other, and one of them dies."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Server
from tests.fault.scene import server_address
from tests.postgres import fresh_namespace, postgres_url
from tests.service import connected, ended, facts, items, new_run, new_worker, results, scorer
from tests.traces import attempt_spans, export, traced
from trialbook.v1.run_pb2 import RUN_STATUS_COMPLETED
from trialbook.v1.score_pb2 import SCORE_STATUS_SCORED

ITEMS = 200
BATCH = 20
SCORERS = (
    scorer("tool_called", '{"tool": "search"}', "searched"),
    scorer("tool_not_called", '{"tool": "book"}', "never"),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with fresh_namespace() as namespace:
        running = Server(
            tmp_path, address=server_address(), postgres=postgres_url(), namespace=namespace
        )
        yield running.start()
        running.kill()


@pytest.fixture
def other(server: Server, tmp_path: Path) -> Iterator[Server]:
    """Another server on the database of the first."""
    folder = tmp_path / "other"
    folder.mkdir()
    running = Server(
        folder,
        address=server_address(),
        postgres=server.postgres,
        namespace=server.namespace,
    )
    yield running.start()
    running.kill()


@pytest.mark.parametrize("dies", [False, True], ids=["both live", "one dies"])
async def test_servers_judge_once_what_came_to_either(
    server: Server, other: Server, chance: random.Random, *, dies: bool
) -> None:
    async with connected(server.address) as first:
        run = await new_run(first, items(ITEMS), *SCORERS, concurrency=BATCH)
        worker = await new_worker(first)
        left, last = ITEMS, chance.randrange(ITEMS)
        while left:
            tasks = await worker.lease(BATCH)
            spans = {task.task_id: attempt_spans(task, "search") for task in tasks}
            everything = [one for some in spans.values() for one in some]
            if dies and left <= last:
                await asyncio.to_thread(_restart, other)
                dies = False
            async with connected(other.address) as second:
                sent = [
                    worker.report(*(traced(task, spans[task.task_id]) for task in tasks)),
                    export(second, everything),
                    export(first, everything),
                ]
                chance.shuffle(sent)
                await asyncio.gather(*sent)
            left -= len(tasks)

        async with connected(other.address) as second:
            assert (await ended(second, run.name)).status == RUN_STATUS_COMPLETED
            told = await facts(second, run.name)
        recorded = Counter(
            (fact.scored.number, fact.scored.score.scorer)
            for fact in told
            if fact.HasField("scored")
        )
        assert len(recorded) == ITEMS * len(SCORERS)
        assert set(recorded.values()) == {1}
        scores = [score for one in await results(first, run.name) for score in one.scores]
        assert {(score.status, score.value) for score in scores} == {(SCORE_STATUS_SCORED, 1.0)}


def _restart(server: Server) -> None:
    server.kill()
    server.start()
