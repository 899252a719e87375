"""How an attempt's trace and that of its run know of each other."""

from __future__ import annotations

from typing import Final

from opentelemetry.context import create_key

ATTEMPT_KEY: Final = create_key("trialbook-attempt")
"""In an OpenTelemetry context: the AttemptSpans that a span belongs to, or `NOBODY`."""
NOBODY: Final = "nobody"
"""Stands for spans that are not the service's business, such as those of scorers."""
RELATION: Final = "trialbook.relation"
RUN_LINK: Final = {RELATION: "run"}
"""The attributes of the link from an attempt's span to the run's trace."""
ATTEMPT_LINK: Final = {RELATION: "attempt"}
"""The attributes of the link back."""
