"""Traces and metrics as the environment asks for them."""

from __future__ import annotations

import os

from trialbook.services.telemetry.environment import wanted
from trialbook.services.telemetry.telemetry import Telemetry


def from_environment() -> Telemetry:
    """Return what OTEL_* asks for. Traces and metrics go there until it is stopped."""
    asked = wanted(os.environ)
    if not asked:
        return Telemetry()
    # Late: the SDK takes long to import, and hardly anyone wants it.
    from trialbook.services.telemetry.exported import Exported  # noqa: PLC0415

    return Exported(asked)
