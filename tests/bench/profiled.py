"""Runs a module under a profiler in each of its threads.

`python -m tests.bench.profiled PREFIX MODULE …` writes `PREFIX.THREAD.prof` at the end. Times are
processor times of the thread: waiting, for the disk or for the interpreter's lock, does not count.
"""

from __future__ import annotations

import pstats
import runpy
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from cProfile import Profile
from pathlib import Path

_TOP = 30


def report(folder: Path) -> None:
    """Print the most expensive functions of every profile in a folder."""
    for path in sorted(folder.glob("*.prof")):
        statistics = pstats.Stats(str(path))
        print(f"\n==== {path.stem}")
        statistics.sort_stats("tottime").print_stats(_TOP)


def main() -> None:
    """Run the module as a program."""
    prefix, module, *arguments = sys.argv[1:]
    # From Python 3.12 on, one profiler serves the whole process, so that only one can be had.
    if sys.version_info < (3, 12):
        _profile_threads(prefix)
    sys.argv = [module, *arguments]
    with _profiling(f"{prefix}.main.prof"):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


def _profile_threads(prefix: str) -> None:
    run = threading.Thread.run

    def profiled_run(thread: threading.Thread) -> None:
        with _profiling(f"{prefix}.{thread.name}.prof"):
            run(thread)

    threading.Thread.run = profiled_run  # type: ignore[method-assign,assignment]


@contextmanager
def _profiling(path: str) -> Iterator[None]:
    profile = Profile(time.thread_time)
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        profile.dump_stats(path)


if __name__ == "__main__":
    main()
