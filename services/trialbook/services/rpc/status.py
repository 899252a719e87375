"""Errors as gRPC tells them: a code, a sentence, and details that programs can read."""

from __future__ import annotations

import logging
import secrets

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from trialbook.services.domain.errors import DomainError, Invalid
from trialbook.v1.error_reason_pb2 import ErrorReason

DOMAIN = "trialbook"
STATUS_KEY = "grpc-status-details-bin"
_LONGEST_MESSAGE = 2000

_log = logging.getLogger(__name__)
_CODES = {
    "INVALID_FIELD": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_JSON": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_SCORER_PARAMETERS": grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_PAGE_TOKEN": grpc.StatusCode.INVALID_ARGUMENT,
    "UNKNOWN_SCORER": grpc.StatusCode.INVALID_ARGUMENT,
    "RESOURCE_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "VERSION_NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "RESOURCE_EXISTS": grpc.StatusCode.ALREADY_EXISTS,
    "REQUEST_ID_REUSED": grpc.StatusCode.ALREADY_EXISTS,
    "STALE_VERSION": grpc.StatusCode.ABORTED,
    "IMPORT_IN_PROGRESS": grpc.StatusCode.ABORTED,
    "NOT_HOSTED": grpc.StatusCode.FAILED_PRECONDITION,
    "EMPTY_DATASET": grpc.StatusCode.FAILED_PRECONDITION,
    "RUN_ENDED": grpc.StatusCode.FAILED_PRECONDITION,
    "SESSION_EXPIRED": grpc.StatusCode.UNAUTHENTICATED,
    "INVALID_TOKEN": grpc.StatusCode.UNAUTHENTICATED,
    "POSITION_OUT_OF_RANGE": grpc.StatusCode.OUT_OF_RANGE,
    "STORE_UNAVAILABLE": grpc.StatusCode.UNAVAILABLE,
    "SHUTTING_DOWN": grpc.StatusCode.UNAVAILABLE,
    "INTERNAL": grpc.StatusCode.INTERNAL,
}
assert {f"ERROR_REASON_{reason}" for reason in _CODES} == {*ErrorReason.keys()} - {
    "ERROR_REASON_UNSPECIFIED"
}


async def refuse(context: grpc.aio.ServicerContext[Message, Message], error: Exception) -> None:
    """End a call with what an error says. Never returns."""
    known = error if isinstance(error, DomainError) else _incident(error)
    code = _CODES[known.reason]
    message = known.message[:_LONGEST_MESSAGE]
    await context.abort(code, message, ((STATUS_KEY, _status(known, code, message)),))


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
            metadata={key: value[:_LONGEST_MESSAGE] for key, value in error.metadata.items()},
        )
    ]
    if isinstance(error, Invalid):
        details.append(
            BadRequest(
                field_violations=[
                    BadRequest.FieldViolation(field=bad.path, description=bad.message[:500])
                    for bad in error.violations
                ]
            )
        )
    if code is grpc.StatusCode.UNAVAILABLE:
        details.append(RetryInfo(retry_delay=Duration(seconds=1)))
    status = Status(code=code.value[0], message=message, details=map(_packed, details))
    return bytes(status.SerializeToString())


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed
