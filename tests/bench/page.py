"""Puts figures into a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.bench.figures import Figure, as_markdown

BEGIN = "<!-- begin figures: tests/bench/run.py --page -->"
END = "<!-- end figures -->"


def put_into_page(
    path: Path, about: Mapping[str, str], figures: Iterable[tuple[str, Figure]]
) -> None:
    """Replace what stands between the marks of a page. Raises ValueError if it has none."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} needs the marks {BEGIN} and {END}")
    machine = "Measured on: " + ", ".join(f"{name} {value}" for name, value in about.items()) + "."
    lines = [begin, "", machine, "", *as_markdown(figures), "", end]
    path.write_text(before + "\n".join(lines) + after, encoding="utf-8")
