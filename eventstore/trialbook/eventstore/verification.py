"""Whether the log is what was written: chain, order, content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trialbook.eventstore import chain
from trialbook.eventstore.database import Database
from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.transaction import Blanking, LogRow, Reader

FINDINGS_KEPT = 100
"""How many findings a report tells; it counts the others."""

# Rows in memory at once, whose states may be large.
_PAGE = 100
_BLANKINGS_PAGE = 500

# By the index on stream and version: nothing needs to be sorted or kept, however long the log is.
_MISPLACED = f"""
    SELECT stream, MIN(position), MIN(version), COUNT(*)
    FROM (
        SELECT stream, position, version,
            ROW_NUMBER() OVER by_version AS place,
            LAG(position, 1, 0) OVER by_version AS before
        FROM event
        WINDOW by_version AS (PARTITION BY stream ORDER BY version)
    ) AS placed
    WHERE version <> place OR position <= before
    GROUP BY stream
    ORDER BY 2
    LIMIT {FINDINGS_KEPT + 1}
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written."""

    position: int
    """Where in the log; 0 if it concerns no single event."""
    problem: str
    """A sentence that says what is wrong."""


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was looked at, and what was found."""

    events: int
    streams: int
    blobs: int
    blankings: int
    position: int
    """The position of the last event."""
    digest: bytes
    """Its digest: two logs with equal ones hold the same history."""
    findings: tuple[Finding, ...]
    """At most `FINDINGS_KEPT`, in the order of their discovery."""
    total: int
    """How many findings there were."""

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return self.total == 0


def verify(
    database: Database, *, progress: Callable[[int, int], None] | None = None
) -> VerificationReport:
    """Read the whole log once and check it; others may write to the database meanwhile.

    Checked are the positions, the digests that chain each event to the one before, that the
    versions of each stream count 1, 2, 3 …, that every event decodes, that what was blanked is
    what the log remembers of it, and that every blob is the content of its digest. Whether read
    models agree with the log is for those to check who made them.

    ``progress`` is called with how many events are checked, and how many there are. Memory stays
    flat, however long the log is. Raises StoreUnavailable, or UnreadableDatabase for a file that
    cannot be read at all; what can be read and is wrong becomes a finding.
    """
    return database.read_now(lambda view: _Verification(view).run(progress or _ignore))


class _Verification:
    """One verification, on one snapshot."""

    def __init__(self, view: Reader) -> None:
        self._view = view
        self._findings: list[Finding] = []
        self._total = 0

    def run(self, progress: Callable[[int, int], None]) -> VerificationReport:
        position, digest = self._view.head()
        chained = _Chain(self._view, self._find)
        last = 0
        while page := self._view.log_rows(after_position=last, limit=_PAGE):
            for row in page:
                chained.follow(row)
                self._decode(row)
            last = page[-1].position
            progress(last, position)
        chained.finish(position, digest)
        self._streams()
        return VerificationReport(
            events=chained.events,
            streams=self._count("SELECT COUNT(*) FROM event WHERE version = 1"),
            blobs=self._blobs(),
            blankings=chained.blankings,
            position=position,
            digest=digest,
            findings=tuple(self._findings),
            total=self._total,
        )

    def _find(self, position: int, problem: str) -> None:
        self._total += 1
        if len(self._findings) < FINDINGS_KEPT:
            self._findings.append(Finding(position, problem))

    def _decode(self, row: LogRow) -> None:
        try:
            self._view.decoded(row)
        except StoreError as error:
            self._find(row.position, str(error))

    def _streams(self) -> None:
        for stream, position, version, count in self._view.query(_MISPLACED):
            self._find(
                position,
                f"Stream {stream!r} does not count 1, 2, 3 …: {count} of its versions, "
                f"from {version} on, are out of place.",
            )

    def _blobs(self) -> int:
        count = 0
        after = b""
        while page := self._view.stored_blobs(after=after, limit=_PAGE):
            for digest, content in page:
                if hashlib.sha256(content.encode()).digest() != digest:
                    self._find(0, f"The content of blob {digest.hex()} is not its own.")
            count += len(page)
            after = page[-1][0]
        return count

    def _count(self, sql: str) -> int:
        return int(self._view.query(sql)[0][0])


class _Chain:
    """Follows the log from its beginning and compares each row with what must come next."""

    def __init__(self, view: Reader, find: Callable[[int, str], None]) -> None:
        self._find = find
        self._position = 0
        self._digest = chain.ORIGIN
        self._blankings = _blankings(view)
        self._blanking = next(self._blankings, None)
        self.events = 0
        self.blankings = 0

    def follow(self, row: LogRow) -> None:
        if row.position != self._position + 1:
            missing = row.position - self._position - 1
            self._find(row.position, f"{missing} events before this one are missing.")
        hashed_state = self._state_hash(row)
        fitting = chain.next_digest(
            self._digest, row.position, row.stream, row.version, row.topic, hashed_state
        )
        if fitting != row.digest:
            self._find(
                row.position,
                "The event, or one before it, is not what was written: its digest is wrong.",
            )
        # On from what is stored, so that one alteration is one finding.
        self._position, self._digest = row.position, row.digest
        self.events += 1

    def finish(self, position: int, digest: bytes) -> None:
        if (position, digest) != (self._position, self._digest):
            self._find(position, f"The log is said to end here, but ends at {self._position}.")
        self._pass_blankings_before(None)

    def _state_hash(self, row: LogRow) -> bytes:
        """The hash of the state that the event was written with."""
        self._pass_blankings_before(row.position)
        present = chain.state_hash(row.state)
        blanking = self._blanking
        if blanking is None or blanking.position != row.position:
            return present
        self._blanking = next(self._blankings, None)
        self.blankings += 1
        if blanking.present_hash != present:
            self._find(row.position, "The event was changed after it had been blanked.")
        return blanking.state_hash

    def _pass_blankings_before(self, position: int | None) -> None:
        while self._blanking is not None and (
            position is None or self._blanking.position < position
        ):
            self._find(self._blanking.position, "An event is said to be blanked that is not there.")
            self._blanking = next(self._blankings, None)


def _blankings(view: Reader) -> Iterator[Blanking]:
    after = 0
    while page := view.blankings(after_position=after, limit=_BLANKINGS_PAGE):
        yield from page
        after = page[-1].position


def _ignore(*_: int) -> None:
    """Nobody wants to know."""
