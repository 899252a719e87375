"""Traces and trajectories, as `AsyncClient.traces`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.models.trace import Span, Trace, TraceViewer
from trialbook.client.models.trajectory_diff import FoundTrajectory, TrajectoryDiff
from trialbook.client.names import Reference
from trialbook.client.payload import MISSING
from trialbook.client.requests import trace as requests


class Traces:
    """What targets did: traces, and the trajectories that are read from them.

    A result is given by model, by full name, or as `{run}/{number}`; a trace by its id of 32 hex
    digits wherever a result may be given.
    """

    def __init__(self, transport: AsyncTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    async def get(self, result: Reference) -> Trace:
        """Return what is known of a trace. `NotFound` if nothing came of such a trace."""
        return await self._transport.execute(requests.get_trace(self._project, result))

    async def trajectory(self, result: Reference) -> FoundTrajectory:
        """Return what a target did, or why nothing tells."""
        return await self._transport.execute(requests.get_trajectory(self._project, result))

    async def diff(self, result: Reference, expected: object = MISSING) -> TrajectoryDiff:
        """Lay what a target should have done beside what it did.

        `expected` stands for what the item says; it is an expected trajectory in JSON's values.
        `FailedPrecondition` if nothing says what is expected, or nothing tells what was done;
        `InvalidArgument` if `expected` is none.
        """
        operation = requests.diff_trajectory(self._project, result, expected)
        return await self._transport.execute(operation)

    def spans(self, result: Reference, *, page_size: int = 0) -> AsyncIterator[Span]:
        """Iterate over the spans of a trace in the order in which they began."""
        return self._transport.pages(requests.list_spans(self._project, result, page_size))

    async def viewers(self) -> tuple[TraceViewer, ...]:
        """Return where people of the project look at traces."""
        return await self._transport.execute(requests.get_trace_viewers(self._project))

    async def set_viewers(
        self, viewers: Iterable[TraceViewer], *, request_id: str | None = None
    ) -> tuple[TraceViewer, ...]:
        """Say where people of the project look at traces; these take the place of all before.

        `InvalidArgument` for a name that is there twice, or a template that is no URL of the web or
        has other things in braces than stand for something.
        """
        operation = requests.set_trace_viewers(self._project, viewers, request_id=request_id)
        return await self._transport.execute(operation)
