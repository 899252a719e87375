"""Where copies of what is received go, as a setting says it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_PORTS = {"http": 80, "https": 443, "grpc": 4317, "grpcs": 4317}
_HEADER_NAME = re.compile(r"[0-9a-z!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


@dataclass(frozen=True, slots=True)
class TeeEndpoint:
    """A collector's address: `http(s)://` for OTLP over HTTP, `grpc(s)://` for gRPC."""

    scheme: str
    host: str
    port: int
    path: str = ""
    """What stands before `/v1/traces`, where a collector is not at the root."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, text: str, headers: str = "", *, setting: str = "tee") -> TeeEndpoint:
        """Read an endpoint, and its headers as `key=value,key=value`, percent-encoded.

        `setting` is the word before `_endpoint` and `_headers` in what they are called. Raises
        ValueError with a sentence that repeats no header's value.
        """
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            raise ValueError(_misunderstood(text, setting)) from None
        if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(_misunderstood(text, setting))
        if parts.username is not None:
            raise ValueError(
                f"{setting}_endpoint must not hold a user; put the credentials in {setting}_headers"
            )
        path = parts.path.rstrip("/")
        if parts.scheme.startswith("grpc") and path:
            raise ValueError(_misunderstood(text, setting))
        return cls(
            parts.scheme,
            parts.hostname,
            _PORTS[parts.scheme] if port is None else port,
            path,
            _read_headers(headers, setting),
        )

    @property
    def secure(self) -> bool:
        """Whether it is reached over TLS."""
        return self.scheme.endswith("s")

    @property
    def over_http(self) -> bool:
        """Whether it speaks OTLP over HTTP, and not gRPC."""
        return self.scheme.startswith("http")

    @property
    def authority(self) -> str:
        """The host and port, as gRPC and people write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def __str__(self) -> str:
        """Return the endpoint for people to read."""
        return f"{self.scheme}://{self.authority}{self.path}"


def _misunderstood(text: str, setting: str) -> str:
    # What stands before an @ may be a password, and what stands in a query a key.
    shown = re.split(r"[?#]", text.rpartition("@")[2], maxsplit=1)[0]
    return (
        f"{setting}_endpoint {shown!r} is not understood; write http://host:4318, "
        "https://host:4318/path, grpc://host:4317 or grpcs://host:4317"
    )


def _read_headers(text: str, setting: str) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, str]] = []
    for number, pair in enumerate(filter(str.strip, text.split(",")), start=1):
        name, sign, value = pair.partition("=")
        name, value = name.strip().lower(), unquote(value.strip())
        if not sign or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            # The value is a secret, and a broken name may be a part of one.
            raise ValueError(
                f"entry {number} of {setting}_headers is not understood; write key=value"
            )
        headers.append((name, value))
    return tuple(headers)
