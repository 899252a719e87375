"""Figures: what was measured, beside what is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

_COLUMNS = "{:<20} {:<46} {:>12} {:<8} {:>12}  {}"


@dataclass(frozen=True, slots=True)
class Bound:
    """What is asked of a figure."""

    side: Literal["at least", "at most"]
    value: float

    def holds(self, measured: float) -> bool:
        """Whether a measured value is on the right side."""
        return measured >= self.value if self.side == "at least" else measured <= self.value


def at_least(value: float) -> Bound:
    """Ask for this much or more."""
    return Bound("at least", value)


def at_most(value: float) -> Bound:
    """Ask for this much or less."""
    return Bound("at most", value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. Without a bound it is for information."""

    name: str
    value: float
    unit: str
    asked: Bound | None = None

    @property
    def met(self) -> bool | None:
        """Whether it is as asked; None if nothing is."""
        return None if self.asked is None else self.asked.holds(self.value)


def heading() -> str:
    """Return the table's first line."""
    return _COLUMNS.format("case", "figure", "measured", "", "asked", "").rstrip()


def lines(case: str, figures: Iterable[Figure]) -> list[str]:
    """Return the table's lines for a case."""
    return [_line(case, figure) for figure in figures]


def as_json(case: str, figure: Figure) -> dict[str, Any]:
    """Return a figure for a file of figures."""
    asked = figure.asked
    return {
        "case": case,
        "figure": figure.name,
        "measured": figure.value,
        "unit": figure.unit,
        "asked": None if asked is None else f"{asked.side} {asked.value:g}",
        "met": figure.met,
    }


def as_markdown(figures: Iterable[tuple[str, Figure]]) -> list[str]:
    """Return the lines of a table for a page; what is missed stands in bold."""
    table = ["| case | figure | measured | asked |", "|---|---|---:|---:|"]
    for case, figure in figures:
        measured = f"{_number(figure.value)} {figure.unit}".rstrip()
        told = f"**{measured}**" if figure.met is False else measured
        table.append(f"| `{case}` | {figure.name} | {told} | {_bound(figure)} |")
    return table


def _line(case: str, figure: Figure) -> str:
    verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
    measured = _number(figure.value)
    line = _COLUMNS.format(case, figure.name, measured, figure.unit, _bound(figure), verdict)
    return line.rstrip()


def _bound(figure: Figure) -> str:
    if figure.asked is None:
        return ""
    sign = "≥" if figure.asked.side == "at least" else "≤"
    return f"{sign} {_number(figure.asked.value)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
