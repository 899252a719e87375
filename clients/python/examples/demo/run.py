"""The demo: the whole way of an evaluation, over the command line and with real processes.

Starts a server on a new database and a worker that hosts a small support agent, imports 42 cases,
runs them with a live progress bar, shows the report, and what the agent did in one of the cases.
Everything stays in a fresh folder.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMAND_LINE = [sys.executable, "-m", "trialbook.services.cli"]
START_SECONDS = 30.0
STOP_SECONDS = 15.0
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)  # Ctrl-C raises KeyboardInterrupt by itself
SCORERS = [
    "exact_match",
    'similarity=levenshtein:{"threshold":0.8}',
    "key_facts",
    'tools=trajectory_match:{"mode":"exact"}',
]
TOLD_RESULT = "first/9"  # asks for two orders, and the agent looks at one


class DemoFailure(Exception):
    """A step of the demo went wrong; its own output says how."""


def main() -> int:
    """Run the demo; returns the exit code."""
    for number in ENDING_SIGNALS:
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    folder = fresh_folder()
    database = folder / "trialbook.db"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TRIALBOOK_")
    }
    try:
        with started_server(database, environment) as address:
            environment["TRIALBOOK_ADDRESS"] = address
            with started_worker(folder, environment):
                evaluate(environment)
    except KeyboardInterrupt:
        print(f"\nstopped; what was done is in {shown(database)}", file=sys.stderr)
        return 130
    except DemoFailure as failure:
        print(f"the demo failed: {failure}", file=sys.stderr)
        return 1
    say_where_to_look(database)
    return 0


def evaluate(environment: dict[str, str]) -> None:
    """Do what a user does: import, define, run, look closer."""
    cases = shown(HERE / "support_cases.jsonl")
    scorers = [part for scorer in SCORERS for part in ("--scorer", scorer)]
    definition = ["--dataset", "support", "--target", "support_agent", *scorers]
    settings = ["--concurrency", "2", "--max-retries", "1", "--initial-backoff", "200ms"]
    call(environment, "dataset", "import", cases, "--dataset", "support")
    call(environment, "experiment", "create", "support-agent", *definition, *settings)
    call(environment, "run", "start", "support-agent", "--id", "first", "--wait")
    call(environment, "trace", "show", TOLD_RESULT)
    call(environment, "trace", "show", TOLD_RESULT, "--diff")


def say_where_to_look(database: Path) -> None:
    """The way on, with commands that work as they stand."""
    installed = Path(sys.executable).with_name("trialbook")
    command = shlex.quote(shown(installed)) if installed.exists() else "trialbook"
    folder = shlex.quote(shown(database.parent))
    print(f"\nEverything is in {shown(database)}. To look further:")
    print(f"  {command} run show first --embedded {folder}")
    print(f"  {command} run results first --order slowest --include-items --embedded {folder}")
    print("or serve it again, for other programs too:")
    print(f"  {command} serve --database {shlex.quote(shown(database))}")


def fresh_folder() -> Path:
    """Make a folder that no other demo uses, also none that runs at the same time."""
    parent = Path(".trialbook")
    parent.mkdir(exist_ok=True)
    return Path(
        tempfile.mkdtemp(prefix=f"demo-{datetime.now().astimezone():%Y%m%d-%H%M%S}-", dir=parent)
    )


@contextmanager
def started_server(database: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run a server on a free port of this machine; gives its address."""
    port_file = database.with_name("address")
    arguments = ["serve", "--database", str(database), "--address", "127.0.0.1:0"]
    arguments += ["--port-file", str(port_file)]
    log = database.with_name("server.log")
    with started(arguments, log, environment) as process:
        wait_until(port_file.exists, process, log, "the server")
        yield port_file.read_text(encoding="utf-8").strip()


@contextmanager
def started_worker(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run the worker that hosts the agent, and wait until the server knows it."""
    arguments = ["worker", "run", f"{HERE / 'support_agent.py'}:worker"]
    log = folder / "worker.log"
    with started(arguments, log, environment) as process:
        wait_until(lambda: knows_scorer("key_facts", environment), process, log, "the worker")
        yield


@contextmanager
def started(
    arguments: list[str], log: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command line in the background; it is stopped whatever happens."""
    print(f"$ {command_text(arguments)} &", flush=True)
    process = None
    try:
        with log.open("wb") as output, signals_held():
            # A session of its own: Ctrl-C reaches the demo alone, which then stops things in order.
            process = subprocess.Popen(
                [*COMMAND_LINE, *arguments],
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            stop(process)


@contextmanager
def signals_held() -> Iterator[None]:
    """Put off what would end the demo, so that no process is started and then forgotten."""
    arrived: list[int] = []
    former = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in (signal.SIGINT, *ENDING_SIGNALS)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    for held in arrived:
        signal.raise_signal(held)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and make it if it does not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def call(environment: dict[str, str], *arguments: str) -> None:
    """Run one command, shown as a user would type it."""
    print(f"$ {command_text(arguments)}", flush=True)
    code = subprocess.run([*COMMAND_LINE, *arguments], env=environment, check=False).returncode
    if code:
        raise DemoFailure(f"`trialbook {arguments[0]} {arguments[1]}` ended with exit code {code}")
    print(flush=True)


def knows_scorer(name: str, environment: dict[str, str]) -> bool:
    """Whether some live worker hosts the scorer."""
    shown_scorer = subprocess.run(
        [*COMMAND_LINE, "scorer", "show", name], env=environment, capture_output=True, check=False
    )
    return shown_scorer.returncode == 0


def wait_until(
    condition: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, what: str
) -> None:
    """Wait until a started process is ready."""
    end = time.monotonic() + START_SECONDS
    while not condition():
        if process.poll() is not None:
            raise DemoFailure(f"{what} ended at once: {log.read_text(encoding='utf-8').strip()}")
        if time.monotonic() > end:
            raise DemoFailure(f"{what} was not ready within {START_SECONDS:g} s")
        time.sleep(0.05)


def command_text(arguments: Iterable[str]) -> str:
    """A command as a user would type it, with short paths."""
    return shlex.join(["trialbook", *(shown_argument(argument) for argument in arguments)])


def shown_argument(argument: str) -> str:
    """A path inside the current folder, relative to it."""
    return argument.removeprefix(f"{Path.cwd()}/")


def shown(path: Path) -> str:
    """A path as a user would type it."""
    return shown_argument(str(path.absolute()))


if __name__ == "__main__":
    sys.exit(main())
