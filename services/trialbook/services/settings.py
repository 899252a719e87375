"""One frozen object holds everything that can be set from outside."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import unquote

from trialbook.services.otlp.tee_endpoint import TeeEndpoint

Durability = Literal["full", "normal"]

_PREFIX = "TRIALBOOK_"
_SHORTEST_LEASE = 0.5
_LONGEST_LEASE = 86_400.0
_POSTGRES_SCHEMES = ("postgresql", "postgres")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_UNITS = {"lease_duration": "seconds", "trace_wait": "seconds", "trace_retention": "days"}
_SECRETS = ("password", "sslpassword")
# PostgreSQL keeps names that begin with pg_ to itself.
DEFAULT_TRACE_WAIT = 30.0
_SHORTEST_TRACE_WAIT = 0.1
_LONGEST_TRACE_WAIT = 3_600.0
_LONGEST_RETENTION = 36_500.0
_SHORTEST_RETENTION = 0.001
_NO_ADDRESS = "none"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 — recognised, not bound to
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
    http_address: str | None = None
    """`host:port` for HTTP, or `none`. By default the host of `address` and the port after its own;
    none where that is `unix:`."""
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
    tee_endpoint: str | None = None
    """Where copies of received OTLP go: `http(s)://host:4318` or `grpc(s)://host:4317`."""
    tee_headers: str | None = field(default=None, repr=False)
    """What the collector there must be shown: `key=value,key=value`, percent-encoded."""
    evaluation_endpoint: str | None = None
    """Where each score goes as a `gen_ai.evaluation.result`; written as tee_endpoint is."""
    evaluation_headers: str | None = field(default=None, repr=False)
    """As tee_headers, for the collector there."""
    trace_wait: float = DEFAULT_TRACE_WAIT
    """Seconds after a result for which its scorers wait for spans at most: 0.1 to 3,600."""
    trace_retention: float = 30.0
    """Days for which a trace is kept when nothing comes of it any more; 0 keeps it for ever."""

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
        self._check_traces()
        self._check_guards()
        self._check_collectors()

    def _check_traces(self) -> None:
        if not _SHORTEST_TRACE_WAIT <= self.trace_wait <= _LONGEST_TRACE_WAIT:
            raise InvalidSettings(
                f"trace_wait {self.trace_wait} is out of range: {_SHORTEST_TRACE_WAIT} to "
                f"{_LONGEST_TRACE_WAIT:g} s"
            )
        days = self.trace_retention
        if days != 0 and not _SHORTEST_RETENTION <= days <= _LONGEST_RETENTION:
            raise InvalidSettings(
                f"trace_retention {days} is out of range: {_SHORTEST_RETENTION} to "
                f"{_LONGEST_RETENTION:g} days, or 0 for ever"
            )

    def _check_guards(self) -> None:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise InvalidSettings("TLS needs both a certificate and a key; name the other one too")
        if self.token is not None and not (self.token.isascii() and self.token.isprintable()):
            raise InvalidSettings("the token must consist of printable ASCII characters")
        if self.token == "":
            raise InvalidSettings("the token is empty; choose a long random text, or set none")
        if self.token is None and self.tls_key is None:
            for address in filter(None, (self.address, self.http_place)):
                if not _is_local(address):
                    raise InvalidSettings(
                        f"{address} can be reached from other machines: set a token or TLS, "
                        "or bind to 127.0.0.1"
                    )

    def _check_collectors(self) -> None:
        own = [address for address in (self.address, self.http_place) if address is not None]
        for setting, endpoint in (("tee", self.tee), ("evaluation", self.evaluation)):
            if endpoint is not None and any(_leads_to(endpoint, address) for address in own):
                raise InvalidSettings(
                    f"{setting}_endpoint {endpoint} is the service itself; name another collector"
                )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        return all(map(_is_local, filter(None, (self.address, self.http_place))))

    @property
    def http_place(self) -> str | None:
        """Where HTTP is answered, as `host:port`; None if nowhere. Raises InvalidSettings."""
        if self.http_address is not None:
            if self.http_address.lower() == _NO_ADDRESS:
                return None
            _host_and_port("http_address", self.http_address)
            return self.http_address
        if self.address.startswith("unix:"):
            return None
        _, port = _host_and_port("address", self.address)
        if port == 65535:
            raise InvalidSettings("there is no port after 65535; set http_address, or none")
        return f"{self.address.rpartition(':')[0]}:{port + 1 if port else 0}"

    @property
    def http_host_and_port(self) -> tuple[str, int] | None:
        """The two parts of `http_place`, the host without brackets."""
        place = self.http_place
        return None if place is None else _host_and_port("http_address", place)

    @property
    def tee(self) -> TeeEndpoint | None:
        """Where copies of received OTLP go. Raises InvalidSettings."""
        return _collector("tee", self.tee_endpoint, self.tee_headers)

    @property
    def evaluation(self) -> TeeEndpoint | None:
        """Where scores go. Raises InvalidSettings."""
        return _collector("evaluation", self.evaluation_endpoint, self.evaluation_headers)

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


def _collector(setting: str, endpoint: str | None, headers: str | None) -> TeeEndpoint | None:
    if endpoint is None:
        if headers is not None:
            raise InvalidSettings(
                f"{setting}_headers are set, but no {setting}_endpoint; name that too"
            )
        return None
    try:
        return TeeEndpoint.parse(endpoint, headers or "", setting=setting)
    except ValueError as error:
        raise InvalidSettings(str(error)) from None


def _host_and_port(setting: str, address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise InvalidSettings(
            f"{setting} {address!r} is not understood; write host:port, such as 127.0.0.1:50051"
        )
    return host.removeprefix("[").removesuffix("]"), int(port)


def _is_local(address: str) -> bool:
    """Whether only this machine can reach an address."""
    return address.startswith("unix:") or _is_loopback(_host_and_port("address", address)[0])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _leads_to(tee: TeeEndpoint, address: str) -> bool:
    """Whether what is sent there comes to an address of this service, as far as names tell."""
    if address.startswith("unix:"):
        return False
    host, port = _host_and_port("address", address)
    if tee.port != port:
        return False
    if host in _EVERYWHERE:
        return _is_loopback(tee.host) or tee.host in (*_EVERYWHERE, socket.gethostname())
    return tee.host == host.lower() or (_is_loopback(tee.host) and _is_loopback(host))


def _read(name: str, text: str) -> object:
    if name == "database":
        return database_at(text)
    if name in ("tls_certificate", "tls_key"):
        return Path(text)
    if name in _UNITS:
        try:
            return float(text)
        except ValueError as error:
            variable = _PREFIX + name.upper()
            raise InvalidSettings(
                f"{variable}={text!r} is not a number of {_UNITS[name]}"
            ) from error
    if name == "largest_file":
        if not text.isdecimal():
            raise InvalidSettings(f"{_PREFIX}LARGEST_FILE={text!r} is not a number of bytes")
        return int(text)
    return text
