"""The guide to experiments, carried out word for word, with its worker."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.guide import Guide, needs_distribution
from tests.e2e.processes import Server


@needs_distribution
def test_every_command_of_the_guide_says_what_the_guide_says(
    server: Server, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    guide = Guide("experiments.md", tmp_path / "guide", server.address, processes)
    assert guide.carry_out() > 15
