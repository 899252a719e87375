"""Trajectories as plain records: their steps one after the other, as the contract has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trialbook.client import (
    FoundTrajectory,
    StepDifference,
    Trajectory,
    TrajectoryDiff,
    TrajectoryStep,
)
from trialbook.services.cli.records import record_of


def trajectory_record(found: FoundTrajectory) -> dict[str, Any]:
    """Return what a target did, and what is known of its trace."""
    return {
        "trajectory": None if found.trajectory is None else _record(found.trajectory),
        "state": record_of(found.state),
        "why_missing": found.why_missing,
        "links": [record_of(link) for link in found.links],
    }


def step_record(step: TrajectoryStep) -> dict[str, Any]:
    """Return a step without those below it, which would nest as deep as a trace may."""
    record = record_of(replace(step, children=()))
    del record["children"]
    return record


def diff_record(diff: TrajectoryDiff) -> dict[str, Any]:
    """Return what was expected beside what was done."""
    return {
        "differences": [difference_record(difference) for difference in diff.differences],
        "trajectory": _record(diff.trajectory),
        "precision": diff.precision,
        "recall": diff.recall,
        "links": [record_of(link) for link in diff.links],
    }


def difference_record(difference: StepDifference) -> dict[str, Any]:
    """Return one line of a comparison; the step that was done as its place in the trajectory."""
    place = None if difference.step is None else difference.step.place
    name = None if difference.step is None else difference.step.name
    return {**record_of(replace(difference, step=None)), "step": place, "name": name}


def _record(trajectory: Trajectory) -> dict[str, Any]:
    return {
        "steps": [step_record(step) for step in trajectory.walk()],
        "source": trajectory.source,
        "evidence": record_of(trajectory.evidence),
        "duration": trajectory.duration,
        "normalizer_version": trajectory.normalizer_version,
    }
