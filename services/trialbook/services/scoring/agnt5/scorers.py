"""All of AGNT5's scorers of traces that are here."""

from __future__ import annotations

from trialbook.services.scoring.agnt5.plan_adherence import PLAN_ADHERENCE
from trialbook.services.scoring.agnt5.plan_quality import PLAN_QUALITY
from trialbook.services.scoring.agnt5.state_equals import STATE_EQUALS
from trialbook.services.scoring.agnt5.step_efficiency import STEP_EFFICIENCY
from trialbook.services.scoring.agnt5.tool_params_match import TOOL_PARAMS_MATCH
from trialbook.services.scoring.agnt5.tool_sequence import (
    TOOL_SEQUENCE,
    TOOL_SEQUENCE_ANY_ORDER,
    TOOL_SEQUENCE_EXACT,
    TOOL_SEQUENCE_IN_ORDER,
    TOOL_TRAJECTORY,
)
from trialbook.services.scoring.agnt5.trace_assertions import TRACE_ASSERTIONS
from trialbook.services.scoring.agnt5.trace_errors import NO_ERRORS, TOOL_FAILURE_RECOVERED
from trialbook.services.scoring.agnt5.trace_limits import (
    DURATION_UNDER,
    MAX_LLM_CALLS,
    MAX_TOKENS,
    MAX_TOOL_CALLS,
)
from trialbook.services.scoring.description import BuiltInTrajectoryScorer

AGNT5_SCORERS: tuple[BuiltInTrajectoryScorer, ...] = (
    DURATION_UNDER,
    MAX_LLM_CALLS,
    MAX_TOKENS,
    MAX_TOOL_CALLS,
    NO_ERRORS,
    PLAN_ADHERENCE,
    PLAN_QUALITY,
    STATE_EQUALS,
    STEP_EFFICIENCY,
    TOOL_FAILURE_RECOVERED,
    TOOL_PARAMS_MATCH,
    TOOL_SEQUENCE,
    TOOL_SEQUENCE_ANY_ORDER,
    TOOL_SEQUENCE_EXACT,
    TOOL_SEQUENCE_IN_ORDER,
    TOOL_TRAJECTORY,
    TRACE_ASSERTIONS,
)
"""tool_called and tool_not_called are among our own scorers, which do what AGNT5's do."""
