"""`evaluate` with the service in the process, on a store that stays."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from tests.contract.client.conftest import ServerProcess
from trialbook.client import (
    AsyncClient,
    Client,
    Condition,
    FinalError,
    Gate,
    InvalidArgument,
    NotFound,
    Run,
    RunSettings,
    RunStatus,
    Score,
    Scorer,
    evaluate,
    evaluate_async,
)
from trialbook.client.evaluation.embedded import service_address

CASES = [{"input": n, "expected": n * 2, "id": f"case-{n}"} for n in range(10)]


@pytest.fixture(autouse=True)
def entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the embedded service where its distribution is not installed but only on the path."""
    if entry_points(group="trialbook.embedded"):
        return
    folder = tmp_path / "site"
    (folder / "trialbook-0.dist-info").mkdir(parents=True)
    (folder / "trialbook-0.dist-info" / "METADATA").write_text("Name: trialbook\nVersion: 0\n")
    (folder / "trialbook-0.dist-info" / "entry_points.txt").write_text(
        "[trialbook.embedded]\nservice = trialbook.services.embedded:start\n"
    )
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *sys.path]))


def double(number: int) -> int:
    return number * 2


def shout(text: str) -> str:
    return f"{text}!"


async def double_unless_seven(number: int) -> int:
    await asyncio.sleep(0)
    if number == 7:
        raise FinalError("not seven")
    return number * 2 if number != 3 else 0


def is_even(output: Any, expected: Any) -> Score:
    """Whether an output is even."""
    return Score(float(output % 2 == 0), passed=output == expected, reason=f"{output}")


def test_a_gate_says_whether_the_run_is_what_it_should_be(tmp_path: Path) -> None:
    gate = Gate([Condition.mean("exact_match", at_least=0.9), Condition.failed_results(at_most=3)])

    summary = evaluate(
        double_unless_seven,
        CASES,
        ["exact_match"],
        settings=RunSettings(trials=2, seed=3, run_deadline=600),
        gate=gate,
        directory=tmp_path / "store",
    )

    assert summary.verdict is not None
    assert [finding.verdict.value for finding in summary.verdict.findings] == ["failed", "passed"]
    assert (len(summary), summary.run.settings.run_deadline) == (20, 600)
    assert "gate: failed\n  failed: " in str(summary)


def test_a_function_is_evaluated_and_the_summary_can_be_iterated(tmp_path: Path) -> None:
    summary = evaluate(
        double_unless_seven,
        CASES,
        ["exact_match", Scorer("numeric_match", alias="near", tolerance=1), is_even],
        concurrency=4,
        directory=tmp_path / "store",
    )

    assert summary.run.status is RunStatus.COMPLETED
    assert len(summary) == 10
    assert [result.item_id for result in summary] == [case["id"] for case in CASES]
    assert [result.item_id for result in summary.failed] == ["case-7"]
    first = next(iter(summary))
    assert (first.input, first.expected, first.output) == (0, 0, 0)
    assert len(first.scores) == 3
    assert summary.scores["exact_match"].passed == 8
    assert summary.scores["exact_match"].mean == pytest.approx(8 / 9)
    assert summary.scores["is_even"].mean == 1.0
    assert "exact_match" in str(summary)
    assert "case-7: FinalError: not seven" in summary.report()


def test_a_second_evaluation_uses_dataset_and_experiment_again(tmp_path: Path) -> None:
    first = evaluate(double, CASES, ["exact_match"], directory=tmp_path / "store")
    second = evaluate(double, CASES, ["exact_match"], directory=tmp_path / "store")
    other = evaluate(double, CASES[:5], ["exact_match"], directory=tmp_path / "store")

    assert first.run.name != second.run.name
    assert first.run.dataset == second.run.dataset
    assert first.run.experiment == second.run.experiment
    assert other.run.dataset != first.run.dataset
    assert other.run.experiment.endswith("/experiments/double/versions/2")


