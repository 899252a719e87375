"""A command line in a terminal, for what it asks there."""

from __future__ import annotations

import os
import select
import subprocess
import time

import pytest

from tests.e2e.processes import COMMAND_LINE, GRACE, Server, environment, interruptible

# A session without a terminal takes the first one that its leader opens: Ctrl-C reaches it then.
ON_TERMINAL = 'exec "$@" <"$0" >"$0" 2>&1'


class Terminal:
    """A command in a terminal of its own: what it says, and what is typed."""

    def __init__(self, server: Server, *arguments: str) -> None:
        self._terminal, its_end = os.openpty()
        with interruptible():
            self.process = subprocess.Popen(
                ["sh", "-c", ON_TERMINAL, os.ttyname(its_end), *COMMAND_LINE, *arguments],
                env=environment(TRIALBOOK_ADDRESS=server.address, TERM="xterm"),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._its_end = its_end
        self.said = ""

    def expect(self, words: str) -> None:
        """Read until it has said these words."""
        end = time.monotonic() + GRACE
        while words not in self.said:
            assert time.monotonic() < end, self.said[-500:]
            if not self._read():
                pytest.fail(f"{words!r} was not said: {self.said[-500:]}")
        self._let_go()

    def type(self, text: str) -> None:
        """Type it, control characters too."""
        os.write(self._terminal, text.encode())

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        self._let_go()
        while self._read():
            pass
        os.close(self._terminal)
        return self.process.wait(GRACE)

    def _let_go(self) -> None:
        """Leave the other end to the command, which has opened it when it has said something."""
        if self._its_end >= 0:
            os.close(self._its_end)
            self._its_end = -1

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], GRACE)[0]:
            pytest.fail(f"nothing more came: {self.said[-500:]}")
        try:
            data = os.read(self._terminal, 65_536)
        except OSError:  # how Linux says that nobody has the other end any more
            return False
        self.said += data.decode(errors="replace")
        return bool(data)
