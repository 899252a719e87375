"""All of Mastra's scorers of trajectories that are here."""

from __future__ import annotations

from trialbook.services.scoring.description import BuiltInTrajectoryScorer
from trialbook.services.scoring.mastra.code_trajectory_accuracy_scorer import (
    CODE_TRAJECTORY_ACCURACY_SCORER,
)
from trialbook.services.scoring.mastra.code_trajectory_scorer import CODE_TRAJECTORY_SCORER

MASTRA_SCORERS: tuple[BuiltInTrajectoryScorer, ...] = (
    CODE_TRAJECTORY_ACCURACY_SCORER,
    CODE_TRAJECTORY_SCORER,
)
