"""One frozen object holds everything that can be set from outside."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote

Durability = Literal["full", "normal"]

_PREFIX = "TRIALBOOK_"
_SHORTEST_LEASE = 0.5
_LONGEST_LEASE = 86_400.0
_POSTGRES_SCHEMES = ("postgresql", "postgres")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SECRETS = ("password", "sslpassword")
# PostgreSQL keeps names that begin with pg_ to itself.
_NAMESPACE = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,49}")


class InvalidSettings(Exception):
    """A setting that cannot be used; the text says which, and what to do."""


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """Where a PostgreSQL database is, as `postgresql://user@host:5432/database`.

    Everything that libpq takes may follow as `?name=value`. Its text shows no password.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        """Raise InvalidSettings for what is no such URL."""
        scheme = _SCHEME.match(self.url)
        if scheme is None or scheme[1].lower() not in _POSTGRES_SCHEMES:
            raise InvalidSettings(
                "the database's URL is not understood; write postgresql://user@host:5432/database"
            )

    @property
    def has_password(self) -> bool:
        """Whether a password stands in the URL itself."""
        user, _, place = self._parts()
        return ":" in user or _without_secrets(place) != place

    def __str__(self) -> str:
        """Return the URL without passwords, for people to read."""
        user, at, place = self._parts()
        return f"postgresql://{user.partition(':')[0]}{at}{_without_secrets(place)}"

    def _parts(self) -> tuple[str, str, str]:
        # The last @, wherever it stands: what may be a part of a password is not shown.
        return self.url.partition("://")[2].rpartition("@")


def _without_secrets(place: str) -> str:
    address, mark, query = place.partition("?")
    kept = [
        parameter
        for parameter in query.split("&")
        if unquote(parameter.partition("=")[0]).lower() not in _SECRETS
    ]
    return f"{address}{mark if kept else ''}{'&'.join(kept)}"


DatabaseLocation = Path | PostgresUrl


def database_at(text: str) -> DatabaseLocation:
    """Read where a database is: `postgresql://…`, or a path. Raises InvalidSettings."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return Path(text)
    if scheme[1].lower() not in _POSTGRES_SCHEMES:
        raise InvalidSettings(
            f"a database of kind {scheme[1]!r} is not supported; name a file, or postgresql://…"
        )
    return PostgresUrl(text)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs. Paths are relative to the working directory."""

    database: DatabaseLocation = Path(".trialbook/trialbook.db")
    """An SQLite file, or a PostgreSQL database, which any number of servers may share."""
    database_password: str | None = field(default=None, repr=False)
    """PostgreSQL's password, where neither the URL nor libpq's own means bring it."""
    namespace: str = "trialbook"
    """The PostgreSQL schema that holds all tables."""
    address: str = "127.0.0.1:50051"
    """`host:port` (port 0 takes a free one), `[ipv6]:port` or `unix:/path`."""
    token: str | None = field(default=None, repr=False)
    """What callers must show as `authorization: Bearer …`."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    durability: Durability = "full"
    """`normal` may lose the last moments when the power fails; a crash loses nothing either way."""
    lease_duration: float = 30.0
    """Seconds that a task stays with a worker which gives no sign of life: 0.5 to 86,400."""
    largest_file: int = 4 * 1024**3
    """Bytes that a file may have which is imported; it is kept in TMPDIR until it is read."""

    def __post_init__(self) -> None:
        """Raise InvalidSettings for what cannot be."""
        if self.durability not in get_args(Durability):
            raise InvalidSettings(f"durability {self.durability!r} is neither full nor normal")
        if not _SHORTEST_LEASE <= self.lease_duration <= _LONGEST_LEASE:
            raise InvalidSettings(
                f"lease_duration {self.lease_duration} is out of range: "
                f"{_SHORTEST_LEASE} to {_LONGEST_LEASE:g} s"
            )
        if self.largest_file < 1:
            raise InvalidSettings(f"largest_file {self.largest_file} is no number of bytes above 0")
        if _NAMESPACE.fullmatch(self.namespace) is None:
            raise InvalidSettings(
                f"namespace {self.namespace!r} is not understood; use 1 to 50 of a-z, 0-9 and _, "
                "a letter or _ first, and not pg_ at the beginning"
            )
        self._check_guards()

    def _check_guards(self) -> None:
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
        for one in fields(cls):
            text = os.environ.get(_PREFIX + one.name.upper())
            if text:
                values[one.name] = _read(one.name, text)
        values |= {name: value for name, value in overrides.items() if value is not None}
        return cls(**values)


def _read(name: str, text: str) -> object:
    if name == "database":
        return database_at(text)
    if name in ("tls_certificate", "tls_key"):
        return Path(text)
    if name == "lease_duration":
        try:
            return float(text)
        except ValueError as error:
            variable = _PREFIX + name.upper()
            raise InvalidSettings(f"{variable}={text!r} is not a number of seconds") from error
    if name == "largest_file":
        if not text.isdecimal():
            raise InvalidSettings(f"{_PREFIX}LARGEST_FILE={text!r} is not a number of bytes")
        return int(text)
    return text
