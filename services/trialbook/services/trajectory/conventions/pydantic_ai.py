"""Pydantic AI's formats: 1 to 2 have keys of their own, from 3 on it follows OpenTelemetry."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Fields, Messages

PYDANTIC_AI = Convention(
    "pydantic_ai",
    fields=Fields(
        args=("tool_arguments",),
        output=("tool_response",),
        step_output=("final_result",),
    ),
    messages=Messages(
        output=("events",),
        output_tools=(("model_request_parameters", "output_tools"),),
    ),
    scopes={"pydantic-ai": True},
)
