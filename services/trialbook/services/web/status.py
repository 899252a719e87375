"""Errors as HTTP tells them: a code, and a google.rpc.Status in the encoding of the request."""

from __future__ import annotations

import logging
import secrets

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from starlette.datastructures import Headers
from starlette.responses import Response

from trialbook.services.domain.errors import DomainError

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
RETRY_AFTER = 1
"""Seconds after which a caller may try again what could not be done."""

_DOMAIN = "trialbook"
_INTERNAL = (500, 13)
_UNAVAILABLE = 503
# The code of HTTP, and gRPC's number for the same.
_CODES = {
    "INVALID_FIELD": (400, 3),
    "INVALID_TOKEN": (401, 16),
    "RESOURCE_NOT_FOUND": (404, 5),
    "REQUEST_TOO_LARGE": (413, 8),
    "OVERLOADED": (_UNAVAILABLE, 14),
    "STORE_UNAVAILABLE": (_UNAVAILABLE, 14),
    "SHUTTING_DOWN": (_UNAVAILABLE, 14),
}
# What HTTP itself refuses.
_GRPC_CODES = {400: 3, 404: 5, 405: 12, 408: 4, 415: 3}

_log = logging.getLogger(__name__)


def message_response(headers: Headers, message: Message, status: int = 200) -> Response:
    """Return a message in the encoding that a request came in: JSON, unless it was protobuf."""
    if media_type(headers) == PROTOBUF:
        return Response(message.SerializeToString(), status, media_type=PROTOBUF)
    text = MessageToJson(message, indent=None)
    return Response(text, status, media_type=JSON)


def media_type(headers: Headers) -> str:
    """Return the content type of a request, without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def refusal(headers: Headers, error: Exception) -> Response:
    """Return what the sender of a request is told of an error."""
    known = error if isinstance(error, DomainError) else _incident(error)
    code, number = _CODES.get(known.reason, _INTERNAL)
    details: list[Message] = [
        ErrorInfo(reason=f"ERROR_REASON_{known.reason}", domain=_DOMAIN, metadata=known.metadata)
    ]
    if code == _UNAVAILABLE:
        details.append(RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER)))
    status = Status(code=number, message=known.message, details=map(_packed, details))
    response = message_response(headers, status, code)
    if code == _UNAVAILABLE:
        response.headers["retry-after"] = str(RETRY_AFTER)
    if code == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


def http_refusal(headers: Headers, code: int, sentence: str) -> Response:
    """Return what the sender of a request is told that HTTP itself forbids."""
    return message_response(headers, Status(code=_GRPC_CODES.get(code, 2), message=sentence), code)


def _incident(error: Exception) -> DomainError:
    """Log a defect, and return what the caller is told: no more than where to look."""
    incident = secrets.token_hex(6)
    _log.error("incident %s", incident, exc_info=error)
    return DomainError(
        f"a defect of the service; its log has the cause beside the incident {incident}",
        {"incident": incident},
    )


def _packed(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed
