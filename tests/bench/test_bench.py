"""The bench itself works; what it measures is not judged here."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

from tests.bench.run import CASES

SCRIPT = Path(__file__).with_name("run.py")


def test_the_bench_gives_a_figure_for_every_case(tmp_path: Path) -> None:
    told = tmp_path / "figures.json"
    command = [sys.executable, str(SCRIPT), "--quick", "--json", str(told)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(told.read_text())["figures"]
    assert {figure["case"] for figure in figures} == set(CASES)
    assert all(math.isfinite(figure["measured"]) for figure in figures)
