"""What was expected beside what was done, as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from trialbook.client import StepDifference, StepMatch, TraceViewer, TrajectoryDiff
from trialbook.services.cli.output import encode, figure_text, printable, shortened
from trialbook.services.cli.trace_tree import args_text, step_text, times

STYLES = {
    StepMatch.MATCHED: "green",
    StepMatch.MISSING: "red",
    StepMatch.EXTRA: "yellow",
    StepMatch.OUT_OF_ORDER: "yellow",
    StepMatch.DIFFERENT: "red",
}
NAMES = {
    StepMatch.OUT_OF_ORDER: "out of order",
    StepMatch.DIFFERENT: "other arguments",
}
MARKS_WIDTH = 26
ARGS = ("args", "toolArgs", "tool_args")
TYPES = ("step_type", "stepType")
UNBOUNDED = 10_000


def diff_table(diff: TrajectoryDiff, width: int, *, full: bool = False) -> Table:
    """Return the table of the two trajectories; `full` cuts no arguments."""
    side = max(20, (width - MARKS_WIDTH) // 2)
    room = UNBOUNDED if full else side * 2
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("EXPECTED", overflow="fold", max_width=side)
    table.add_column("DONE", overflow="fold", max_width=side)
    for row in diff.differences:
        place = "" if row.step is None else str(row.step.place)
        table.add_row(_match(row.match), place, _expected(row, room), _done(row, room))
    return table


def summary_text(diff: TrajectoryDiff) -> Text:
    """Return how far the two agree, in a line."""
    counts = [
        f"{count:,} {NAMES.get(match, match.value)}"
        for match in STYLES
        if (count := sum(row.match is match for row in diff.differences))
    ]
    told = ", ".join(counts) or "nothing was expected, and nothing done"
    return Text(
        f"{told}; precision {figure_text(diff.precision)}, recall {figure_text(diff.recall)}"
    )


def link_lines(diff: TrajectoryDiff, viewer: TraceViewer) -> Iterator[Text]:
    """Yield where to look at each step that was done."""
    steps = [row.step for row in diff.differences if row.step is not None and row.step.spans]
    width = max((len(str(step.place)) for step in steps), default=0)
    for step in steps:
        url = viewer.url(step.spans[0], *times(step))
        yield Text(f"#{step.place:<{width}} {printable(step.name)}  ").append(url, style="dim")


def _match(match: StepMatch) -> Text:
    return Text(NAMES.get(match, match.value), style=STYLES.get(match, ""))


def _expected(row: StepDifference, room: int) -> Text:
    step = row.expected
    if not isinstance(step, Mapping):
        return Text("")
    text = Text()
    kind = _first(step, TYPES)
    if kind:
        text.append(f"{printable(str(kind))} ")
    text.append(printable(str(step.get("name", ""))), style="bold")
    args = _first(step, ARGS)
    if args is not None:
        text.append(f" {shortened(encode(args), room)}")
    return text


def _done(row: StepDifference, room: int) -> Text:
    if row.step is None:
        return Text("")
    text = step_text(row.step)
    told = args_text(row.step, room)
    if told:
        text.append(f" {told}")
    if row.step.success is False:
        text.append(f"\n✗ {shortened(row.step.error or 'failed', room)}", style="red")
    for difference in row.argument_differences:
        text.append(f"\n{printable(difference)}", style="red")
    return text


def _first(step: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((step[name] for name in names if name in step), None)
