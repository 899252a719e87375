"""Strands: content is in span events, of the old kind or of the latest."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Fields

_DETAILS = "gen_ai.client.inference.operation.details"

STRANDS = Convention(
    "strands",
    fields=Fields(
        args_events=(
            ("gen_ai.tool.message", "content"),
            (_DETAILS, "gen_ai.input.messages"),
        ),
        output_events=(
            ("gen_ai.choice", "message"),
            (_DETAILS, "gen_ai.output.messages"),
        ),
    ),
    scopes={"strands": True},
)
