"""The demo, as `make demo` runs it."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.e2e.processes import ROOT, Finished, Server, environment, run_command, wait_until

DEMO = ROOT / "clients" / "python" / "examples" / "demo" / "run.py"


def test_the_demo_ends_with_a_report_and_can_be_run_again(tmp_path: Path) -> None:
    for times in (1, 2):
        done = run_demo(tmp_path)
        assert done.code == 0, done.err
        assert times == len(list((tmp_path / ".trialbook").glob("demo-*")))
        assert "exact_match" in done.out
        assert "key_facts" in done.out
        assert "p50" in done.out
        assert "p95" in done.out
        assert "slowest items" in done.out
        assert "delivery-damaged-record" in done.out.partition("failed items")[2]
        assert re.search(r"tools +0\.925", done.out)
        shown, _, compared = done.out.partition("trace show first/9 --diff")
        assert re.search(r"invoke_agent|agent_run support_agent", shown)
        assert re.search(r"missing +lookup_order .*A-1004", compared)
        assert re.search(r"42/42", done.err)
        assert re.search(r"exact_match 0\.\d{3}", done.err)
    assert not processes_in(tmp_path)


def test_two_demos_at_once_do_not_meet(tmp_path: Path) -> None:
    with started_demo(tmp_path) as first, started_demo(tmp_path) as second:
        for demo in (first, second):
            _, said = demo.communicate(timeout=120)
            assert demo.returncode == 0, said
    assert len(list((tmp_path / ".trialbook").glob("demo-*"))) == 2


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_stopped_stops_its_processes(tmp_path: Path, kind: signal.Signals) -> None:
    with started_demo(tmp_path) as demo:
        wait_until(lambda: list(tmp_path.glob(".trialbook/*/worker.log")), what="a worker starts")
        demo.send_signal(kind)
        _, said = demo.communicate(timeout=60)
    assert demo.returncode == 128 + kind
    assert "Traceback" not in said
    wait_until(lambda: not processes_in(tmp_path), what="every process has ended")


def test_the_demos_last_commands_work(tmp_path: Path) -> None:
    done = run_demo(tmp_path)
    advice = done.out.partition("To look further")[2]
    commands = [shlex.split(line) for line in advice.splitlines() if line.startswith("  ")]
    show, results, serve = (command[1:] for command in commands)
    assert "failed items" in succeed(show, tmp_path)
    assert "policy-warranty" in succeed(results, tmp_path)
    assert serve[0] == "serve"
    server = Server((tmp_path / serve[2]).parent).start()
    try:
        assert "failed items" in server.succeed("run", "show", "first").out
    finally:
        server.stop()


def succeed(arguments: list[str], folder: Path) -> str:
    finished = run_command(*arguments, cwd=folder)
    assert finished.code == 0, finished
    return finished.out


@contextmanager
def started_demo(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo at work; it is stopped, and so stops its processes, if the test fails."""
    demo = subprocess.Popen(
        [sys.executable, str(DEMO)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    with demo:
        try:
            yield demo
        finally:
            demo.terminate()


def run_demo(folder: Path) -> Finished:
    with started_demo(folder) as demo:
        out, err = demo.communicate(timeout=120)
        return Finished(demo.returncode, out, err)


def processes_in(folder: Path) -> list[int]:
    """Processes that work in a folder."""
    running = psutil.process_iter(["pid", "cwd"])
    return [
        process.info["pid"]
        for process in running
        if process.info["cwd"] and Path(process.info["cwd"]).is_relative_to(folder)
    ]