def test_cases_that_differ_in_their_mocks_are_other_cases(tmp_path: Path) -> None:
    def dataset_with(answer: int) -> str:
        mock = {"tool": "search", "output": answer}
        cases = [{"input": 1, "tool_mocks": [mock], "scorers": ["exact_match"]}]
        return evaluate(double, cases, [], directory=tmp_path).run.dataset.split("/versions/")[0]

    first, second, again = dataset_with(1), dataset_with(2), dataset_with(1)

    assert first == again
    assert first != second


async def test_evaluation_works_inside_a_running_loop(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()

    async def in_this_loop(number: int) -> bool:
        return asyncio.get_running_loop() is loop

    awaited = await evaluate_async(in_this_loop, [1, 2], directory=tmp_path / "a")
    blocking = evaluate(in_this_loop, [1, 2], directory=tmp_path / "b")

    assert [result.output for result in awaited] == [True, True]
    assert [result.output for result in blocking] == [False, False]


def test_bad_cases_and_scorers_are_refused_before_anything_runs(tmp_path: Path) -> None:
    ran: list[int] = []

    with pytest.raises(InvalidArgument, match="unknown keys"):
        evaluate(ran.append, [{"input": 1, "expect": 2}], directory=tmp_path)
    with pytest.raises(InvalidArgument) as caught:
        evaluate(double, [1], ["no_such_scorer"], directory=tmp_path)

    assert caught.value.reason == "UNKNOWN_SCORER"
    assert ran == []


def test_a_server_that_runs_can_be_used(server: ServerProcess, client: Client) -> None:
    settings = RunSettings(trials=2, concurrency=3)

    summary = evaluate(
        double, CASES, ["exact_match"], name="My Run!", address=server.address, settings=settings
    )

    assert len(summary) == 20
    assert client.runs.get(summary.run).experiment.endswith("/experiments/my-run/versions/1")


def test_progress_goes_to_stderr_when_it_is_asked_for(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    evaluate(double, CASES, ["exact_match"], directory=tmp_path, progress=True)

    captured = capfd.readouterr()
    assert captured.out == ""
    assert "double: 10 of 10  exact_match 1.000" in captured.err


INTERRUPTED = """
import sys, time
from trialbook.client import evaluate

def slow(number):
    print("began\\n", end="", flush=True)  # in one piece: two threads print
    time.sleep(0.2)
    return number

evaluate(slow, list(range(500)), directory=sys.argv[1], name="slow", concurrency=2)
"""


def test_an_interrupt_cancels_the_run(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, tmp_path / "store"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"began\n"

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert b"KeyboardInterrupt" in errors
    ended = asyncio.run(last_run(tmp_path / "store"))
    assert ended.status is RunStatus.CANCELLED
    assert ended.counts.skipped > 400


async def last_run(directory: Path) -> Run:
    async with service_address(None, directory) as address, AsyncClient(address) as client:
        (run,) = [run async for run in client.runs.list(experiment="slow")]
        return await client.runs.wait(run, timeout=30)


def test_an_evaluation_without_scorers_records_outputs(tmp_path: Path) -> None:
    summary = evaluate(shout, ["a", "b"], directory=tmp_path)

    assert [result.output for result in summary] == ["a!", "b!"]
    assert summary.scores == {}


def test_a_missing_file_of_cases_is_an_ordinary_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        evaluate(double, tmp_path / "none.jsonl", directory=tmp_path)


def test_the_run_can_be_looked_at_later(tmp_path: Path) -> None:
    summary = evaluate(double, CASES, directory=tmp_path)

    async def look() -> int:
        async with service_address(None, tmp_path) as address, AsyncClient(address) as client:
            with pytest.raises(NotFound):
                await client.runs.get("none")
            return (await client.runs.get(summary.run)).counts.succeeded

    assert asyncio.run(look()) == 10
