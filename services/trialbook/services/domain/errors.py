"""What can go wrong, in the words of the domain. The doors translate these into their own codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One bad field: its path in the request, and a sentence that tells what to do."""

    path: str
    message: str
    reason: str = "INVALID_FIELD"


class DomainError(Exception):
    """A command or query that cannot be carried out.

    `reason` is the documented ErrorReason without its prefix; `metadata` are its facts.
    """

    reason = "INTERNAL"

    violations: tuple[Violation, ...] = ()
    """The fields of the request that are the cause, where the request is."""

    def __init__(self, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.metadata: dict[str, str] = dict(metadata or {})


class Invalid(DomainError):
    """Fields of the request are missing, malformed or out of range."""

    reason = "INVALID_FIELD"

    def __init__(
        self,
        violations: Iterable[Violation],
        *,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.violations = tuple(violations)
        reasons = {violation.reason for violation in self.violations}
        self.reason = reason or (reasons.pop() if len(reasons) == 1 else "INVALID_FIELD")
        first = self.violations[0]
        more = len(self.violations) - 1
        rest = f" (and {more} more)" if more else ""
        super().__init__(f"{first.path}: {first.message}{rest}", metadata)

    @classmethod
    def field(cls, path: str, message: str, *, reason: str = "INVALID_FIELD") -> Invalid:
        """One bad field."""
        return cls([Violation(path, message)], reason=reason)


class NotFound(DomainError):
    """A resource that is not there."""

    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, resource: str, hint: str = "") -> None:
        super().__init__(f"{resource} does not exist{hint and '; ' + hint}", {"resource": resource})


class VersionNotFound(DomainError):
    """A version that was never made."""

    reason = "VERSION_NOT_FOUND"

    def __init__(self, resource: str, version: int, current: int) -> None:
        super().__init__(
            f"{resource} has no version {version}; its current version is {current}",
            {"resource": resource, "current_version": str(current)},
        )


class AlreadyExists(DomainError):
    """A name or id that is taken."""

    reason = "RESOURCE_EXISTS"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} exists already; choose another id, or use what is there",
            {"resource": resource},
        )


