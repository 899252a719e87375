"""The service inside another program's process, for those who have no server of their own."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path

import uvloop

from trialbook.services.bootstrap import running
from trialbook.services.settings import Settings

_DATABASE = "trialbook.db"


class Handle:
    """A running embedded service. Only this user's programs can reach its socket."""

    def __init__(self, directory: Path) -> None:
        """Start the service on the database in `directory`. Raises as `bootstrap.running` does."""
        self._socket_folder = Path(tempfile.mkdtemp(prefix="trialbook-"))
        self.address = f"unix:{self._socket_folder / 'socket'}"
        self._settings = Settings(
            database=directory / _DATABASE, address=self.address, http_address="none"
        )
        self._ready: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="trialbook-service", daemon=True)
        self._thread.start()
        self._ready.result()

    def close(self) -> None:
        """Stop the service; what it has recorded stays."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            uvloop.run(self._serve())
        except BaseException as error:
            # It belongs to the thread that waits for the start; afterwards nobody waits any more.
            if self._ready.done():
                raise
            self._ready.set_exception(error)
        finally:
            shutil.rmtree(self._socket_folder, ignore_errors=True)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with running(self._settings):
            self._ready.set_result(None)
            await self._stop.wait()


def start(directory: Path) -> Handle:
    """Start an embedded service on the database in `directory`.

    Raises DatabaseLocked if another process has it open, and other StoreErrors.
    """
    return Handle(directory)
