"""On what the figures were measured, without saying whose machine it is."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3

import psutil

_LIBRARIES = (
    "grpcio",
    "protobuf",
    "uvloop",
    "msgspec",
    "eventsourcing",
    "rapidfuzz",
    "opentelemetry-sdk",
)


def machine() -> dict[str, str]:
    """Return cores, memory and versions, and how busy the machine is with other things."""
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "load before": f"{psutil.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
    }
