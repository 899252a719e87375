"""The calls of TraceService."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from trialbook.client.models.trace import Span, Trace, TraceViewer
from trialbook.client.models.trajectory_diff import FoundTrajectory, TrajectoryDiff
from trialbook.client.names import Reference, new_request_id, project_name, resource_name
from trialbook.client.operation import Listing, Operation, Page
from trialbook.client.payload import MISSING, encode_field
from trialbook.v1 import trace_service_pb2 as service
from trialbook.v1.payload_pb2 import Payload

_TRACE_ID: Final = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)
_RESULT: Final = re.compile(r"([^/]+)/(\d+)", re.ASCII)


def trace_name(project: str, reference: Reference) -> str:
    """Return the full name of a result, given as `{run}/{number}` or as such, or of a trace."""
    if isinstance(reference, str):
        if _TRACE_ID.fullmatch(reference):
            return resource_name(project, "traces", reference.lower())
        if found := _RESULT.fullmatch(reference):
            return resource_name(project, "runs", f"{found[1]}/results/{found[2]}")
    return resource_name(project, "runs", reference)


def get_trace(project: str, result: Reference) -> Operation[service.GetTraceResponse, Trace]:
    """Get what is known of a trace."""
    return Operation(
        "TraceService/GetTrace",
        service.GetTraceRequest(name=trace_name(project, result)),
        service.GetTraceResponse,
        Trace.from_message,
    )


def get_trajectory(
    project: str, result: Reference
) -> Operation[service.GetTrajectoryResponse, FoundTrajectory]:
    """Get what a target did."""
    return Operation(
        "TraceService/GetTrajectory",
        service.GetTrajectoryRequest(name=trace_name(project, result)),
        service.GetTrajectoryResponse,
        FoundTrajectory.from_message,
    )


def diff_trajectory(
    project: str, result: Reference, expected: object
) -> Operation[service.DiffTrajectoryResponse, TrajectoryDiff]:
    """Lay what a target should have done beside what it did."""
    given = (
        None if expected is MISSING else Payload(json=encode_field(expected, "expected_trajectory"))
    )
    return Operation(
        "TraceService/DiffTrajectory",
        service.DiffTrajectoryRequest(name=trace_name(project, result), expected_trajectory=given),
        service.DiffTrajectoryResponse,
        TrajectoryDiff.from_message,
    )


def list_spans(project: str, result: Reference, page_size: int) -> Listing[Span]:
    """List the spans of a trace."""
    name = trace_name(project, result)
    return lambda token: Operation(
        "TraceService/ListSpans",
        service.ListSpansRequest(name=name, page_size=page_size, page_token=token),
        service.ListSpansResponse,
        lambda answer: Page(
            [Span.from_message(span) for span in answer.spans], answer.next_page_token
        ),
    )


def get_trace_viewers(
    project: str,
) -> Operation[service.GetTraceViewersResponse, tuple[TraceViewer, ...]]:
    """Get where people look at traces."""
    return Operation(
        "TraceService/GetTraceViewers",
        service.GetTraceViewersRequest(parent=project_name(project)),
        service.GetTraceViewersResponse,
        lambda answer: tuple(map(TraceViewer.from_message, answer.viewers)),
    )


def set_trace_viewers(
    project: str, viewers: Iterable[TraceViewer], *, request_id: str | None
) -> Operation[service.SetTraceViewersResponse, tuple[TraceViewer, ...]]:
    """Say where people look at traces."""
    return Operation(
        "TraceService/SetTraceViewers",
        service.SetTraceViewersRequest(
            parent=project_name(project),
            viewers=[viewer.to_message() for viewer in viewers],
            request_id=request_id or new_request_id(),
        ),
        service.SetTraceViewersResponse,
        lambda answer: tuple(map(TraceViewer.from_message, answer.viewers)),
    )
