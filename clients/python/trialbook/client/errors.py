"""The errors that this library raises, one class for each gRPC code that a caller may act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple


class Violation(NamedTuple):
    """What is wrong with one field of a request."""

    field: str
    """The path, for example `items[3].input.json`."""
    description: str
    """What is wrong with it."""


class TrialbookError(Exception):
    """A call failed. `str()` is a sentence that says what to do, with the fields that are wrong.

    `code` is the gRPC code's name ("NOT_FOUND"), `reason` the `ErrorReason` without its prefix
    ("RESOURCE_NOT_FOUND"; empty if the server gave none), `metadata` what the reason documents, and
    `retry_delay` how many seconds the server asks to wait before the next call, if it does.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "UNKNOWN",
        reason: str = "",
        violations: Sequence[Violation] = (),
        metadata: Mapping[str, str] | None = None,
        retry_delay: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.violations = tuple(violations)
        self.metadata = dict(metadata or {})
        self.retry_delay = retry_delay

    def __str__(self) -> str:
        unsaid = [f"{v.field}: {v.description}" for v in self.violations if v.field]
        return "\n".join([self.message, *(line for line in unsaid if line not in self.message)])


class Cancelled(TrialbookError):
    """The call was cancelled."""


class InvalidArgument(TrialbookError):
    """The request is malformed; `violations` names the fields."""


class DeadlineExceeded(TrialbookError):
    """No answer came in time. The call may have had its effect."""


class NotFound(TrialbookError):
    """There is no such resource or version."""


class AlreadyExists(TrialbookError):
    """The name is taken, or a request id was used for another request."""


class PermissionDenied(TrialbookError):
    """The token does not allow this call."""


class ResourceExhausted(TrialbookError):
    """A limit is reached, for example that of the size of a message."""


class FailedPrecondition(TrialbookError):
    """The call cannot have its effect in this state, for example since nobody hosts the target."""


class Aborted(TrialbookError):
    """Someone else came first: read again, then repeat the change."""


class OutOfRange(TrialbookError):
    """A position lies beyond the end."""


class Unimplemented(TrialbookError):
    """The server does not know this call: it may be older than this library."""


class Internal(TrialbookError):
    """A defect of the server; `metadata["incident"]` stands in its log."""


class Unavailable(TrialbookError):
    """The server cannot be reached, or does not accept calls at the moment."""


class Unauthenticated(TrialbookError):
    """The token is missing or wrong, or a worker's session is over."""


class WaitTimeout(DeadlineExceeded):
    """The run did not end in the time that the caller would wait. It goes on."""


ERROR_CLASSES: Final[Mapping[str, type[TrialbookError]]] = {
    "CANCELLED": Cancelled,
    "INVALID_ARGUMENT": InvalidArgument,
    "DEADLINE_EXCEEDED": DeadlineExceeded,
    "NOT_FOUND": NotFound,
    "ALREADY_EXISTS": AlreadyExists,
    "PERMISSION_DENIED": PermissionDenied,
    "RESOURCE_EXHAUSTED": ResourceExhausted,
    "FAILED_PRECONDITION": FailedPrecondition,
    "ABORTED": Aborted,
    "OUT_OF_RANGE": OutOfRange,
    "UNIMPLEMENTED": Unimplemented,
    "INTERNAL": Internal,
    "UNAVAILABLE": Unavailable,
    "UNAUTHENTICATED": Unauthenticated,
}
"""By the gRPC code's name. Codes that are not here raise `TrialbookError` itself."""


def invalid_field(
    field: str, description: str, *, reason: str = "INVALID_FIELD"
) -> InvalidArgument:
    """Return the error of a request that is refused before it is sent."""
    return InvalidArgument(
        f"{field}: {description}",
        code="INVALID_ARGUMENT",
        reason=reason,
        violations=[Violation(field, description)],
    )
