"""Kill -9 while a scorer waits for spans: it goes on waiting, and judges what comes then."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.processes import Server
from tests.service import connected, ended, items, new_run, new_worker, results, scorer
from tests.traces import attempt_spans, export, traced
from trialbook.v1.run_pb2 import RUN_STATUS_COMPLETED


async def test_a_killed_server_goes_on_waiting_for_spans(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    try:
        async with connected(server.address) as service:
            searched = scorer("tool_called", '{"tool": "search"}')
            run = await new_run(service, items(1), searched)
            worker = await new_worker(service)
            task = await worker.lease_one()
            spans = attempt_spans(task, "search")
            await export(service, spans[:2])
            await worker.report(traced(task, spans))
        server.kill()
        server.start()
        async with connected(server.address) as service:
            await export(service, spans[2:])

            assert (await ended(service, run.name)).status == RUN_STATUS_COMPLETED
            (result,) = await results(service, run.name)
            assert [score.value for score in result.scores] == [1.0]
    finally:
        server.stop()
