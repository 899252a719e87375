"""Commands and queries about the places where traces are looked at, and links to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.trace_viewer_reads import TraceViewersView
from trialbook.services.domain import trace_viewer as domain
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.identity import new_uid
from trialbook.services.domain.trace_viewer import TraceViewer

MAX_VIEWERS = 10
MAX_NAME = 64
MAX_TEMPLATE = 2048
PLACEHOLDERS = ("trace", "span", "start", "end", "start_seconds", "end_seconds")
"""What may stand in braces in a template; `trace` must."""

_PLACEHOLDER = re.compile(rf"\{{({'|'.join(PLACEHOLDERS)})\}}")
_IN_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_MILLISECOND, _SECOND = 1_000_000, 1_000_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """What a link leads to. `start` and `end` are in nanoseconds since the epoch.

    An empty span id stands for the trace as a whole; a time that is not known is None.
    """

    trace_id: str
    span_id: str = ""
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A place in a viewer."""

    viewer: str
    url: str


def get(queries: Queries, project: str) -> tuple[TraceViewer, ...]:
    """Return the viewers of a project; a project that nobody has used has none."""
    found = queries.trace_viewers.find(project)
    return () if found is None else found.viewers


def put(uow: UnitOfWork, project: str, viewers: Sequence[TraceViewer]) -> TraceViewersView:
    """Say which viewers a project has; the same ones again are no event. Raises Invalid."""
    violations = list(_check(viewers))
    if violations:
        raise Invalid(violations)
    before = uow.trace_viewers.find(project)
    after = TraceViewersView(new_uid() if before is None else before.uid, tuple(viewers))
    if after.viewers != (() if before is None else before.viewers):
        event = domain.TraceViewersSet(after.uid, project, after.viewers)
        uow.append(domain.stream_of(after.uid), [event], expected_version=None)
    return after


def links(viewers: Sequence[TraceViewer], place: Place) -> list[Link]:
    """Return where to look at a trace, viewer by viewer."""
    return [Link(viewer.name, link(viewer.url_template, place)) for viewer in viewers]


def link(template: str, place: Place) -> str:
    """Return the URL that a template gives for a place; what is not known is left empty."""
    values = {"trace": place.trace_id, "span": place.span_id}
    if place.start is not None:
        values["start"] = str(place.start // _MILLISECOND)
        values["start_seconds"] = str(place.start // _SECOND)
    if place.end is not None:
        # Up, so that what ended within the last unit lies in the range.
        values["end"] = str(-(-place.end // _MILLISECOND))
        values["end_seconds"] = str(-(-place.end // _SECOND))
    return _PLACEHOLDER.sub(lambda found: quote(values.get(found[1], ""), safe=""), template)


def _check(viewers: Sequence[TraceViewer]) -> Iterator[Violation]:
    if len(viewers) > MAX_VIEWERS:
        yield Violation("viewers", f"has {len(viewers)}, and a project may have {MAX_VIEWERS}")
        return
    names = set[str]()
    for place, viewer in enumerate(viewers):
        path = f"viewers[{place}]"
        name = viewer.name
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or name != name.strip():
            problem = f"must be 1 to {MAX_NAME} printable characters, without blanks around them"
            yield Violation(f"{path}.name", problem)
        elif name in names:
            yield Violation(f"{path}.name", f"{name!r} is there twice")
        names.add(name)
        problem = problem_of(viewer.url_template)
        if problem:
            yield Violation(f"{path}.url_template", problem)


def problem_of(template: str) -> str:
    """Return what is wrong with a template; empty if it is right."""
    if len(template) > MAX_TEMPLATE:
        return f"has more than {MAX_TEMPLATE:,} characters"
    if not template.isprintable() or " " in template:
        return "has a blank or a control character; write it as %20 or the like"
    if not _is_web_address(template):
        return "is no http or https URL; write for example http://localhost:16686/trace/{trace}"
    for found in _IN_BRACES.findall(template):
        if not _PLACEHOLDER.fullmatch(found):
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            return f"has {found[:40]}; there are {known}, and other braces are %7B and %7D"
    return "" if "{trace}" in template else "lacks {trace}, which stands for the trace's id"


def _is_web_address(template: str) -> bool:
    try:
        parts = urlsplit(template)
        # Reading the port is what checks it.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
