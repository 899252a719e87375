"""Guides carried out word for word: their files, their commands, and what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, environment, wait_until

BLOCK = re.compile(
    r"(?:Write this as `(?P<file>[^`]+)`[^\n]*\n\n)?^```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
PERSON = re.compile(r"\b\S+@\S+")
SPAN = re.compile(r"\b\d[\d.]* (?:ms|s|min)\b")
TRACE = re.compile(r"\b[0-9a-f]{32}\b")
SPAN_ID = re.compile(r"\b[0-9a-f]{16}\b")
GRPC, HTTP = "127.0.0.1:50051", "127.0.0.1:50052"
"""Where guides say that the server answers."""
WORKER = re.compile(r"[\w.-]+-\d+(?=' ran | +(?:results|scores)_recorded)")
POSITION = re.compile(r"^\s*[\d,]+(?=\s+THEN)", re.MULTILINE)
PROGRESS = re.compile(r"^[\w-]+  [\d,]+/[\d,]+.*\n?", re.MULTILINE)
SLOWEST = re.compile(r"^slowest items\n.*?(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)

needs_distribution = pytest.mark.skipif(
    not Path(sys.executable).with_name("trialbook").exists(),
    reason="the trialbook distribution is not installed",
)


@dataclass
class Guide:
    """A guide, and the folder in which it is carried out against a server.

    Workers that it starts in a terminal of their own go on, in `processes`. `files` are what it
    asks its reader to have, each under its name. The addresses that its commands name become those
    of the server, `http` the one for HTTP.
    """

    name: str
    folder: Path
    address: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    files: Mapping[str, Path] = field(default_factory=dict)
    http: str = HTTP

    def carry_out(self) -> int:
        """Write its files and run its commands; return how many said what the guide says."""
        self.folder.mkdir(exist_ok=True)  # a guide may go on where another ended
        for name, file in self.files.items():
            shutil.copy(file, self.folder / name)
        text = (ROOT / "docs" / "guides" / self.name).read_text(encoding="utf-8")
        carried_out = 0
        for block in BLOCK.finditer(text):
            if block["file"]:
                (self.folder / block["file"]).write_text(block["text"], encoding="utf-8")
                continue
            for command, printed in commands(block["text"]):
                self._run(command, printed)
                carried_out += 1
        return carried_out

    def _run(self, command: str, printed: str) -> None:
        if command.startswith("trialbook worker run"):
            self._start_worker(command)
            return
        done = subprocess.run(
            ["bash", "-c", self._addressed(command)],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        said = f"{command}\n{done.stdout}"
        assert essence(done.stdout) == essence(printed), said
        assert done.returncode in ((1,) if "error: " in printed else (0, 1)), command

    def _start_worker(self, command: str) -> None:
        log = self.folder / "worker.log"
        before = registered(log)
        with log.open("ab") as output:
            process = subprocess.Popen(
                command.split(),
                cwd=self.folder,
                env=self._environment(),
                stdout=output,
                stderr=output,
            )
        self.processes.append(process)
        wait_until(lambda: registered(log) > before, what="the worker is registered")

    def _addressed(self, command: str) -> str:
        return command.replace(GRPC, self.address).replace(HTTP, self.http)

    def _environment(self) -> dict[str, str]:
        variables = environment(TRIALBOOK_ADDRESS=self.address)
        return {**variables, "PATH": f"{Path(sys.executable).parent}:{variables['PATH']}"}


def registered(log: Path) -> int:
    """How many workers say in a log that they are registered."""
    return log.read_text().count("is registered") if log.exists() else 0


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with what it is said to print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def essence(printed: str) -> list[str]:
    """What does not depend on when, where, how fast and by whom a command is run."""
    text = SLOWEST.sub("", PROGRESS.sub("", TIME.sub("THEN", printed)))
    for pattern, word in (
        (PERSON, "SOMEBODY"),
        (SPAN, "SPAN"),
        (TRACE, "TRACE"),
        (SPAN_ID, "SPAN"),
        (WORKER, "WORKER"),
    ):
        text = pattern.sub(word, text)
    text = POSITION.sub("HERE", text)
    lines = (re.sub(r"─+", "─", re.sub(r"\s+", " ", line)).strip() for line in text.splitlines())
    return [line for line in lines if line]
