"""Finds and starts the service that the server's distribution offers inside the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, Protocol, TypeAlias, cast

ENTRY_POINT_GROUP: Final = "trialbook.embedded"
ENTRY_POINT_NAME: Final = "service"


class Handle(Protocol):
    """A service that runs."""

    @property
    def address(self) -> str:
        """Where it listens."""
        ...

    def close(self) -> None:
        """Stop it."""
        ...


Start: TypeAlias = Callable[[Path], Handle]


class ServiceNotInstalled(RuntimeError):
    """The server's distribution is not there, so no service can run in this process."""


@asynccontextmanager
async def service_address(address: str | None, directory: Path) -> AsyncIterator[str]:
    """Give the address of a service: the one that is named, or one in this process meanwhile.

    It keeps its store in `directory`.
    """
    if address is not None:
        yield address
        return
    start = _find_start()
    handle = await asyncio.to_thread(start, directory)
    try:
        yield handle.address
    finally:
        await asyncio.to_thread(handle.close)


def _find_start() -> Start:
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=ENTRY_POINT_NAME):
        return cast(Start, entry_point.load())
    raise ServiceNotInstalled(
        "There is no Trialbook service to run in this process. Install it with "
        "`pip install trialbook`, or name a server: evaluate(…, address='127.0.0.1:50051')."
    )
