"""The guide to datasets, carried out word for word: its files, its commands, and what they say."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.guide import Guide, needs_distribution
from tests.e2e.processes import Server


@needs_distribution
def test_every_command_of_the_guide_says_what_the_guide_says(
    server: Server, tmp_path: Path
) -> None:
    assert Guide("datasets.md", tmp_path / "guide", server.address).carry_out() > 20
