"""Spans whose parent never came: a place in the tree for them, by time and by tool."""

from __future__ import annotations

from collections.abc import Callable

from trialbook.services.trajectory.span import Span

_ROOT = -1
_MOST_HOSTS = 64
"""How many open spans are looked at for one orphan: it keeps the search linear."""


def adopt(
    spans: list[Span],
    parents: list[int],
    orphans: list[int],
    tool_of: Callable[[Span], str | None],
) -> None:
    """Set the parents of orphans to the spans of their traces that most tightly enclose them.

    A call of the same tool goes before a tighter span: it is another layer of that call. Other tool
    calls take in only what came from another service: within one service whatever else runs
    meanwhile is more likely parallel to it. Orphans of one lost parent are siblings: none of them
    takes in another.
    """
    components = _Components(parents)
    tools = _Tools(spans, tool_of)
    waiting = set(orphans)
    open_spans: dict[str, list[int]] = {}
    for number in sorted(range(len(spans)), key=lambda at: (spans[at].start, -_end(spans[at]))):
        span = spans[number]
        around = open_spans.setdefault(span.trace_id, [])
        while around and _end(spans[around[-1]]) < span.start:
            around.pop()
        if number in waiting:
            host = _host(spans, number, around, components, tools)
            if host is not None:
                parents[number] = host
                components.join(number, host)
        if span.end:
            around.append(number)


def _host(
    spans: list[Span],
    orphan: int,
    around: list[int],
    components: _Components,
    tools: _Tools,
) -> int | None:
    span = spans[orphan]
    tool = tools.of(orphan)
    tightest: int | None = None
    for host in reversed(around[-_MOST_HOSTS:]):
        other = spans[host]
        if _end(other) < _end(span) or _are_siblings(spans, orphan, host, components):
            continue
        hosts_tool = tools.of(host)
        if hosts_tool is not None and hosts_tool == tool:
            return host
        if tightest is None and (hosts_tool is None or other.service != span.service):
            tightest = host
    return tightest


def _are_siblings(spans: list[Span], orphan: int, host: int, components: _Components) -> bool:
    top = components.top(host)
    return top == orphan or (
        spans[top].parent_id == spans[orphan].parent_id
        and spans[top].trace_id == spans[orphan].trace_id
    )


def _end(span: Span) -> int:
    return span.end or span.start


class _Tools:
    """The tools that spans call, each looked up once."""

    def __init__(self, spans: list[Span], tool_of: Callable[[Span], str | None]) -> None:
        self._spans = spans
        self._tool_of = tool_of
        self._known: dict[int, str | None] = {}

    def of(self, number: int) -> str | None:
        """Return the tool that a span calls, None if it calls none."""
        if number not in self._known:
            self._known[number] = self._tool_of(self._spans[number])
        return self._known[number]


class _Components:
    """Which tree a span stands in, by its root, while trees grow together."""

    def __init__(self, parents: list[int]) -> None:
        self._above = [number if above == _ROOT else above for number, above in enumerate(parents)]

    def top(self, number: int) -> int:
        """Return the root of a span's tree."""
        above = self._above
        root = number
        while above[root] != root:
            root = above[root]
        while above[number] != root:
            above[number], number = root, above[number]
        return root

    def join(self, root: int, host: int) -> None:
        """Put a root's tree below another span."""
        self._above[root] = host
