"""The scorers of trajectories that are our own."""

from __future__ import annotations

from trialbook.services.scoring.description import BuiltInTrajectoryScorer
from trialbook.services.scoring.trajectory.allowed_tools import ALLOWED_TOOLS
from trialbook.services.scoring.trajectory.expected_trajectory import EXPECTED_TRAJECTORY
from trialbook.services.scoring.trajectory.forbidden_sequences import FORBIDDEN_SEQUENCES
from trialbook.services.scoring.trajectory.order_constraints import ORDER_CONSTRAINTS
from trialbook.services.scoring.trajectory.redundant_calls import REDUNDANT_CALLS
from trialbook.services.scoring.trajectory.subtree import SUBTREE
from trialbook.services.scoring.trajectory.tool_called import TOOL_CALLED, TOOL_NOT_CALLED
from trialbook.services.scoring.trajectory.tool_failures import TOOL_FAILURES
from trialbook.services.scoring.trajectory.trajectory_alignment import TRAJECTORY_ALIGNMENT
from trialbook.services.scoring.trajectory.trajectory_budget import TRAJECTORY_BUDGET
from trialbook.services.scoring.trajectory.trajectory_efficiency import TRAJECTORY_EFFICIENCY
from trialbook.services.scoring.trajectory.trajectory_match import TRAJECTORY_MATCH

TRAJECTORY_SCORERS: tuple[BuiltInTrajectoryScorer, ...] = (
    ALLOWED_TOOLS,
    EXPECTED_TRAJECTORY,
    FORBIDDEN_SEQUENCES,
    ORDER_CONSTRAINTS,
    REDUNDANT_CALLS,
    SUBTREE,
    TOOL_CALLED,
    TOOL_FAILURES,
    TOOL_NOT_CALLED,
    TRAJECTORY_ALIGNMENT,
    TRAJECTORY_BUDGET,
    TRAJECTORY_EFFICIENCY,
    TRAJECTORY_MATCH,
)
