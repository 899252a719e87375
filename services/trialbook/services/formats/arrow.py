"""pyarrow, which is an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from trialbook.services.formats.row import Unreadable

INSTALL = "Parquet needs pyarrow in the server's environment: pip install 'trialbook[parquet]'"


def require() -> tuple[Any, Any]:
    """Return pyarrow and pyarrow.parquet. Raises Unreadable if they are not installed."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise Unreadable(INSTALL) from error
