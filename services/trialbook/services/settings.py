"""One frozen object holds everything that can be set from outside."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

Durability = Literal["full", "normal"]

_PREFIX = "TRIALBOOK_"
_SHORTEST_LEASE = 0.5
_LONGEST_LEASE = 86_400.0


class InvalidSettings(Exception):
    """A setting that cannot be used; the text says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs. Paths are relative to the working directory."""

    database: Path = Path(".trialbook/trialbook.db")
    address: str = "127.0.0.1:50051"
    """`host:port` (port 0 takes a free one), `[ipv6]:port` or `unix:/path`."""
    token: str | None = None
    """What callers must show as `authorization: Bearer …`."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    durability: Durability = "full"
    """`normal` may lose the last moments when the power fails; a crash loses nothing either way."""
    lease_duration: float = 30.0
    """Seconds that a task stays with a worker which gives no sign of life: 0.5 to 86,400."""

    def __post_init__(self) -> None:
        """Raise InvalidSettings for what cannot be."""
        if self.durability not in get_args(Durability):
            raise InvalidSettings(f"durability {self.durability!r} is neither full nor normal")
        if not _SHORTEST_LEASE <= self.lease_duration <= _LONGEST_LEASE:
            raise InvalidSettings(
                f"lease_duration {self.lease_duration} is out of range: "
                f"{_SHORTEST_LEASE} to {_LONGEST_LEASE:g} s"
            )
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise InvalidSettings("TLS needs both a certificate and a key; name the other one too")
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise InvalidSettings("the token must consist of printable ASCII characters")
        if self.token == "":
            raise InvalidSettings("the token is empty; choose a long random text, or set none")
        if not self.is_local and self.token is None and self.tls_key is None:
            raise InvalidSettings(
                f"{self.address} can be reached from other machines: set a token or TLS, "
                "or bind to 127.0.0.1"
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the address."""
        if self.address.startswith("unix:"):
            return True
        host = self.host
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    @property
    def host(self) -> str:
        """The host of the address. Raises InvalidSettings if it is none."""
        host, colon, port = self.address.rpartition(":")
        if not colon or not host or not port.isdecimal() or int(port) > 65535:
            raise InvalidSettings(
                f"address {self.address!r} is not understood; write host:port, such as "
                "127.0.0.1:50051"
            )
        return host.removeprefix("[").removesuffix("]")

    @classmethod
    def from_environment(cls, **overrides: Any) -> Settings:
        """Read TRIALBOOK_DATABASE, TRIALBOOK_ADDRESS and so on; overrides that are set win.

        Raises InvalidSettings.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):
            text = os.environ.get(_PREFIX + field.name.upper())
            if text:
                values[field.name] = _read(field.name, text)
        values |= {name: value for name, value in overrides.items() if value is not None}
        return cls(**values)


def _read(name: str, text: str) -> object:
    if name in ("database", "tls_certificate", "tls_key"):
        return Path(text)
    if name == "lease_duration":
        try:
            return float(text)
        except ValueError as error:
            variable = _PREFIX + name.upper()
            raise InvalidSettings(f"{variable}={text!r} is not a number of seconds") from error
    return text
