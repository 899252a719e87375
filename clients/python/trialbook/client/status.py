"""From the status of a gRPC call to an error of this library."""

from __future__ import annotations

from typing import Final, Protocol, cast

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from trialbook.client.errors import ERROR_CLASSES, TrialbookError, Violation
from trialbook.client.models.codec import seconds_of

DETAILS_KEY: Final = "grpc-status-details-bin"
REASON_PREFIX: Final = "ERROR_REASON_"


class FailedCall(Protocol):
    """What the blocking and the asyncio errors of gRPC have in common."""

    def code(self) -> grpc.StatusCode | None:
        """Return the status."""
        ...

    def details(self) -> str | None:
        """Return the message."""
        ...

    def trailing_metadata(self) -> object:
        """Return what came at the end."""
        ...


def error_from(failure: grpc.RpcError, address: str) -> TrialbookError:
    """Return the error that tells what the failed call told; `address` is where it went."""
    call = cast(FailedCall, failure)
    status = call.code() or grpc.StatusCode.UNKNOWN
    details = _details(call)
    error_class = ERROR_CLASSES.get(status.name, TrialbookError)
    info, violations, retry_delay = _read(details)
    message = call.details() or status.name.lower().replace("_", " ")
    if not details:
        message = _explain(status, message, address)
    return error_class(
        message,
        code=status.name,
        reason=info.reason.removeprefix(REASON_PREFIX),
        violations=violations,
        metadata=info.metadata,
        retry_delay=retry_delay,
    )


def _details(call: FailedCall) -> list[Any]:
    for key, value in cast("tuple[tuple[str, bytes], ...]", call.trailing_metadata() or ()):
        if key == DETAILS_KEY:
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return []
    return []


def _read(
    details: list[Any],
) -> tuple[error_details_pb2.ErrorInfo, list[Violation], float | None]:
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    for detail in details:
        # Unpacks into the message that is of its kind.
        any(detail.Unpack(message) for message in (info, bad_request, retry))
    retry_delay = seconds_of(retry.retry_delay) if retry.HasField("retry_delay") else None
    violations = [Violation(v.field, v.description) for v in bad_request.field_violations]
    return info, violations, retry_delay


def _explain(status: grpc.StatusCode, message: str, address: str) -> str:
    """Say what gRPC's own errors, which carry no details of ours, mean for the caller."""
    if status is grpc.StatusCode.UNAVAILABLE:
        return (
            f"No Trialbook server answers at {address} ({message}). Start one with "
            "`trialbook serve`, or name another address (TRIALBOOK_ADDRESS)."
        )
    if status is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"The server at {address} did not answer in time."
    if status is grpc.StatusCode.UNIMPLEMENTED:
        return f"The server at {address} does not offer this call ({message})."
    return message
