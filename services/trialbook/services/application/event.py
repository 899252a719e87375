"""What can be asked of the log: which events, from where, how much of each."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Protocol

import msgspec

from trialbook.services.domain.errors import Invalid, NotFound, PositionOutOfRange, Violation
from trialbook.services.domain.fact import KINDS, NOUNS, TOPICS, log_position
from trialbook.services.domain.naming import RESOURCE_ID, RESOURCE_ID_RULE, check_id

SINGLETONS = frozenset({"trace_viewers"})
"""The nouns of which each project has one, without an id: the noun stands in its resource name."""
COLLECTIONS = {noun if noun in SINGLETONS else f"{noun}s": noun for noun in NOUNS}
"""The nouns of events, by the word that stands for them in resource names."""
_NAME_PARTS = 4


class Scope(msgspec.Struct, frozen=True):
    """A dataset, experiment, run or the like, as resource names say it; singletons have no id."""

    noun: str
    project: str
    resource_id: str


class Selection(msgspec.Struct, frozen=True):
    """Which events are wanted; what is empty or None restricts nothing.

    `resource` is a name, with what lies below it; `scope` is the dataset, experiment or run in
    it. `start` and `end` are microseconds since the epoch, the end exclusive.
    """

    project: str = ""
    topics: frozenset[str] = frozenset()
    resource: str = ""
    scope: Scope | None = None
    author: str = ""
    start: int | None = None
    end: int | None = None

    def fits(self, event: EventView) -> bool:
        """Say whether an event is wanted."""
        return (
            (not self.project or event.project == self.project)
            and (not self.topics or event.topic in self.topics)
            and self.fits_command(event.author, event.recorded_at)
            and self.covers(event.resource)
        )

    def fits_command(self, author: str, recorded_at: int) -> bool:
        """Say whether what this author did at this time is wanted."""
        return (
            (not self.author or author == self.author)
            and (self.start is None or recorded_at >= self.start)
            and (self.end is None or recorded_at < self.end)
        )

    def covers(self, resource: str) -> bool:
        """Say whether what happened to this resource is wanted."""
        wanted = self.resource
        return not wanted or resource == wanted or resource.startswith(f"{wanted}/")


class Span(msgspec.Struct, frozen=True):
    """The events between two positions, both exclusive; None is the end of the log."""

    after: int = 0
    before: int | None = None
    newest_first: bool = False

    def covers(self, position: int) -> bool:
        """Say whether a position lies between them."""
        return self.after < position and (self.before is None or position < self.before)


class Detail(msgspec.Struct, frozen=True):
    """How much of each event is wanted: its large bodies too, or only one for many facts."""

    with_bodies: bool = False
    summary: bool = False


class EventView(msgspec.Struct, frozen=True):
    """One fact of the log, or in a summary one event. `data` is JSON text, None in a summary."""

    position: int
    topic: str
    noun: str
    kind: str
    schema_version: int
    project: str
    resource: str
    recorded_at: int
    author: str
    command: str
    command_id: str
    cause: str
    reason: str
    data: str | None
    fact_count: int


class EventPage(msgspec.Struct, frozen=True):
    """Some events of a span, in its order.

    All wanted ones up to `reached`, inclusive, are there: upwards in position, or downwards where
    the newest come first. `more` says whether the span goes on beyond. `end` is the last position
    of the log.
    """

    rows: list[EventView]
    reached: int
    more: bool
    end: int


class EventReads(Protocol):
    """The log of one snapshot, fact by fact."""

    def last_position(self) -> int:
        """Return the end of the log, as a position of facts."""
        ...

    def exists(self, scope: Scope) -> bool:
        """Say whether there ever was a dataset, experiment or run of this name."""
        ...

    def page(self, selection: Selection, span: Span, limit: int, detail: Detail) -> EventPage:
        """Return up to `limit` events, fewer if they are large or few of many fit."""
        ...


class ConsumerView(msgspec.Struct, frozen=True):
    """How far a consumer has come. The project is empty for one that reads all of them."""

    project: str
    consumer_id: str
    position: int
    author: str
    updated_at: int

    def behind(self, last_position: int) -> int:
        """Return how many events of the log lie after its position."""
        return max(0, log_position(last_position) - log_position(self.position))


class ConsumerTable(Protocol):
    """Consumers, which are operational rows."""

    def find(self, project: str, consumer_id: str) -> ConsumerView | None:
        """Return a consumer."""
        ...

    def page(self, project: str, after: str, limit: int) -> list[ConsumerView]:
        """Return consumers by id."""
        ...

    def put(self, consumer: ConsumerView) -> None:
        """Store how far a consumer has come."""
        ...

    def remove(self, project: str, consumer_id: str) -> None:
        """Forget a consumer."""
        ...


def topics_of(nouns: Collection[str], kinds: Collection[str], path: str) -> frozenset[str]:
    """Return the names, old ones included, of the events of these nouns and kinds; none for all.

    Raises Invalid for a word that is no noun or kind, and for nouns without any of the kinds.
    """
    violations = [
        *_unknown(nouns, NOUNS, f"{path}.nouns", "noun"),
        *_unknown(kinds, KINDS, f"{path}.kinds", "kind"),
    ]
    if violations:
        raise Invalid(violations)
    if not nouns and not kinds:
        return frozenset()
    found = frozenset(
        topic
        for topic, name in TOPICS.items()
        if (not nouns or name.noun in nouns) and (not kinds or name.kind in kinds)
    )
    if not found:
        raise Invalid.field(f"{path}.kinds", f"no {' or '.join(sorted(nouns))} has such events")
    return found


def _unknown(
    words: Collection[str], known: frozenset[str], path: str, what: str
) -> list[Violation]:
    return [
        Violation(
            f"{path}[{index}]",
            f"{word[:80]!r} is no {what} of events; {_alternatives(word, known)}",
        )
        for index, word in enumerate(words)
        if word not in known
    ]


def _alternatives(word: str, known: frozenset[str]) -> str:
    close = difflib.get_close_matches(word[:80], sorted(known), n=3)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are: {', '.join(sorted(known))}"


def scope_of(resource: str, path: str) -> Scope:
    """Return the dataset, experiment or run that a resource name lies in. Raises Invalid."""
    parts = resource.split("/")
    singleton = len(parts) == _NAME_PARTS - 1 and parts[-1] in SINGLETONS
    if len(parts) < _NAME_PARTS - singleton or parts[0] != "projects" or not all(parts):
        raise Invalid.field(
            path,
            f"{resource[:120]!r} is no resource of events; write "
            "projects/{project}/datasets/{dataset} or the like",
        )
    noun = COLLECTIONS.get(parts[2])
    if noun is None:
        raise Invalid.field(
            path, f"{parts[2][:80]!r} have no events; there are: {', '.join(sorted(COLLECTIONS))}"
        )
    if (noun in SINGLETONS) != singleton:
        raise Invalid.field(path, f"projects/{{project}}/{noun} has no parts; write no more")
    resource_id = "" if singleton else parts[3]
    violations = check_id(path, parts[1], RESOURCE_ID, RESOURCE_ID_RULE)
    if not singleton:
        violations += check_id(path, resource_id, RESOURCE_ID, RESOURCE_ID_RULE)
    if violations:
        raise Invalid(violations)
    return Scope(noun, parts[1], resource_id)


def is_part(resource: str) -> bool:
    """Say whether a resource lies below a dataset, experiment or run."""
    return resource.count("/") >= _NAME_PARTS


def scope_name(scope: Scope) -> str:
    """Return the resource name of a dataset, experiment, run or the like."""
    if scope.noun in SINGLETONS:
        return f"projects/{scope.project}/{scope.noun}"
    return f"projects/{scope.project}/{scope.noun}s/{scope.resource_id}"


def require_scope(events: EventReads, selection: Selection) -> None:
    """Refuse a resource that never was. Raises NotFound."""
    if selection.scope is not None and not events.exists(selection.scope):
        raise NotFound(scope_name(selection.scope))


def require_reached(events: EventReads, position: int, path: str) -> None:
    """Refuse a position before the first or beyond the last. Raises Invalid, PositionOutOfRange."""
    if position < 0:
        raise Invalid.field(path, f"{position} is negative; use 0 for all")
    last = events.last_position()
    if position > last:
        raise PositionOutOfRange("the log", position, last)
