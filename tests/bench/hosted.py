"""The worker process of every case: `python -m tests.bench.hosted`, with TRIALBOOK_ADDRESS set."""

from __future__ import annotations

import asyncio

from tests.bench.workload import INSTANT, PAUSE_5_MS, PAUSE_50_MS, answer
from trialbook.client import Worker

worker = Worker(max_concurrent_tasks=200)


@worker.target(INSTANT)
async def instant(asked: dict[str, object]) -> str:
    """Answer at once."""
    return answer(asked)


@worker.target(PAUSE_5_MS)
async def pause_5_ms(asked: dict[str, object]) -> str:
    """Answer after 5 ms, as a cache would."""
    await asyncio.sleep(0.005)
    return answer(asked)


@worker.target(PAUSE_50_MS)
async def pause_50_ms(asked: dict[str, object]) -> str:
    """Answer after 50 ms, as a small model would."""
    await asyncio.sleep(0.05)
    return answer(asked)


if __name__ == "__main__":
    worker.run()
