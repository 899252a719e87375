"""How far a trace can be trusted, in a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from trialbook.client import TraceLink, TraceState, TraceStatus, Trajectory, TrajectoryEvidence
from trialbook.services.cli.output import duration_text, printable

STYLES = {
    TraceStatus.COMPLETE: "green",
    TraceStatus.PARTIAL: "yellow",
    TraceStatus.PENDING: "yellow",
    TraceStatus.MISSING: "red",
}
MOST_TRACES = 3
SOURCES = {
    "messages": "read from messages",
    "step_results": "read from what the steps of the workflow came to",
    "reported": "reported as such",
}


def evidence_lines(state: TraceState, trajectory: Trajectory | None) -> Iterator[Text]:
    """Yield how much of a trace came, and what its trajectory cannot tell."""
    yield _badge(state, trajectory)
    if trajectory is None:
        return
    gaps = list(_gaps(trajectory.evidence))
    if gaps:
        yield Text(", ".join(gaps), style="yellow")
    for note in trajectory.evidence.notes:
        yield Text(f"note: {printable(note)}", style="dim")


def trace_lines(state: TraceState, links: Sequence[TraceLink]) -> Iterator[Text]:
    """Yield the ids of the traces, and where to look at them."""
    told = list(state.trace_ids[:MOST_TRACES])
    if len(state.trace_ids) > MOST_TRACES:
        told.append(f"and {len(state.trace_ids) - MOST_TRACES:,} more")
    if told:
        yield Text(f"trace {', '.join(told)}")
    for link in links:
        yield Text(f"{printable(link.viewer)} {link.url}")


def _badge(state: TraceState, trajectory: Trajectory | None) -> Text:
    text = Text(state.status.value, style=STYLES.get(state.status, ""))
    text.append(f": {_count(state)}")
    if state.rejected_spans:
        text.append(f", {state.rejected_spans:,} rejected", style="yellow")
    if trajectory is not None:
        if trajectory.source in SOURCES:
            text.append(f"; the trajectory was {SOURCES[trajectory.source]}")
        if trajectory.duration is not None:
            text.append(f", {duration_text(trajectory.duration)}")
    if state.stale:
        text.append(", stale: spans came after it was judged", style="yellow")
    return text


def _count(state: TraceState) -> str:
    if state.expected_spans is None:
        return f"{state.received_spans:,} span{'' if state.received_spans == 1 else 's'}"
    return f"{state.received_spans:,} of {state.expected_spans:,} spans"


def _gaps(evidence: TrajectoryEvidence) -> Iterator[str]:
    if not evidence.tools_observable:
        yield "calls of tools may not show"
    if evidence.args_captured is False:
        yield "arguments not captured"
    if evidence.tokens_captured is False:
        yield "tokens not captured"
    for count, what in (
        (evidence.dropped_attributes, "attributes dropped by who sent them"),
        (evidence.truncated_values, "values cut, since they were too large"),
        (evidence.missing_parents, "spans whose parent did not come"),
    ):
        if count:
            yield f"{count:,} {what}"
