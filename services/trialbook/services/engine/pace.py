"""How many tasks of a run go out in one answer."""

from __future__ import annotations

_LONG = 5_000
_SPREAD = 20
_NO_LIMIT = 1_000_000
_WEIGHT = 0.2


class Pace:
    """Follows how long a run's tasks take, in microseconds.

    Tasks that begin together end together, and then wait for each other to be reported, recorded
    and replaced. Where they take long, small answers spread them in time, and each is replaced
    almost at once. Where they take next to nothing, the calls themselves are what costs, and large
    answers are better.
    """

    def __init__(self) -> None:
        self._averages: dict[int, float] = {}

    def note(self, run: int, duration: int) -> None:
        """Take in how long a task of a run took."""
        average = self._averages.get(run, duration)
        self._averages[run] = average + _WEIGHT * (duration - average)

    def limit(self, run: int) -> int:
        """Return how many tasks of a run should go out at once."""
        average = self._averages.get(run)
        return _SPREAD if average is None or average >= _LONG else _NO_LIMIT

    def forget(self, run: int) -> None:
        """Forget a run that has ended."""
        self._averages.pop(run, None)
