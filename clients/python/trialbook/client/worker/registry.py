"""What a worker hosts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trialbook.client.models.experiment import Target, TargetKind
from trialbook.client.models.outcome import Outcome, scorer_outcome, target_outcome
from trialbook.client.models.scorer import SCORE_DIRECTIONS, ScoreDirection
from trialbook.client.payload import encode_field
from trialbook.client.worker.case import case_call, case_outcome
from trialbook.client.worker.plan import (
    Call,
    Function,
    Mode,
    mode_of,
    run_scorer_call,
    scorer_call,
    target_call,
    trajectory_scorer_call,
)
from trialbook.v1.experiment_pb2 import ScorerScope
from trialbook.v1.experiment_pb2 import TargetKind as WireKind
from trialbook.v1.scorer_pb2 import Scorer
from trialbook.v1.worker_pb2 import Capability, Task


@dataclass(frozen=True, slots=True)
class Executable:
    """A function that is hosted, bound to how it is called and how its answer is written."""

    span_name: str
    mode: Mode
    call: Call
    outcome: Callable[[object], Outcome]


class Registry:
    """The functions of a worker by what tasks call them."""

    def __init__(self) -> None:
        self._targets: dict[tuple[int, str, str], Executable] = {}
        self._latest: dict[tuple[int, str], Executable] = {}
        self._scorers: dict[str, Executable] = {}
        self.capabilities: list[Capability] = []

    def add_target(self, target: Target, function: Function, *, inline: bool) -> None:
        """Host a function as a target. ValueError if that revision is hosted already."""
        executable = Executable(
            f"trialbook.target {target.name}",
            mode_of(function, inline=inline),
            target_call(function),
            target_outcome,
        )
        self._add_target(target, executable)

    def add_scorer(
        self,
        scorer: Scorer,
        function: Function,
        *,
        inline: bool,
        needs_expected: bool,
        revision: str,
    ) -> None:
        """Host a function as a scorer, and at that revision as a target.

        ValueError if that scorer is hosted already.
        """
        judges_trajectories = scorer.scope == ScorerScope.SCORER_SCOPE_TRAJECTORY
        bind = trajectory_scorer_call if judges_trajectories else scorer_call
        call = bind(function, needs_expected=needs_expected)
        mode = mode_of(function, inline=inline)
        if mode is Mode.COROUTINE and (needs_expected or judges_trajectories):
            call = _awaitable(call)
        name = scorer.scorer_id
        self._add_scorer(scorer, Executable(f"trialbook.scorer {name}", mode, call, scorer_outcome))
        judged = Executable(f"trialbook.target {name}", mode, case_call(call), case_outcome)
        self._add_target(Target(name, revision, TargetKind.SCORER), judged)

    def add_run_scorer(self, scorer: Scorer, function: Function) -> None:
        """Host a function as a scorer of runs. ValueError if that scorer is hosted already."""
        mode = mode_of(function, inline=False)
        call = run_scorer_call(function)
        self._add_scorer(
            scorer, Executable(f"trialbook.scorer {scorer.scorer_id}", mode, call, scorer_outcome)
        )

    def _add_target(self, target: Target, executable: Executable) -> None:
        capability = Capability(target=target.to_message())
        kind = capability.target.kind
        key = (kind, target.name, target.revision)
        if key in self._targets:
            raise ValueError(f"target {target.name} at revision {target.revision} is hosted twice")
        self._targets[key] = self._latest[kind, target.name] = executable
        self.capabilities.append(capability)

    def _add_scorer(self, scorer: Scorer, executable: Executable) -> None:
        if scorer.scorer_id in self._scorers:
            raise ValueError(f"scorer {scorer.scorer_id} is hosted twice")
        self._scorers[scorer.scorer_id] = executable
        self.capabilities.append(Capability(scorer=scorer))

    def find(self, task: Task) -> Executable | None:
        """Return what a task calls; None if it is not hosted here."""
        if task.HasField("target"):
            target = task.target.target
            kind = target.kind or WireKind.TARGET_KIND_AGENT
            if not target.revision:  # a run that waited for its worker may take any
                return self._latest.get((kind, target.name))
            return self._targets.get((kind, target.name, target.revision))
        return self._scorers.get(task.scorer.scorer)


def scorer_message(
    name: str,
    function: Function,
    *,
    version: int,
    description: str | None,
    direction: ScoreDirection | str,
    minimum: float | None,
    maximum: float | None,
    params_schema: Mapping[str, object] | None,
    needs_expected: bool,
    scope: ScorerScope = ScorerScope.SCORER_SCOPE_ITEM,
) -> Scorer:
    """Return a scorer's declaration; the description defaults to the docstring's first line."""
    if description is None:
        description = (inspect.getdoc(function) or "").partition("\n")[0]
    message = Scorer(
        scorer_id=name,
        version=version,
        description=description,
        direction=SCORE_DIRECTIONS.wire_name(ScoreDirection(direction)),
        minimum=minimum,
        maximum=maximum,
        needs_expected=needs_expected,
        scope=scope,
    )
    if params_schema is not None:
        message.params_schema.json = encode_field(params_schema, f"scorer {name}: params_schema")
    return message


def _awaitable(call: Call) -> Call:
    """Make a call that may answer by itself one that is always awaited."""

    async def awaited(task: Task) -> object:
        answer = call(task)
        return await answer if inspect.isawaitable(answer) else answer

    return awaited
