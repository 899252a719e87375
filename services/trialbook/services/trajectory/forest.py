"""Spans put together to trees: doubles, lost parents, cycles, and what is not the attempt's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trialbook.services.trajectory.orphans import adopt
from trialbook.services.trajectory.span import Span, SpanRef

ENCLOSING_ATTRIBUTE = "trialbook.task_id"
"""An attribute that only the span has which a worker opens around an attempt."""
_WORK_ATTRIBUTE = "trialbook.work"
_SCORER_WORK = "scorer"
_ROOT = -1


@dataclass(slots=True)
class Forest:
    """Spans, by their numbers, each with those right below it, and the roots.

    Children and roots are in order: by start, end, arrival and span id. With a root goes by how
    many nanoseconds its clock must be late at least: what another trace caused (by a link) did not
    begin before its cause.
    """

    spans: list[Span]
    children: list[list[int] | None]
    roots: list[tuple[int, int]]
    enclosing: SpanRef | None
    missing_parents: int = 0
    broken_cycles: int = 0


def plant(
    spans: Sequence[Span],
    enclosing: SpanRef | None,
    expected: int | None,
    tool_of: Callable[[Span], str | None],
    above: str = "",
) -> Forest:
    """Put spans together. `expected` is how many were announced, None if that tells nothing.

    `above` is the id that the spans at the top have as their parent, of which there is no span.
    """
    unique, numbers = _without_doubles(spans)
    all_came = expected is not None and len(unique) >= expected
    parents, orphans = _parents(unique, numbers, above)
    broken = _break_cycles(unique, parents)
    forest = Forest(unique, [], [], _enclosing(unique, enclosing), broken_cycles=broken)
    own = _ROOT
    if forest.enclosing is not None:
        own = numbers.get((forest.enclosing.trace_id, forest.enclosing.span_id), _ROOT)
    forest.missing_parents = _missing_parents(unique, parents, orphans, own, all_came)
    lost = [orphan for orphan in orphans if orphan != own]
    if lost:
        adopt(unique, parents, lost, tool_of)
    forest.children = _children(parents)
    kept = _kept_roots(forest, parents, own)
    forest.roots = _in_order_of_cause(unique, numbers, kept)
    for below in forest.children:
        if below is not None and len(below) > 1:
            below.sort(key=lambda number: order_of(unique[number]))
    return forest


def order_of(span: Span) -> tuple[int, int, int, str]:
    """Return what orders siblings; a span that never ended counts as ended at its start."""
    return span.start, span.end or span.start, span.arrival, span.span_id


def _without_doubles(
    spans: Sequence[Span],
) -> tuple[list[Span], dict[tuple[str, str], int]]:
    unique: list[Span] = []
    numbers: dict[tuple[str, str], int] = {}
    for span in spans:
        key = (span.trace_id, span.span_id)
        number = numbers.setdefault(key, len(unique))
        if number == len(unique):
            unique.append(span)
        elif span.end and not unique[number].end:
            unique[number] = span
    return unique, numbers


def _parents(
    spans: list[Span], numbers: dict[tuple[str, str], int], above: str
) -> tuple[list[int], list[int]]:
    """Return each span's parent, and the spans whose parent is missing."""
    parents: list[int] = []
    orphans: list[int] = []
    for number, span in enumerate(spans):
        parent = _ROOT
        if span.parent_id:
            parent = numbers.get((span.trace_id, span.parent_id), _ROOT)
            if parent == _ROOT and span.parent_id != above:
                orphans.append(number)
        parents.append(parent)
    return parents, orphans


def _break_cycles(spans: list[Span], parents: list[int]) -> int:
    """Cut every circle of parents above the span in it that began first; count the circles."""
    broken = 0
    seen = [0] * len(spans)
    for number in range(len(spans)):
        mark, at = number + 1, number
        while at != _ROOT and not seen[at]:
            seen[at] = mark
            at = parents[at]
        if at == _ROOT or seen[at] != mark:
            continue
        circle = [at]
        while parents[circle[-1]] != at:
            circle.append(parents[circle[-1]])
        first = min(circle, key=lambda member: (spans[member].start, spans[member].span_id))
        parents[first] = _ROOT
        broken += 1
    return broken


