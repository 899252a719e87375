"""TraceService on the wire."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from trialbook.services.application import trace as application
from trialbook.services.application import trace_viewer
from trialbook.services.application.json_text import check_json
from trialbook.services.application.paging import page_size, read_token, write_token
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.trace import TraceView
from trialbook.services.application.trace_viewer import Link
from trialbook.services.application.trajectory_diff import StepMatch, TrajectoryDiff, diff
from trialbook.services.domain.errors import Invalid, NoExpectation
from trialbook.services.domain.naming import parse_result, parse_trace
from trialbook.services.rpc.payload import read_json, write_duration, write_json
from trialbook.services.rpc.trace_message import to_span, to_trace_state, write_nanoseconds
from trialbook.services.rpc.trace_viewer import TraceViewerCalls, to_links
from trialbook.services.rpc.trajectory_message import to_trajectory
from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.trajectory.settlement import Patience
from trialbook.services.trajectory.span import Span
from trialbook.v1 import trace_pb2 as pb
from trialbook.v1 import trace_service_pb2 as rpc

_PAGE_BYTES = 2 * 1024 * 1024
_EXPECTED = "expected_trajectory"
_MATCHES = {
    StepMatch.MATCHED: rpc.STEP_MATCH_MATCHED,
    StepMatch.MISSING: rpc.STEP_MATCH_MISSING,
    StepMatch.EXTRA: rpc.STEP_MATCH_EXTRA,
    StepMatch.OUT_OF_ORDER: rpc.STEP_MATCH_OUT_OF_ORDER,
    StepMatch.DIFFERENT: rpc.STEP_MATCH_DIFFERENT,
}
_Place: TypeAlias = tuple[int, str, str]
"""A span in the order of a listing: its start, its trace and its id."""


_RESULT = re.compile(r"projects/[^/]*/runs/[^/]*/results/[^/]*")
_FORMS = "projects/{project}/runs/{run}/results/{number}, or projects/{project}/traces/{trace_id}"
_FIRST: _Place = (-1, "", "")


class TraceServicer(TraceViewerCalls):
    """Answers TraceService."""

    def __init__(self, store: Store, patience: Patience) -> None:
        self._store = store
        self._patience = patience

    async def GetTrace(self, request: rpc.GetTraceRequest, context: Any) -> rpc.GetTraceResponse:
        """Tell what is known of a trace."""
        view, links = await self._open(request.name)
        return rpc.GetTraceResponse(
            state=to_trace_state(view.state),
            start_time=None if not view.spans else write_nanoseconds(view.start or 0),
            duration=write_duration(view.duration),
            services=view.services,
            links=to_links(links),
            records=view.records,
        )

    async def GetTrajectory(
        self, request: rpc.GetTrajectoryRequest, context: Any
    ) -> rpc.GetTrajectoryResponse:
        """Return what a target did."""
        view, links = await self._open(request.name)
        told = view.trajectory
        return rpc.GetTrajectoryResponse(
            trajectory=None if told is None else await asyncio.to_thread(to_trajectory, told),
            state=to_trace_state(view.state),
            why_missing=view.why_missing,
            links=to_links(links),
        )

    async def DiffTrajectory(
        self, request: rpc.DiffTrajectoryRequest, context: Any
    ) -> rpc.DiffTrajectoryResponse:
        """Lay what a target should have done beside what it did."""
        given = _given(request)
        view, links = await self._open(request.name)
        expected = view.expected if given is None else given
        if expected is None:
            raise NoExpectation(request.name, "nothing says what is expected; say it in the call")
        if view.trajectory is None:
            raise NoExpectation(request.name, view.why_missing)
        try:
            found = await asyncio.to_thread(diff, expected, view.trajectory)
        except InvalidExpectation as error:
            if given is None:
                raise NoExpectation(request.name, error.reason) from error
            path = ".".join(filter(None, (_EXPECTED, error.path)))
            raise Invalid.field(path, error.message) from error
        except NotEvaluable as error:
            raise NoExpectation(request.name, error.reason) from error
        return rpc.DiffTrajectoryResponse(
            differences=_to_differences(found),
            trajectory=await asyncio.to_thread(to_trajectory, view.trajectory),
            precision=found.precision,
            recall=found.recall,
            links=to_links(links),
        )

    async def ListSpans(self, request: rpc.ListSpansRequest, context: Any) -> rpc.ListSpansResponse:
        """List the spans of a trace in the order in which they began."""
        listing, limit = f"spans {request.name}", page_size(request.page_size)
        after = read_token(listing, request.page_token, tuple[int, str, str], _FIRST)
        view, _ = await self._open(request.name)
        spans, last = await asyncio.to_thread(_page, view.spans, after, limit)
        token = "" if last is None else write_token(listing, last)
        return rpc.ListSpansResponse(spans=spans, next_page_token=token)

    async def _open(self, name: str) -> tuple[TraceView, list[Link]]:
        """Read a trace and what links to it. Raises Invalid, NotFound."""
        project, view_of = _named(name, self._patience)

        def query(queries: Queries) -> tuple[TraceView, list[Link]]:
            view = view_of(queries)
            place = view.place
            if place is None:
                return view, []
            return view, trace_viewer.links(trace_viewer.get(queries, project), place)

        return await self._store.read(query)


def _named(name: str, patience: Patience) -> tuple[str, Callable[[Queries], TraceView]]:
    """Return a name's project, and what opens it. Raises Invalid."""
    if name.split("/")[2:3] == ["traces"]:
        project, trace_id = parse_trace("name", name)
        return project, lambda queries: application.of_trace(queries, project, trace_id, patience)
    if not _RESULT.fullmatch(name):
        problem = "is required" if not name else f"{name[:120]!r} is not such a name"
        raise Invalid.field("name", f"{problem}; write {_FORMS}")
    project, run, number = parse_result("name", name)
    return project, lambda queries: application.of_result(queries, project, run, number, patience)


def _given(request: rpc.DiffTrajectoryRequest) -> str | None:
    """Return the expectation that a request brings; None without one. Raises Invalid."""
    if not request.HasField(_EXPECTED):
        return None
    text = read_json(request.expected_trajectory)
    if text is None:
        raise Invalid.field(_EXPECTED, "is empty; send JSON, or leave it out")
    violations = check_json(_EXPECTED, text)
    if violations:
        raise Invalid(violations)
    return text


def _to_differences(found: TrajectoryDiff) -> list[rpc.StepDifference]:
    return [
        rpc.StepDifference(
            match=_MATCHES[line.match],
            expected=write_json(line.expected),
            step=line.step,
            argument_differences=line.differences,
        )
        for line in found.lines
    ]


def _page(spans: Sequence[Span], after: _Place, limit: int) -> tuple[list[pb.Span], _Place | None]:
    """Return the spans that follow a place, and the last one's place if there are more."""
    rest = sorted((span for span in spans if _place(span) > after), key=_place)
    page: list[pb.Span] = []
    left = _PAGE_BYTES
    for span in rest[:limit]:
        message = to_span(span)
        left -= message.ByteSize()
        if left < 0 and page:
            break
        page.append(message)
    return page, _place(rest[len(page) - 1]) if len(page) < len(rest) else None


def _place(span: Span) -> _Place:
    return span.start, span.trace_id, span.span_id
