"""Runs as the engine reads them."""

from __future__ import annotations

from typing import Any

from trialbook.services.application.views import RunPins, RunView, ScorerSummaryView, UsageView
from trialbook.services.domain.experiment import RunSettings, ScorerSpec, Target, TargetKind
from trialbook.services.domain.run import EndReason, RunStatus

TARGET_OF_ALL = Target(TargetKind.AGENT, "t")


def run_view(*scorers: ScorerSpec, settings: RunSettings | None = None, **changes: Any) -> RunView:
    """Return a run that was just started, but for what is given."""
    fields: dict[str, Any] = {
        "number": 1,
        "uid": "u",
        "project": "p",
        "run_id": "r",
        "experiment_id": "e",
        "experiment_version": 1,
        "dataset_number": 1,
        "dataset_id": "d",
        "dataset_version": 1,
        "display_name": "",
        "pins": RunPins(TARGET_OF_ALL, scorers, settings or RunSettings()),
        "status": RunStatus.RUNNING,
        "end_reason": EndReason.NONE,
        **dict.fromkeys(("succeeded", "failed", "skipped", "round", "created_at"), 0),
        "planned": 1,
        "finishing": False,
        "usage": UsageView(),
        "verdict": None,
        "summaries": tuple(ScorerSummaryView() for _ in scorers),
        "last_position": 1,
        "author": "",
        "ended_at": None,
    }
    return RunView(**{**fields, **changes})
