"""AutoGen: agents and tools by OpenTelemetry's rules; models and messages leave no steps."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention

AUTOGEN = Convention("autogen", scopes={"autogen": True})
