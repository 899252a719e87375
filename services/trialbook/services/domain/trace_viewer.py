"""Where the people of a project look at traces."""

from __future__ import annotations

import msgspec


class TraceViewer(msgspec.Struct, frozen=True):
    """A place to look at a trace.

    In the template `{trace}`, `{span}`, `{start}` and the like stand for those of a trace.
    """

    name: str
    url_template: str


class TraceViewersSet(msgspec.Struct, frozen=True):
    """The viewers of a project, in the order in which they are shown; they replace those before."""

    uid: str
    project: str
    viewers: tuple[TraceViewer, ...]


def stream_of(uid: str) -> str:
    """The stream of a project's viewers. Each project has one at most."""
    return f"trace_viewers-{uid}"
