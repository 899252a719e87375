"""Hearing of the commits of other processes."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import Connection

from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.postgres.connection import Connector, execute_script

_LOOK_SECONDS = 1.0
_LONGEST_PAUSE = 10.0

_log = logging.getLogger(__name__)


class CommitListener:
    """A thread that announces what other processes commit.

    Without a connection it announces once a second, so that followers look for themselves, and
    tries to connect again, at longer and longer intervals.
    """

    def __init__(
        self, connector: Connector, commits: CommitSignal, own_pid: Callable[[], int]
    ) -> None:
        """Start, and wait until it listens or has failed to.

        What the server's process ``own_pid()`` commits is announced already.
        """
        self._connector = connector
        self._commits = commits
        self._own_pid = own_pid
        self._stopping = threading.Event()
        self._begun = threading.Event()
        self._wake, self._wakes = os.pipe()
        self._thread = threading.Thread(target=self._run, name="trialbook-listener", daemon=True)
        self._thread.start()
        self._begun.wait()

    def stop(self) -> None:
        """End the thread and its connection, at once."""
        self._stopping.set()
        os.close(self._wakes)
        self._thread.join()
        os.close(self._wake)

    def _run(self) -> None:
        pause = _LOOK_SECONDS
        while not self._stopping.is_set():
            try:
                with self._connector.connect("listener") as connection:
                    pause = _LOOK_SECONDS
                    self._listen(connection)
            except (psycopg.Error, StoreError, OSError) as error:
                self._begun.set()
                _log.warning("Commits of other processes are looked for once a second: %s", error)
                self._look_for(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _listen(self, connection: Connection[tuple[Any, ...]]) -> None:
        execute_script(connection, f"LISTEN {self._connector.channel}")
        if self._begun.is_set():
            # What was committed since the last connection was announced to nobody.
            self._commits.announce()
        self._begun.set()
        waiting = select.poll()
        # The end of the pipe ends the waiting, as does what the server says.
        waiting.register(self._wake)
        waiting.register(connection.fileno(), select.POLLIN)
        while not self._stopping.is_set():
            for notice in connection.notifies(timeout=0):
                if notice.pid != self._own_pid():
                    self._commits.announce()
            waiting.poll()

    def _look_for(self, seconds: float) -> None:
        looked = 0.0
        while looked < seconds and not self._stopping.wait(_LOOK_SECONDS):
            self._commits.announce()
            looked += _LOOK_SECONDS
