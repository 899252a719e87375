"""What the workers of the fault tests host. Their parts are chosen by the environment."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from pathlib import Path
from typing import Any

from trialbook.client import FinalError, RetryableError, RunResults, TaskContext, Worker

MAX_RETRIES = 2
POISON = "poison"
_FAILING_PERCENT = 30
_LOOK_AGAIN_SECONDS = 0.01

worker = Worker(
    os.environ.get("TRIALBOOK_ADDRESS"),
    worker_id=os.environ.get("FAULT_WORKER_ID"),
    max_concurrent_tasks=int(os.environ.get("FAULT_WORKER_SLOTS", "50")),
)


def fails(task_id: str, attempt: int) -> bool:
    """Whether an attempt fails: as if by chance, but the same wherever it is asked."""
    digest = hashlib.blake2b(f"{task_id}#{attempt}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) % 100 < _FAILING_PERCENT


def outcome(task_id: str) -> tuple[int, bool]:
    """How many attempts a task must take in the end, and whether the last one succeeds."""
    for attempt in range(1, MAX_RETRIES + 2):
        if not fails(task_id, attempt):
            return attempt, True
    return MAX_RETRIES + 1, False


def _may_fail(task: TaskContext) -> None:
    if fails(task.task_id, task.attempt):
        raise RetryableError(f"attempt {task.attempt} of {task.task_id} fails")


@worker.target("shaky")
async def shaky(number: int, task: TaskContext) -> dict[str, int]:
    await asyncio.sleep(0.005)
    _may_fail(task)
    return {"number": number}


@worker.scorer("is_even", minimum=0, maximum=1)
def is_even(output: dict[str, int], task: TaskContext) -> bool:
    _may_fail(task)
    return output["number"] % 2 == 0


@worker.target("flow", kind="workflow")
async def flow(number: int, task: TaskContext) -> dict[str, int]:
    """Tells a step and what it used, and fails as `shaky` does."""
    with task.timed("double") as double:
        double.output = number * 2
    await asyncio.sleep(0.005)
    _may_fail(task)
    task.use(input_tokens=number, output_tokens=1)
    return {"number": number}


@worker.run_scorer("tally", minimum=0)
async def tally(results: RunResults) -> float:
    """Counts the results that have an output."""
    return float(len([one async for one in results if one.output_json is not None]))


@worker.target("brittle")
async def brittle(number: int) -> dict[str, int]:
    """Fails on odd numbers for as long as its gate is there."""
    await asyncio.sleep(0.005)
    if number % 2 and _gate_is_shut():
        raise FinalError(f"{number} is odd")
    return {"number": number}


@worker.target("steady")
async def steady(number: int) -> int:
    await asyncio.sleep(0.02)
    return number


@worker.target("deadly")
async def deadly(word: str) -> str:
    if word == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(0.02)
    return word


@worker.target("gated")
async def gated(number: int, task: TaskContext) -> dict[str, Any]:
    """Notes that it began, then waits until its gate is away."""
    _note_begun(task)
    while _gate_is_shut():  # noqa: ASYNC110 - another process opens it
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    return {"number": number, "by": worker.worker_id}


def _note_begun(task: TaskContext) -> None:
    with Path(os.environ["FAULT_BEGUN"]).open("a") as begun:
        begun.write(f"{task.task_id}\n")


def _gate_is_shut() -> bool:
    return Path(os.environ["FAULT_GATE"]).exists()
