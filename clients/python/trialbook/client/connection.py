"""Where the server is and how it is reached; the channel options that both clients use."""

from __future__ import annotations

import getpass
import ipaddress
import os
import socket
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, TypeAlias

import grpc
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

DEFAULT_ADDRESS: Final = "127.0.0.1:50051"
DEFAULT_PROJECT: Final = "default"

# A scorer's task may bring five payloads of 1 MiB, and a page brings one more than its 2 MiB.
MAX_RECEIVE_BYTES: Final = 32 * 1024 * 1024

_propagator: Final = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates as PEM files. Without `ca`, the roots that gRPC ships are trusted."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


TlsSetting: TypeAlias = Tls | Path | str | bool | None
"""True for TLS with gRPC's roots, a path for a CA of one's own, `Tls` for client certificates."""


class InvalidConnection(ValueError):
    """The settings of a connection contradict each other, or are not safe."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A checked set of connection settings."""

    address: str
    project: str
    token: str | None
    tls: Tls | None
    author: str = ""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries: who calls, the token, and the trace in which that happens."""
        author = (("trialbook-author", self.author),) if self.author else ()
        token = () if self.token is None else (("authorization", f"Bearer {self.token}"),)
        return author + token + _trace_context()

    @property
    def options(self) -> list[tuple[str, int | str]]:
        """Channel options: keepalive, sizes, quick reconnection."""
        return [
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.max_receive_message_length", MAX_RECEIVE_BYTES),
            ("grpc.max_send_message_length", -1),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1_000),
            ("grpc.lb_policy_name", "round_robin"),
            ("grpc.enable_retries", 0),  # this library repeats calls itself
            ("grpc.enable_http_proxy", 0 if is_local(self.address) else 1),
            ("grpc.primary_user_agent", f"trialbook-python/{_library_version()}"),
        ]

    def credentials(self) -> grpc.ChannelCredentials | None:
        """Return the channel's credentials, or None for plain text."""
        if self.tls is None:
            return None
        return grpc.ssl_channel_credentials(
            root_certificates=_read(self.tls.ca),
            private_key=_read(self.tls.key),
            certificate_chain=_read(self.tls.certificate),
        )


def connection(
    address: str | None = None,
    *,
    project: str | None = None,
    token: str | None = None,
    tls: TlsSetting = None,
    insecure: bool = False,
) -> Connection:
    """Check settings, filling what is not given from the environment.

    TRIALBOOK_ADDRESS, TRIALBOOK_PROJECT, TRIALBOOK_TOKEN, TRIALBOOK_TLS_CA and TRIALBOOK_AUTHOR
    are read; the author is user@host if it is not set. Raises `InvalidConnection` if a token would
    travel in plain text to another machine and `insecure` does not allow it.
    """
    environment = os.environ
    address = address or environment.get("TRIALBOOK_ADDRESS") or DEFAULT_ADDRESS
    token = token or environment.get("TRIALBOOK_TOKEN") or None
    certificates = _tls(environment.get("TRIALBOOK_TLS_CA") or None if tls is None else tls)
    if token and certificates is None and not insecure and not is_local(address):
        raise InvalidConnection(
            f"A token must not travel in plain text to {address}. Use tls (TRIALBOOK_TLS_CA), or "
            "say insecure=True if the network between is trusted."
        )
    project = project or environment.get("TRIALBOOK_PROJECT") or DEFAULT_PROJECT
    author = environment.get("TRIALBOOK_AUTHOR") or _user_at_host()
    return Connection(address, project, token, certificates, _header(author))


def is_local(address: str) -> bool:
    """Tell whether an address lies on this machine: a unix socket or a loopback address."""
    if address.startswith(("unix:", "unix-abstract:")):
        return True
    host = address.removeprefix("dns:").lstrip("/").rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _trace_context() -> tuple[tuple[str, str], ...]:
    """Return the W3C trace context of the current span; nothing outside of any."""
    if not trace.get_current_span().get_span_context().is_valid:
        return ()
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return tuple(carrier.items())


def _user_at_host() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):
        # A container may run under a user id that has no name.
        return socket.gethostname()


def _header(text: str) -> str:
    """Return what of a text a header may carry."""
    return "".join(letter for letter in text if " " <= letter <= "~").strip()


def _tls(setting: TlsSetting) -> Tls | None:
    if setting is None or setting is False:
        return None
    if setting is True:
        return Tls()
    return setting if isinstance(setting, Tls) else Tls(ca=Path(setting))


def _read(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()


def _library_version() -> str:
    try:
        return version("trialbook-client")
    except PackageNotFoundError:
        return "unknown"
