"""Spans to a trajectory: what an agent did, whatever convention told of it."""

from __future__ import annotations

from collections.abc import Sequence

from trialbook.services.trajectory.classification import classify
from trialbook.services.trajectory.evidence import (
    args_captured,
    notes_on,
    tokens_captured,
    tools_observable,
)
from trialbook.services.trajectory.fields import make_node
from trialbook.services.trajectory.forest import ENCLOSING_ATTRIBUTE, Forest, plant
from trialbook.services.trajectory.node import Node, by_time, preorder
from trialbook.services.trajectory.passes.conversation import join_conversation
from trialbook.services.trajectory.passes.layers import collapse_layers
from trialbook.services.trajectory.passes.twins import drop_twins, without_dropped
from trialbook.services.trajectory.passes.wrappers import unwrap_models
from trialbook.services.trajectory.span import Span, SpanRef
from trialbook.services.trajectory.step import TOOL_CALLS
from trialbook.services.trajectory.steps import build_steps
from trialbook.services.trajectory.trajectory import Evidence, Trajectory, TrajectorySource

NORMALIZER_VERSION = 1
"""Grows with every change by which the same spans may give other steps."""


def normalise(
    spans: Sequence[Span],
    *,
    enclosing: SpanRef | None = None,
    expected_spans: int | None = None,
    rejected_spans: int = 0,
    complete: bool = True,
    above: str = "",
) -> Trajectory:
    """Make a trajectory of the spans of one attempt, of one trace or of several.

    `enclosing` is the span that the worker opened around the attempt, `expected_spans` how many
    spans the worker announced, `rejected_spans` how many were refused, and `complete` whether the
    traces have settled with all their spans. `above` is the id of the parent that was given to the
    attempt's spans, which is no span itself. Never fails: what cannot be read leaves a gap in the
    evidence. A span that is no step gives its place to those below it.
    """
    forest = plant(spans, enclosing, None if rejected_spans else expected_spans, _tool_of, above)
    roots, mute = _steps_of(forest)
    roots, nodes, left_out = _put_right(roots)
    return Trajectory(
        steps=build_steps(roots, nodes),
        source=TrajectorySource.TRACE,
        evidence=_evidence(
            forest,
            nodes,
            settled=complete,
            expected_spans=expected_spans,
            rejected_spans=rejected_spans,
            notes=_notes_on_losses(forest, mute, left_out),
        ),
        duration=_duration(nodes),
        trace_ids=tuple(sorted({span.trace_id for span in forest.spans})),
        enclosing=forest.enclosing,
        normalizer_version=NORMALIZER_VERSION,
    )


def _tool_of(span: Span) -> str | None:
    found = classify(span, True, ())
    return found[1] if found is not None and found[0].step_type in TOOL_CALLS else None


def _steps_of(forest: Forest) -> tuple[list[Node], int]:
    """Classify the spans, parents first; what is no step gives its place to those below it.

    Return the steps at the top, and how many spans without a step lost attributes: the one that
    would tell may be among these.
    """
    spans, children = forest.spans, forest.children
    roots: list[Node] = []
    hosts: list[Node] = []
    mute = 0
    stack: list[tuple[int, Node | None, int]] = [
        (number, None, late) for number, late in reversed(forest.roots)
    ]
    while stack:
        number, host, late = stack.pop()
        span, below = spans[number], children[number]
        node = _node_of(span, host is not None, [spans[at] for at in below] if below else ())
        if node is not None:
            node.begins += late
            node.ends = node.ends + late if span.end else node.begins
            (roots if host is None else host.children).append(node)
            host = node
            hosts.append(node)
        elif span.dropped:
            mute += ENCLOSING_ATTRIBUTE not in span.attributes
        if below:
            stack += [(at, host, _lateness(spans[at], span, late)) for at in reversed(below)]
    by_time(roots)
    for node in hosts:
        by_time(node.children)
    return roots, mute


def _node_of(span: Span, is_below_a_step: bool, children: Sequence[Span]) -> Node | None:
    if not span.attributes or ENCLOSING_ATTRIBUTE in span.attributes:
        return None
    found = classify(span, is_below_a_step, children)
    if found is None or found[0].step_type is None:
        return None
    return make_node(span, found[0], found[1], found[0].step_type)


def _lateness(span: Span, parent: Span, late: int) -> int:
    """Return by how much a span's clock is late against the first one above.

    Services have clocks of their own. One whose span begins before its parent does is behind.
    """
    if span.service == parent.service:
        return late
    return max(0, parent.start + late - span.start)


def _put_right(roots: list[Node]) -> tuple[list[Node], list[Node], int]:
    """Run the passes.

    Return the roots, all steps with parents before children, and how many calls were left out.
    """
    nodes = preorder(roots)
    roots = unwrap_models(roots, nodes)
    nodes = preorder(roots)
    collapse_layers(nodes)
    nodes = preorder(roots)
    if drop_twins([node for node in nodes if node.is_model]):
        without_dropped(nodes)
        roots = [node for node in roots if not node.dropped]
        nodes = preorder(roots)
    left_out = join_conversation(roots, nodes)
    return roots, preorder(roots), left_out


def _notes_on_circles(forest: Forest) -> list[str]:
    count = forest.broken_cycles
    return [f"{count:,} circles of spans that stand above themselves were cut."] if count else []


def _notes_on_losses(forest: Forest, mute: int, left_out: int) -> list[str]:
    """Say in sentences which steps there may be beside those that were found."""
    notes: list[str] = []
    contradicted = sum([span.contradicted for span in forest.spans])
    if contradicted:
        notes.append(
            f"{contradicted:,} span ids stand for different spans; the first that ended counts."
        )
    if mute:
        notes.append(f"{mute:,} spans lost attributes, and may be steps that nothing tells of.")
    if left_out:
        notes.append(f"{left_out:,} calls that only messages tell of were left out: too many.")
    return notes


def _evidence(
    forest: Forest,
    nodes: list[Node],
    *,
    settled: bool,
    expected_spans: int | None,
    rejected_spans: int,
    notes: list[str],
) -> Evidence:
    """Weigh the steps. `notes` tell of losses, with which no evidence is complete."""
    observable = tools_observable(nodes)
    received = len(forest.spans)
    all_came = expected_spans is None or received >= expected_spans
    whole = not rejected_spans and not forest.missing_parents and not notes
    return Evidence(
        complete=settled and all_came and whole,
        tools_observable=observable,
        args_captured=args_captured(nodes),
        tokens_captured=tokens_captured(nodes),
        received_spans=received,
        expected_spans=expected_spans,
        rejected_spans=rejected_spans,
        dropped_attributes=sum([span.dropped for span in forest.spans]),
        truncated_values=sum([span.truncated for span in forest.spans]),
        missing_parents=forest.missing_parents,
        broken_cycles=forest.broken_cycles,
        notes=(*notes_on(nodes, observable), *_notes_on_circles(forest), *notes),
    )


def _duration(nodes: list[Node]) -> int | None:
    starts = [node.begins for node in nodes if node.start]
    ends = [node.ends for node in nodes if node.end]
    return max(0, (max(ends) - min(starts)) // 1000) if starts and ends else None
