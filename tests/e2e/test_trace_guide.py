"""The guides to traces and trajectories, carried out word for word, one after the other.

There are a traced worker, an agent with an exporter of its own, curl, and a worker without traces.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.e2e.guide import Guide, needs_distribution
from tests.e2e.processes import Server


@needs_distribution
def test_every_command_of_the_guides_says_what_the_guides_say(
    server: Server, tmp_path: Path, processes: list[subprocess.Popen[bytes]]
) -> None:
    (http,) = re.findall(r"^HTTP +http://(\S+)$", server.log.read_text(), re.MULTILINE)
    folder = tmp_path / "guide"

    for name, commands in (("traces.md", 13), ("trajectories.md", 8)):
        guide = Guide(name, folder, server.address, processes, http=http)
        assert guide.carry_out() == commands
