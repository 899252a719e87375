"""The processes under measurement: how they are started, stopped, and what they have used."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

PATIENCE = 60.0
"""Seconds to wait for a process to start, to get on, or to end."""
_TOLD_OF_LOG = 2_000


class BenchFailure(Exception):
    """What was to be measured did not work, so there is no figure."""


@contextmanager
def running(
    name: str,
    module: str,
    *arguments: str,
    folder: Path,
    profile: bool,
    code: int = 0,
    **more: str,
) -> Iterator[psutil.Process]:
    """Run a module as a process; with `profile`, leave `NAME.THREAD.prof` in the folder.

    Raises BenchFailure unless it ends with this code; that of a signal is its number, negative.
    """
    command = [sys.executable, "-m"]
    if profile:
        command += ["tests.bench.profiled", str(folder / name)]
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, module, *arguments],
            stdout=output,
            stderr=output,
            env=_environment(**more),
        )
    try:
        yield psutil.Process(process.pid)
    except BenchFailure as failure:
        failure.add_note(f"the {name} said: {_end_of(log)}")
        raise
    finally:
        ended = _stop(process)
    if ended != code:
        raise BenchFailure(f"the {name} ended with code {ended}: {_end_of(log)}")


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds. Raises BenchFailure after `PATIENCE` seconds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise BenchFailure(f"waited {PATIENCE:g} s in vain: {what}")
        time.sleep(0.01)


def peak_memory(process: psutil.Process) -> float:
    """Return the largest resident memory that a process has had, in MB (10^6 bytes).

    Where the system does not keep it, what the process has now.
    """
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return float(process.memory_info().rss) / 1e6
    return _status_kilobytes(status, "VmHWM") * 1024 / 1e6


def anonymous_memory(process: psutil.Process) -> float | None:
    """Return a process's own memory in MB, without the database file that is mapped into it.

    None where the system does not tell.
    """
    status = Path(f"/proc/{process.pid}/status")
    return _status_kilobytes(status, "RssAnon") * 1024 / 1e6 if status.exists() else None


def cpu_seconds(process: psutil.Process) -> float:
    """Return the processor time of a process so far, its own and the system's for it."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-_TOLD_OF_LOG:]


def _status_kilobytes(status: Path, field: str) -> int:
    for line in status.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    raise BenchFailure(f"{status} has no {field}")


def _environment(**more: str) -> dict[str, str]:
    """This process's environment, without settings that would change what is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRIALBOOK_")}
    # As where it is installed: only the first process of all compiles the modules.
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    # A server's own choice for HTTP is the port after its other one, which another may have.
    return {**kept, "TRIALBOOK_HTTP_ADDRESS": "127.0.0.1:0", **more}


def _stop(process: subprocess.Popen[bytes]) -> int:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
