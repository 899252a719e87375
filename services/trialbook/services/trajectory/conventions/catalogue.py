"""All conventions, in the order in which they are asked."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.agent_framework import AGENT_FRAMEWORK
from trialbook.services.trajectory.conventions.autogen import AUTOGEN
from trialbook.services.trajectory.conventions.google_adk import GOOGLE_ADK
from trialbook.services.trajectory.conventions.langsmith import LANGSMITH
from trialbook.services.trajectory.conventions.mastra import MASTRA
from trialbook.services.trajectory.conventions.model_context_protocol import MODEL_CONTEXT_PROTOCOL
from trialbook.services.trajectory.conventions.openinference import OPENINFERENCE
from trialbook.services.trajectory.conventions.openllmetry import (
    OPENLLMETRY,
    OPENLLMETRY_WORKFLOWS,
)
from trialbook.services.trajectory.conventions.opentelemetry_genai import OPENTELEMETRY_GENAI
from trialbook.services.trajectory.conventions.own import OWN
from trialbook.services.trajectory.conventions.pydantic_ai import PYDANTIC_AI
from trialbook.services.trajectory.conventions.rule import Convention
from trialbook.services.trajectory.conventions.strands import STRANDS
from trialbook.services.trajectory.conventions.unnamed import UNNAMED
from trialbook.services.trajectory.conventions.vercel_ai_sdk import VERCEL_AI_SDK

FOR_RULES: tuple[Convention, ...] = (
    OWN,
    MASTRA,
    GOOGLE_ADK,
    MODEL_CONTEXT_PROTOCOL,
    OPENLLMETRY_WORKFLOWS,
    LANGSMITH,
    OPENTELEMETRY_GENAI,
    OPENINFERENCE,
    OPENLLMETRY,
    VERCEL_AI_SDK,
    AGENT_FRAMEWORK,
    UNNAMED,
)
"""The first rule that fits says what a span is: the more particular a convention, the earlier."""

FOR_FIELDS: tuple[Convention, ...] = (
    OWN,
    OPENTELEMETRY_GENAI,
    PYDANTIC_AI,
    VERCEL_AI_SDK,
    GOOGLE_ADK,
    MASTRA,
    MODEL_CONTEXT_PROTOCOL,
    OPENLLMETRY,
    OPENINFERENCE,
    LANGSMITH,
    STRANDS,
    AUTOGEN,
    AGENT_FRAMEWORK,
)
"""The first attribute that is there counts: what is meant for the purpose comes first."""
