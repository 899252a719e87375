"""Errors as gRPC tells them: a code, a sentence, and details that programs can read."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from trialbook.services.domain.errors import DomainError, SchemaViolated, Violation
from trialbook.v1.error_reason_pb2 import ErrorReason

DOMAIN = "trialbook"
STATUS_KEY = "grpc-status-details-bin"
# HTTP/2 peers refuse headers above 8 KiB, and an error travels in headers: its message percent
# encoded, its details in base64.
_LONGEST_MESSAGE = 600
_LONGEST_DETAILS = 4500
_LONGEST_VALUE = 300

_FIELD_OVERHEAD = 4

_log = logging.getLogger(__name__)
_CODES = {
    "INVALID_FIELD": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_JSON": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_SCORER_PARAMETERS": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_PAGE_TOKEN": grpc.StatusCode.INVALID_ARGUMENT,
    "UNKNOWN_SCORER": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_SCHEMA": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_FILTER": grpc.StatusCode.INVALID_ARGUMENT,
    "SCHEMA_VIOLATED": grpc.StatusCode.INVALID_ARGUMENT,
    "ROWS_REFUSED": grpc.StatusCode.INVALID_ARGUMENT,
    "RESOURCE_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "VERSION_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "RESOURCE_EXISTS": grpc.StatusCode.ALREADY_EXISTS,
    "REQUEST_ID_REUSED": grpc.StatusCode.ALREADY_EXISTS,
    "ITEM_CONFLICT": grpc.StatusCode.ALREADY_EXISTS,
    "STALE_VERSION": grpc.StatusCode.ABORTED,
    "IMPORT_IN_PROGRESS": grpc.StatusCode.ABORTED,
    "NOT_HOSTED": grpc.StatusCode.FAILED_PRECONDITION,
    "EMPTY_DATASET": grpc.StatusCode.FAILED_PRECONDITION,
    "RUN_ENDED": grpc.StatusCode.FAILED_PRECONDITION,
    "RUN_IN_PROGRESS": grpc.StatusCode.FAILED_PRECONDITION,
    "RUN_GOES_ON": grpc.StatusCode.FAILED_PRECONDITION,
    "CALLER_DRIVEN": grpc.StatusCode.FAILED_PRECONDITION,
    "NOT_CALLER_DRIVEN": grpc.StatusCode.FAILED_PRECONDITION,
    "NO_GATE": grpc.StatusCode.FAILED_PRECONDITION,
    "NOT_REVIEWABLE": grpc.StatusCode.FAILED_PRECONDITION,
    "NO_EXPECTATION": grpc.StatusCode.FAILED_PRECONDITION,
    "LABEL_FROZEN": grpc.StatusCode.FAILED_PRECONDITION,
    "ITEM_PURGED": grpc.StatusCode.FAILED_PRECONDITION,
    "TOO_MANY_CHANGES": grpc.StatusCode.FAILED_PRECONDITION,
    "SESSION_EXPIRED": grpc.StatusCode.UNAUTHENTICATED,
    "INVALID_TOKEN": grpc.StatusCode.UNAUTHENTICATED,
    "POSITION_OUT_OF_RANGE": grpc.StatusCode.OUT_OF_RANGE,
    "STORE_UNAVAILABLE": grpc.StatusCode.UNAVAILABLE,
    "SHUTTING_DOWN": grpc.StatusCode.UNAVAILABLE,
    "OVERLOADED": grpc.StatusCode.UNAVAILABLE,
    "REQUEST_TOO_LARGE": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "INTERNAL": grpc.StatusCode.INTERNAL,
}
assert {f"ERROR_REASON_{reason}" for reason in _CODES} == {*ErrorReason.keys()} - {
    "ERROR_REASON_UNSPECIFIED"
}


async def refuse(context: grpc.aio.ServicerContext[Message, Message], error: Exception) -> None:
    """End a call with what an error says. Never returns."""
    known = error if isinstance(error, DomainError) else _incident(error)
    code = _code(known)
    message = _clipped(known.message, _LONGEST_MESSAGE)
    await context.abort(code, message, ((STATUS_KEY, _status(known, code, message)),))


def _code(error: DomainError) -> grpc.StatusCode:
    # Items that do not fit are a fault of the request only if they came with it.
    if isinstance(error, SchemaViolated):
        return grpc.StatusCode.FAILED_PRECONDITION
    return _CODES[error.reason]


def _incident(error: Exception) -> DomainError:
    """Log a defect, and return what the caller is told: no more than where to look."""
    incident = secrets.token_hex(6)
    _log.error("incident %s", incident, exc_info=error)
    return DomainError(
        f"a defect of the service; its log has the cause beside the incident {incident}",
        {"incident": incident},
    )


def _status(error: DomainError, code: grpc.StatusCode, message: str) -> bytes:
    details: list[Message] = [
        ErrorInfo(
            reason=f"ERROR_REASON_{error.reason}",
            domain=DOMAIN,
            metadata={key: _clipped(text, _LONGEST_VALUE) for key, text in error.metadata.items()},
        )
    ]
    if code is grpc.StatusCode.UNAVAILABLE:
        details.append(RetryInfo(retry_delay=Duration(seconds=1)))
    status = Status(code=code.value[0], message=message, details=map(_packed, details))
    if error.violations:
        room = _LONGEST_DETAILS - status.ByteSize()
        status.details.append(_packed(_bad_request(error.violations, room)))
    return bytes(status.SerializeToString())


def _bad_request(violations: Sequence[Violation], room: int) -> BadRequest:
    """Return as many of the first violations as fit into so many bytes."""
    told = BadRequest()
    for bad in violations:
        violation = BadRequest.FieldViolation(
            field=_clipped(bad.path, _LONGEST_VALUE),
            description=_clipped(bad.message, _LONGEST_VALUE),
        )
        room -= violation.ByteSize() + _FIELD_OVERHEAD
        if room < 0 and told.field_violations:
            break
        told.field_violations.append(violation)
    return told


def _clipped(text: str, longest: int) -> str:
    """Return what of a text takes at most so many bytes, percent encoded or not."""
    size = 0
    for place, character in enumerate(text):
        size += 1 if " " <= character <= "~" and character != "%" else 3 * len(character.encode())
        if size > longest:
            return text[:place] + "..."
    return text


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed
