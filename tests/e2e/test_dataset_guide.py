"""The guide to datasets, carried out word for word: its files, its commands, and what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, Server, environment

GUIDE = ROOT / "docs" / "guides" / "datasets.md"
BLOCK = re.compile(
    r"(?:Write this as `(?P<file>[^`]+)`[^\n]*\n\n)?^```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
PERSON = re.compile(r"\b\S+@\S+")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with what it is said to print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed


def essence(printed: str) -> list[str]:
    """What does not depend on when, where and by whom a command is run."""
    text = PERSON.sub("SOMEBODY", TIME.sub("THEN", printed))
    lines = (re.sub(r"─+", "─", re.sub(r"\s+", " ", line)).strip() for line in text.splitlines())
    return [line for line in lines if line]


@pytest.mark.skipif(
    not Path(sys.executable).with_name("trialbook").exists(),
    reason="the trialbook distribution is not installed",
)
def test_every_command_of_the_guide_says_what_the_guide_says(
    server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "guide"
    folder.mkdir()
    variables = environment(TRIALBOOK_ADDRESS=server.address)
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
    carried_out = 0
    for block in BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        if block["file"]:
            (folder / block["file"]).write_text(block["text"], encoding="utf-8")
            continue
        for command, printed in commands(block["text"]):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
                check=False,
            )
            assert essence(done.stdout) == essence(printed), command
            assert done.returncode in ((1,) if "error: " in printed else (0, 1)), command
            carried_out += 1
    assert carried_out > 20
