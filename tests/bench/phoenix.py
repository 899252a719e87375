"""Phoenix as a collector to compare with, in an environment of its own.

It is installed from the package index when it is first needed, into `.tools/phoenix`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.processes import BenchFailure, wait_until

VERSION = "20.26.1"
_ROOT = Path(__file__).resolve().parents[2]
_UV = _ROOT / ".tools" / "bin" / "uv"
_ENVIRONMENT = _ROOT / ".tools" / "phoenix"
_INSTALLED = _ENVIRONMENT / f"arize-phoenix-{VERSION}"
"""A mark that the installation went through."""
_INSTALLING_TIME = 300.0
_STOPPING_TIME = 30.0
_COUNT = {"query": "{ projects { edges { node { recordCount } } } }"}


class NoPhoenix(Exception):
    """It cannot be measured here; the message says why."""


@dataclass(frozen=True, slots=True)
class Phoenix:
    """A running Phoenix: where it takes OTLP over gRPC, and its process."""

    address: str
    process: psutil.Process
    _http: str

    def spans(self) -> int:
        """Return how many spans it says that it has stored."""
        request = urllib.request.Request(
            f"http://{self._http}/graphql",
            json.dumps(_COUNT).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_STOPPING_TIME) as response:
            projects = json.load(response)["data"]["projects"]["edges"]
        return sum(project["node"]["recordCount"] for project in projects)


@contextmanager
def phoenix(folder: Path, *, install: bool) -> Iterator[Phoenix]:
    """Run Phoenix on a new SQLite database in this folder.

    Raises NoPhoenix if it is not there, and cannot or is not to be installed, or does not start.
    """
    _ensure_installed(install=install)
    folder.mkdir(parents=True, exist_ok=True)
    http, grpc = _free_ports()
    settings = {
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(http),
        "PHOENIX_GRPC_PORT": str(grpc),
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    with (folder / "phoenix.log").open("ab") as log, ExitStack() as stack:
        process = subprocess.Popen(
            [_ENVIRONMENT / "bin" / "phoenix", "serve"],
            stdout=log,
            stderr=log,
            env={**os.environ, **settings},
        )
        stack.callback(_stop, process)
        found = Phoenix(f"127.0.0.1:{grpc}", psutil.Process(process.pid), f"127.0.0.1:{http}")
        try:
            wait_until(lambda: process.poll() is not None or _answers(found), "Phoenix starts")
        except BenchFailure as failure:
            raise NoPhoenix(str(failure)) from failure
        if process.poll() is not None:
            raise NoPhoenix(f"it ended with code {process.returncode} instead of starting")
        yield found


def _ensure_installed(*, install: bool) -> None:
    if _INSTALLED.exists():
        return
    if not install:
        raise NoPhoenix("it is installed when the bench runs at its full size")
    if not _UV.exists():
        raise NoPhoenix(f"{_UV.relative_to(_ROOT)} is missing, which would install it")
    # The base interpreter, as for the project's own environment.
    base = getattr(sys, "_base_executable", sys.executable)
    _uv("venv", "--clear", "--python", base, str(_ENVIRONMENT))
    python = str(_ENVIRONMENT / "bin" / "python")
    _uv("pip", "install", "--python", python, f"arize-phoenix=={VERSION}")
    _INSTALLED.touch()


def _uv(*arguments: str) -> None:
    command = [str(_UV), "--quiet", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_INSTALLING_TIME, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NoPhoenix(f"its installation took more than {_INSTALLING_TIME:g} s") from error
    if done.returncode:
        raise NoPhoenix(f"it cannot be installed: {done.stderr.strip()[-500:]}")


def _free_ports() -> tuple[int, int]:
    # Both are held at the same time, so that they differ.
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _answers(found: Phoenix) -> bool:
    try:
        found.spans()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    # It would first store what it has acknowledged, and nobody reads it.
    process.kill()
    process.wait(_STOPPING_TIME)
