"""The places where people look at traces, on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trialbook.services.application import trace_viewer as application
from trialbook.services.application.ports import Store
from trialbook.services.application.trace_viewer import Link
from trialbook.services.application.trace_viewer_reads import TraceViewersView
from trialbook.services.domain.naming import parse_project
from trialbook.services.domain.trace_viewer import TraceViewer
from trialbook.services.rpc.caller import command
from trialbook.v1 import trace_pb2 as pb
from trialbook.v1 import trace_service_pb2 as rpc
from trialbook.v1.trace_service_pb2_grpc import TraceServiceServicer


class TraceViewerCalls(TraceServiceServicer):
    """Answers the calls of TraceService about the places where traces are looked at."""

    _store: Store

    async def GetTraceViewers(
        self, request: rpc.GetTraceViewersRequest, context: Any
    ) -> rpc.GetTraceViewersResponse:
        """Return where people of a project look at traces."""
        project = parse_project("parent", request.parent)
        viewers = await self._store.read(lambda queries: application.get(queries, project))
        return rpc.GetTraceViewersResponse(viewers=map(_to_viewer, viewers))

    async def SetTraceViewers(
        self, request: rpc.SetTraceViewersRequest, context: Any
    ) -> rpc.SetTraceViewersResponse:
        """Say where people of a project look at traces."""
        project = parse_project("parent", request.parent)
        viewers = [TraceViewer(viewer.name, viewer.url_template) for viewer in request.viewers]
        done = await self._store.execute(
            command(context, "SetTraceViewers", request),
            lambda uow: application.put(uow, project, viewers),
            TraceViewersView,
        )
        return rpc.SetTraceViewersResponse(viewers=map(_to_viewer, done.viewers))


def _to_viewer(viewer: TraceViewer) -> pb.TraceViewer:
    return pb.TraceViewer(name=viewer.name, url_template=viewer.url_template)


def to_links(links: Iterable[Link]) -> list[pb.TraceLink]:
    """Return links for the wire."""
    return [pb.TraceLink(viewer=link.viewer, url=link.url) for link in links]
