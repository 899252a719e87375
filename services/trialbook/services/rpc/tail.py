"""The end of the log, read once for all who subscribe to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from trialbook.services.application.event import (
    Detail,
    EventPage,
    EventView,
    Selection,
    Span,
)
from trialbook.services.application.ports import Queries, Store
from trialbook.services.engine.commit_watch import CommitWatch
from trialbook.services.engine.signals import Signal

PAGE = 1000
PAGE_BYTES = 2 * 1024 * 1024
"""What one message may hold, and so what is kept for those who are at the end of the log."""

_BETWEEN_READS = 0.005


@dataclass(slots=True)
class _Recent:
    """The newest events that fit a selection: all those beyond `floor`, up to `through`."""

    selection: Selection
    floor: int
    through: int
    events: deque[EventView] = field(default_factory=deque)
    size: int = 0

    def add(self, page: EventPage) -> None:
        """Take new events, and drop as many old ones as are too many."""
        self.events.extend(page.rows)
        self.size += sum(map(_size, page.rows))
        self.through = page.reached
        while len(self.events) > PAGE or self.size > PAGE_BYTES:
            dropped = self.events.popleft()
            self.size -= _size(dropped)
            self.floor = dropped.position


class Tail:
    """Follows the log while anyone subscribes, and wakes them. It lives on the event loop.

    However many subscribe, the log is read once for what was committed, and not at all while
    nothing is; what nobody subscribes to is passed over. `signal` is notified after each look;
    `draining` says that the service goes away.
    """

    def __init__(self, store: Store) -> None:
        self.signal = Signal()
        self.draining = False
        self._store = store
        self._watch = CommitWatch(store, self._read, self._is_wanted, rest=_BETWEEN_READS)
        self._followers: list[Selection] = []
        self._recent: _Recent | None = None

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        self._watch.start()

    def drain(self) -> None:
        """Let all who subscribe know that the service goes away."""
        self.draining = True
        self.signal.notify()

    async def stop(self) -> None:
        """End, if it has begun."""
        await self._watch.stop()

    @contextmanager
    def followed(self, selection: Selection) -> Iterator[None]:
        """Keep the newest events of a selection at hand while the context lasts."""
        self._followers.append(selection)
        if self._recent is None or not _includes(self._recent.selection, selection):
            self._recent = None
            self._watch.hurry()
        try:
            yield
        finally:
            self._followers.remove(selection)
            if not self._followers:
                self._recent = None

    def page(self, selection: Selection, after: int) -> EventPage | None:
        """Return the wanted events after a position; None if these are no longer at hand."""
        recent = self._recent
        if recent is None or after < recent.floor:
            return None
        rows: list[EventView] = []
        for event in reversed(recent.events):
            if event.position <= after:
                break
            if selection.fits(event):
                rows.append(event)
        reached = max(after, recent.through)
        return EventPage(rows[::-1], reached, more=False, end=reached)

    def _is_wanted(self) -> bool:
        return bool(self._followers)

    async def _read(self) -> None:
        if not self._followers:
            return
        if self._recent is None:
            await self._begin()
        else:
            await self._go_on(self._recent)

    async def _begin(self) -> None:
        end = await self._store.read(lambda queries: queries.events.last_position())
        if self._followers:
            self._recent = _Recent(_united(self._followers), floor=end, through=end)
        self.signal.notify()

    async def _go_on(self, recent: _Recent) -> None:
        def query(queries: Queries) -> EventPage:
            span = Span(after=recent.through)
            return queries.events.page(recent.selection, span, PAGE, Detail())

        more = True
        while more:
            page = await self._store.read(query)
            recent.add(page)
            more = page.more
            self.signal.notify()


def _united(selections: Iterable[Selection]) -> Selection:
    """Return a selection that has what any of these has; of their finer parts it knows nothing."""
    some = list(selections)
    projects = {selection.project for selection in some}
    topics = frozenset[str]().union(*(selection.topics for selection in some))
    everything = any(not selection.topics for selection in some)
    return Selection(
        project=projects.pop() if len(projects) == 1 else "",
        topics=frozenset() if everything else topics,
    )


def _includes(united: Selection, selection: Selection) -> bool:
    return united == _united((united, selection))


def _size(event: EventView) -> int:
    return len(event.data or "")
