"""How many tasks of a run go out in one answer."""

from __future__ import annotations

_FIRST = 20
_NO_LIMIT = 1_000_000


class Pace:
    """Spreads the first tasks of a run in time.

    Tasks that begin together end together, and then wait for each other to be reported, recorded
    and replaced, round after round. What begins in small answers stays apart: as soon as the first
    reports are in, each answer simply replaces what has ended.
    """

    def __init__(self) -> None:
        self._reported: set[int] = set()

    def note(self, run: int) -> None:
        """Take in that a task of a run was reported."""
        self._reported.add(run)

    def limit(self, run: int) -> int:
        """Return how many tasks of a run may go out at once."""
        return _NO_LIMIT if run in self._reported else _FIRST

    def forget(self, run: int) -> None:
        """Forget a run that has ended."""
        self._reported.discard(run)