class RequestIdReused(DomainError):
    """A request id that came before with another request."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"request_id {request_id!r} was used before with another request; choose a new one"
        )


class Stale(DomainError):
    """Someone else changed the resource first."""

    reason = "STALE_VERSION"

    def __init__(self, resource: str, given: str, current: str) -> None:
        super().__init__(
            f"{resource} has changed: {given} was given, {current} is current; "
            "read it again, then repeat the change",
            {"resource": resource},
        )


class ImportInProgress(DomainError):
    """Versions are made one at a time, and an import is making one."""

    reason = "IMPORT_IN_PROGRESS"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"an import into {resource} is under way; wait until it has ended, then call again",
            {"resource": resource},
        )


class ItemConflict(DomainError):
    """Items whose ids are taken by other content, or by items that are gone."""

    reason = "ITEM_CONFLICT"

    def __init__(self, resource: str, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        first, more = self.violations[0], len(self.violations) - 1
        rest = f" (and {more} more)" if more else ""
        super().__init__(f"{first.path}: {first.message}{rest}", {"resource": resource})


class ItemPurged(DomainError):
    """The content of an item is gone for good."""

    reason = "ITEM_PURGED"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} was purged, so it has no content to change or restore; "
            "leave it out, or add another item",
            {"resource": resource},
        )


class SchemaViolated(DomainError):
    """What the dataset has does not fit a schema. `failures` are (item id, path, problem)."""

    reason = "SCHEMA_VIOLATED"

    def __init__(
        self, resource: str, failing: int, failures: Iterable[tuple[str, str, str]]
    ) -> None:
        told = "; ".join(f"{item}: {path} {problem}" for item, path, problem in failures)
        count = "1 item does" if failing == 1 else f"{failing:,} items do"
        super().__init__(
            f"{count} not fit the schemas of {resource}: {told}",
            {"resource": resource, "failing_count": str(failing)},
        )


class LabelFrozen(DomainError):
    """A published label is for ever."""

    reason = "LABEL_FROZEN"

    def __init__(self, resource: str, version: int) -> None:
        super().__init__(
            f"{resource} is frozen at version {version}; choose another label",
            {"resource": resource, "version": str(version)},
        )


class RunInProgress(DomainError):
    """A run of the dataset goes on, so that its results cannot be erased."""

    reason = "RUN_IN_PROGRESS"

    def __init__(self, run: str) -> None:
        super().__init__(f"{run} goes on; wait for it, or cancel it", {"run": run})


class TooManyChanges(DomainError):
    """One command may only change so much."""

    reason = "TOO_MANY_CHANGES"

    def __init__(self, resource: str, count: int, limit: int, what: str = "items") -> None:
        super().__init__(
            f"{count:,} {what} of {resource} would change, and one command may change {limit:,}",
            {"resource": resource, "count": str(count), "limit": str(limit)},
        )


class Contended(DomainError):
    """Others kept changing what a command rests on."""

    reason = "STALE_VERSION"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} changed each time while its items were checked; call again when less "
            "is written to it",
            {"resource": resource},
        )


class EmptyDataset(DomainError):
    """There is nothing to run."""

    reason = "EMPTY_DATASET"

    def __init__(self, resource: str, *, selected: bool = False) -> None:
        if selected:
            problem = f"none of the items of {resource} is selected, so there is nothing to run"
            remedy = "select others"
        else:
            problem = f"{resource} has no items, so there is nothing to run"
            remedy = "add some first"
        super().__init__(f"{problem}; {remedy}", {"resource": resource})


class NothingChosen(DomainError):
    """No result of a run is what a command is about."""

    reason = "EMPTY_DATASET"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} has no such results, so there is nothing to make a dataset of",
            {"resource": resource},
        )


class NotHosted(DomainError):
    """No live worker executes what the run needs."""

    reason = "NOT_HOSTED"

    def __init__(self, kind: str, name: str, hosted: Iterable[str]) -> None:
        known = ", ".join(sorted(hosted))
        there = f"hosted now: {known}" if known else "no worker is connected"
        super().__init__(
            f"no live worker hosts the {kind} {name!r} ({there}); "
            "start one, or set wait_for_worker to let the run wait for it",
            {kind: name, "hosted": known},
        )


class RunEnded(DomainError):
    """The run is over."""

    reason = "RUN_ENDED"

    def __init__(self, resource: str, status: str) -> None:
        super().__init__(
            f"{resource} has ended ({status}), so it does not take this any more",
            {"status": status},
        )


class RunGoesOn(DomainError):
    """The run has not ended yet."""

    reason = "RUN_GOES_ON"

    def __init__(self, resource: str, status: str) -> None:
        super().__init__(
            f"{resource} has not ended ({status}); wait for its end, or cancel it",
            {"status": status},
        )


class CallerDriven(DomainError):
    """The service cannot run the items of a run that its caller drives."""

    reason = "CALLER_DRIVEN"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} is driven by its caller, so no worker can run its items", {"run": resource}
        )


class NotCallerDriven(DomainError):
    """Nothing can be submitted to a run that workers drive."""

    reason = "NOT_CALLER_DRIVEN"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} is run by workers; start a caller-driven run to submit results to",
            {"run": resource},
        )


class NoGate(DomainError):
    """There are no conditions to ask about."""

    reason = "NO_GATE"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} has no gate; name one, or give its experiment one for later runs",
            {"run": resource},
        )


class NotReviewable(DomainError):
    """There is nothing that people could judge."""

    reason = "NOT_REVIEWABLE"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} is skipped or not there yet, so there is nothing to review",
            {"resource": resource},
        )


class NoExpectation(DomainError):
    """There is nothing to compare: either what was expected or what was done is not known."""

    reason = "NO_EXPECTATION"

    def __init__(self, resource: str, why: str) -> None:
        super().__init__(f"{resource}: {why}", {"resource": resource})


class NotInQueue(DomainError):
    """Nobody has asked for reviews of a result, or given one."""

    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, resource: str) -> None:
        super().__init__(
            f"{resource} is not in the review queue; request reviews of it first",
            {"resource": resource},
        )


class PositionOutOfRange(DomainError):
    """A position in the future, given as one in the past."""

    reason = "POSITION_OUT_OF_RANGE"

    def __init__(self, resource: str, given: int, last: int) -> None:
        super().__init__(
            f"position {given} lies beyond the last position of {resource}, which is {last}",
            {"last_position": str(last)},
        )


class SessionExpired(DomainError):
    """A worker session that is not, or no longer, known."""

    reason = "SESSION_EXPIRED"

    def __init__(self) -> None:
        super().__init__("the worker session is unknown, closed or expired; register again")


class Unavailable(DomainError):
    """The store does not take or give anything at the moment; nothing was changed."""

    reason = "STORE_UNAVAILABLE"


class Overloaded(DomainError):
    """More is being received than can be held; what is asked can be asked again in a moment."""

    reason = "OVERLOADED"

    def __init__(self) -> None:
        super().__init__(
            "more is being received than the service can hold; send it again in a moment"
        )


class RequestTooLarge(DomainError):
    """A request is larger than its method takes."""

    reason = "REQUEST_TOO_LARGE"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the request is larger than the {limit // 2**20} MiB that this method takes; "
            "send less at once",
            {"limit": str(limit)},
        )


class RequestTooIntricate(DomainError):
    """A request has so many parts that it would take far more memory than its size says."""

    reason = "REQUEST_TOO_LARGE"

    def __init__(self, limit: str) -> None:
        super().__init__(f"the request has more than {limit}; send less at once", {"limit": limit})


class ShuttingDown(DomainError):
    """The service goes away; what is asked can be asked again in a moment."""

    reason = "SHUTTING_DOWN"

    def __init__(self) -> None:
        super().__init__("the service is shutting down; call again in a moment")


class InvalidToken(DomainError):
    """The caller has not shown the service's token."""

    reason = "INVALID_TOKEN"

    def __init__(self) -> None:
        super().__init__(
            "the token is missing or wrong; send it as `authorization: Bearer …` metadata"
        )
