"""One call as data: what is sent where, and how the answer is read. Both clients execute these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

from google.protobuf.message import Message

DEFAULT_TIMEOUT: Final = 30.0
LONG_TIMEOUT: Final = 600.0
"""For calls that may go through all items of a dataset."""

ResponseT = TypeVar("ResponseT", bound=Message)
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Operation(Generic[ResponseT, ValueT]):
    """A unary call. It is safe to repeat: it reads, or carries a request id."""

    method: str
    """Service and method, for example "RunService/GetRun"."""
    request: Message
    response_type: type[ResponseT]
    read: Callable[[ResponseT], ValueT]
    timeout: float | None = DEFAULT_TIMEOUT

    @property
    def path(self) -> str:
        """The path under which gRPC serves the method."""
        return method_path(self.method)


@dataclass(frozen=True, slots=True)
class Page(Generic[ValueT]):
    """A part of a listing."""

    values: list[ValueT]
    next_token: str


Listing: TypeAlias = Callable[[str], Operation[Any, Page[ValueT]]]
"""Makes the operation that gets the page of a token; the first page's token is empty."""


def method_path(method: str) -> str:
    """Return the path under which gRPC serves a method such as "RunService/GetRun"."""
    return f"/trialbook.v1.{method}"


def nothing(_: Message) -> None:
    """Read an answer that says nothing."""