def _enclosing(spans: list[Span], given: SpanRef | None) -> SpanRef | None:
    if given is not None:
        return given
    marked = [span for span in spans if ENCLOSING_ATTRIBUTE in span.attributes]
    marked = [span for span in marked if span.attributes.get(_WORK_ATTRIBUTE) != _SCORER_WORK]
    return marked[0].ref if len(marked) == 1 else None


def _missing_parents(
    spans: list[Span], parents: list[int], orphans: list[int], own: int, all_came: bool
) -> int:
    """Count parents that should be there and are not.

    The parent of the enclosing span is the engine's, and one in another process need not be traced.
    Where every announced span came, no parent was announced. A lone span above all others of its
    trace, whose parent nobody says is local, is taken for the first span of a caller's trace.
    """
    if all_came:
        return 0
    lost = [orphan for orphan in orphans if orphan != own and not spans[orphan].remote_parent]
    if own != _ROOT:
        lost = [orphan for orphan in lost if spans[orphan].parent_id != spans[own].parent_id]
    topmost: dict[str, int] = {}
    for number, parent in enumerate(parents):
        if parent == _ROOT:
            topmost[spans[number].trace_id] = topmost.get(spans[number].trace_id, 0) + 1
    lost = [
        orphan
        for orphan in lost
        if topmost[spans[orphan].trace_id] > 1 or spans[orphan].remote_parent is False
    ]
    return len({(spans[orphan].trace_id, spans[orphan].parent_id) for orphan in lost})


def _children(parents: list[int]) -> list[list[int] | None]:
    children: list[list[int] | None] = [None] * len(parents)
    for number, parent in enumerate(parents):
        if parent != _ROOT:
            below = children[parent]
            if below is None:
                children[parent] = [number]
            else:
                below.append(number)
    return children


def _kept_roots(forest: Forest, parents: list[int], own: int) -> list[int]:
    """Return the roots whose trees hold the attempt's own steps.

    Of the tree in which the enclosing span stands, its own part counts, and the parts of spans that
    took the same parent from the task. Parts of other attempts and of scorers do not.
    """
    roots = [number for number, parent in enumerate(parents) if parent == _ROOT]
    if own != _ROOT and parents[own] != _ROOT:
        top = own
        while parents[top] != _ROOT:
            top = parents[top]
        beside = forest.children[parents[own]] or []
        roots = [root for root in roots if root != top] + beside
    foreign = {
        number
        for number, span in enumerate(forest.spans)
        if number != own and _is_foreign(span, forest.enclosing is not None)
    }
    if foreign:
        roots = [root for root in roots if root not in foreign]
        for number, below in enumerate(forest.children):
            if below is not None and not foreign.isdisjoint(below):
                forest.children[number] = [one for one in below if one not in foreign]
    return roots


def _is_foreign(span: Span, has_own: bool) -> bool:
    if span.attributes.get(_WORK_ATTRIBUTE) == _SCORER_WORK:
        return True
    return has_own and ENCLOSING_ATTRIBUTE in span.attributes


def _in_order_of_cause(
    spans: list[Span], numbers: dict[tuple[str, str], int], roots: list[int]
) -> list[tuple[int, int]]:
    late: dict[int, int] = {}
    for root in roots:
        span = spans[root]
        for link in span.links:
            cause = numbers.get((link.trace_id, link.span_id))
            if cause is not None and link.trace_id != span.trace_id:
                late[root] = max(late.get(root, 0), spans[cause].start - span.start)

    def key(root: int) -> tuple[int, bool, tuple[int, int, int, str]]:
        return spans[root].start + late.get(root, 0), root in late, order_of(spans[root])

    return [(root, late.get(root, 0)) for root in sorted(roots, key=key)]
