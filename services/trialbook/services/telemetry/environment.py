"""What the standard OTEL_* variables ask for. Read without importing the SDK, which takes long."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Signal = Literal["TRACES", "METRICS"]
Exporter = Literal["console", "grpc", "http/protobuf"]

_PROTOCOLS: dict[str, Exporter] = {"grpc": "grpc", "http/protobuf": "http/protobuf"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the signals go: none of them anywhere, by default."""

    traces: tuple[Exporter, ...] = ()
    metrics: tuple[Exporter, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.traces or self.metrics)


def wanted(environment: Mapping[str, str]) -> Wanted:
    """Return what OTEL_SDK_DISABLED, the exporters, endpoints and protocols ask for.

    A signal goes to OTEL_TRACES_EXPORTER or OTEL_METRICS_EXPORTER (otlp, console, none, or several
    with commas); without these to OTLP, if an endpoint is named. What is not understood is told in
    a warning and left out: the variables may be meant for other programs too.
    """
    if _value(environment, "OTEL_SDK_DISABLED").lower() == "true":
        return Wanted()
    return Wanted(_exporters(environment, "TRACES"), _exporters(environment, "METRICS"))


def _exporters(environment: Mapping[str, str], signal: Signal) -> tuple[Exporter, ...]:
    variable = f"OTEL_{signal}_EXPORTER"
    names = _value(environment, variable)
    if not names:
        has_endpoint = _value(environment, "OTEL_EXPORTER_OTLP_ENDPOINT") or _value(
            environment, f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"
        )
        names = "otlp" if has_endpoint else "none"
    found: dict[Exporter, None] = {}
    for name in names.split(","):
        match name.strip().lower():
            case "otlp":
                found |= dict.fromkeys(_protocol(environment, signal))
            case "console":
                found["console"] = None
            case "none" | "":
                pass
            case unknown:
                _log.warning("%s: there is no exporter %r; use otlp or console", variable, unknown)
    return tuple(found)


def _protocol(environment: Mapping[str, str], signal: Signal) -> tuple[Exporter, ...]:
    for variable in (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        name = _value(environment, variable)
        if name in _PROTOCOLS:
            return (_PROTOCOLS[name],)
        if name:
            _log.warning(
                "%s: %r is not supported, so %s stay here; use grpc or http/protobuf",
                variable,
                name,
                signal.lower(),
            )
            return ()
    return ("grpc",)


def _value(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, "").strip()
