"""The floor: what a careful user would write without any service.

A bare asyncio loop answers and judges the same questions and commits each result to SQLite at full
durability. `python -m tests.bench.floor DATABASE COUNT` prints its items per second.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from tests.bench.workload import Question, answer, questions

CONCURRENCY = 50
_SCHEMA = """
    CREATE TABLE result (
        number INTEGER PRIMARY KEY,
        input TEXT NOT NULL,
        output TEXT NOT NULL,
        exact_match REAL NOT NULL,
        levenshtein REAL NOT NULL,
        latency REAL NOT NULL
    )
"""


def floor_rate(database: Path, count: int) -> float:
    """Run the floor in a process of its own and return its items per second."""
    command = [sys.executable, "-m", "tests.bench.floor", str(database), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def open_database(path: Path) -> sqlite3.Connection:
    """Make the file, with a write-ahead log that is on the disk after each commit."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_SCHEMA)
    return connection


async def evaluate(connection: sqlite3.Connection, asked: list[Question]) -> None:
    """Answer, judge and commit every question, `CONCURRENCY` at a time."""
    slots = asyncio.Semaphore(CONCURRENCY)

    async def one(number: int, question: Question) -> None:
        async with slots:
            began = time.perf_counter()
            output = await target(question.input)
            latency = time.perf_counter() - began
            row = (
                number,
                json.dumps(question.input),
                json.dumps(output),
                exact_match(output, question.expected),
                similarity(output, question.expected),
                latency,
            )
            # Outside a transaction, each statement is committed by itself.
            connection.execute("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?)", row)

    await asyncio.gather(*(one(number, question) for number, question in enumerate(asked)))


async def target(asked: dict[str, object]) -> str:
    """Answer at once, as the worker's target does."""
    return answer(asked)


def exact_match(output: str, expected: str) -> float:
    """Score as our exact_match does."""
    return float(output == expected)


def similarity(output: str, expected: str) -> float:
    """Score as our levenshtein does."""
    longest = max(len(output), len(expected))
    return (longest - Levenshtein.distance(output, expected)) / longest if longest else 1.0


def main() -> None:
    """Measure, from the first item's start to the last one's commit."""
    connection = open_database(Path(sys.argv[1]))
    asked = list(questions(int(sys.argv[2])))
    began = time.perf_counter()
    asyncio.run(evaluate(connection, asked))
    print(len(asked) / (time.perf_counter() - began))
    connection.close()


if __name__ == "__main__":
    main()
