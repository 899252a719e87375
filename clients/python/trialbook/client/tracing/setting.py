"""Whether a worker traces its attempts."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Final

VARIABLE: Final = "TRIALBOOK_TRACES"
_REQUIRED: Final = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.common")
_MEANINGS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


class TracesNotInstalled(RuntimeError):
    """Traces are asked for, and what writes and sends them is not there."""


def traces_setting(given: bool | None) -> bool | None:
    """Return whether to trace: as given, else as TRIALBOOK_TRACES says, else None for "if set up".

    Raises `TracesNotInstalled` if it is asked for and cannot be done, and ValueError for a variable
    that says neither yes nor no.
    """
    setting = _from_environment() if given is None else given
    if setting and not is_installed():
        raise TracesNotInstalled(
            "Tracing needs the OpenTelemetry SDK. Install it with "
            "`pip install 'trialbook-client[traces]'`, or do not ask for traces."
        )
    return setting


def is_installed() -> bool:
    """Tell whether spans can be written and sent here."""
    try:
        return all(find_spec(name) is not None for name in _REQUIRED)
    except ModuleNotFoundError:  # of a parent package
        return False


def _from_environment() -> bool | None:
    text = os.environ.get(VARIABLE, "").strip().lower()
    if not text:
        return None
    if text not in _MEANINGS:
        raise ValueError(f"{VARIABLE} is {text!r}; set it to 1 or 0, or leave it out")
    return _MEANINGS[text]
