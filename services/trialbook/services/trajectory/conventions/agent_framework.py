"""Microsoft's Agent Framework: workflows of executors."""

from __future__ import annotations

from trialbook.services.trajectory.conventions.rule import Convention, Rule
from trialbook.services.trajectory.step import StepType

AGENT_FRAMEWORK = Convention(
    "agent_framework",
    rules=(
        Rule(
            "agent_framework.executor",
            "executor.id",
            StepType.WORKFLOW_STEP,
            span_name="executor.process",
            names=("executor.id",),
        ),
        Rule(
            "agent_framework.workflow",
            "workflow.id",
            StepType.WORKFLOW_RUN,
            span_name="workflow.run",
            names=("workflow.name", "workflow_builder.name", "workflow.id"),
            attributes=(("workflow_id", ("workflow.id",)),),
        ),
    ),
    scopes={"agent_framework": True},
)
