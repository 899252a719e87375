"""Tool calls that are answered from an item instead of being made."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Any

from trialbook.client.models.outcome import FinalError
from trialbook.client.models.tool_mock import ToolMock, UnmockedToolPolicy
from trialbook.client.payload import decode, encode


class ToolMockError(FinalError):
    """A tool was called as the item does not foresee it. Every attempt would end so."""


class ToolMockMismatch(ToolMockError):
    """The arguments differ from those that the tool's next mock answers."""


class ToolMocksExhausted(ToolMockError):
    """The tool was called more often than it has mocks."""


class ToolNotMocked(ToolMockError):
    """The tool has no mocks, and the item does not let it be called."""


class ToolMocks:
    """The mocks of an item: `if mocks.answers("search"): found = mocks.answer("search", query)`.

    Each mock answers one call of its tool, in the order of the item. Arguments must be equal as
    JSON, unless the mock names none. For any number of threads.
    """

    def __init__(
        self,
        mocks: Iterable[ToolMock] = (),
        unmocked: UnmockedToolPolicy | str = UnmockedToolPolicy.ALLOW,
    ) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[ToolMock]] = {}
        for mock in mocks:
            self._waiting.setdefault(mock.tool, deque()).append(mock)
        self._denies = UnmockedToolPolicy(unmocked) is UnmockedToolPolicy.DENY

    def answers(self, tool: str) -> bool:
        """Say whether a call of a tool is to be answered by `answer`.

        If not, call the tool. Raises `ToolNotMocked` for a tool without mocks that must not be
        called.
        """
        if tool in self._waiting:
            return True
        if self._denies:
            raise ToolNotMocked(f"The tool {tool!r} has no mocks, and must not be called.")
        return False

    def answer(self, tool: str, arguments: object = None) -> Any:
        """Return what a tool is to have returned, and use up that mock.

        Raises `ToolMockMismatch`, `ToolMocksExhausted` or `ToolNotMocked`.
        """
        with self._lock:
            waiting = self._waiting.get(tool)
            if waiting is None:
                raise ToolNotMocked(f"The tool {tool!r} has no mocks.")
            if not waiting:
                raise ToolMocksExhausted(f"The tool {tool!r} was called more often than mocked.")
            mock = waiting[0]
            if mock.arguments_json is not None:
                _require_equal(mock, encode(arguments))
            waiting.popleft()
        return mock.output

    @property
    def unused(self) -> list[ToolMock]:
        """The mocks that have not answered yet, by tool."""
        with self._lock:
            return [mock for waiting in self._waiting.values() for mock in waiting]


def _require_equal(mock: ToolMock, given: str) -> None:
    if not _same(decode(given), mock.arguments):
        raise ToolMockMismatch(
            f"The tool {mock.tool!r} was called with {given[:500]}; its next mock answers "
            f"{(mock.arguments_json or '')[:500]}."
        )


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON does: true is not 1, though 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
