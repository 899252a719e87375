"""Asking gates about runs, on the wire."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from trialbook.services.application import clock
from trialbook.services.application import run as runs
from trialbook.services.application import verdict as application
from trialbook.services.application.gate import check_gate, require_baseline, require_gate_fits
from trialbook.services.application.ports import CommandContext, Queries, Store
from trialbook.services.application.verdict import GateCase
from trialbook.services.application.views import VerdictView
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.gate import Gate
from trialbook.services.domain.naming import parse_run
from trialbook.services.engine.engine import Engine
from trialbook.services.engine.presence import SYSTEM
from trialbook.services.rpc.caller import author, command
from trialbook.services.rpc.gate import read_gate, to_verdict
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer


@dataclass(frozen=True, slots=True)
class _Question:
    """Which run is asked, by which gate, if not by its own, and beside which baseline."""

    project: str
    run_id: str
    gate: Gate | None
    baseline: str

    @classmethod
    def of(cls, request: rpc.EvaluateGateRequest) -> _Question:
        """Read a request. Raises Invalid."""
        project, run_id = parse_run("name", request.name)
        gate = read_gate("gate", request.gate) if request.HasField("gate") else None
        violations = [] if gate is None else check_gate("gate", gate)
        for path, named in (
            ("gate.baseline", request.gate.baseline),
            ("baseline", request.baseline),
        ):
            if named == request.name:
                violations.append(Violation(path, "is the run itself; name another"))
        if violations:
            raise Invalid(violations)
        return cls(project, run_id, gate, request.baseline)

    def prepare(self, queries: Queries) -> GateCase:
        """Read what the answer rests on. Raises Invalid, NotFound, RunGoesOn, NoGate."""
        view = runs.require(queries, self.project, self.run_id)
        if self.gate is not None:
            require_gate_fits(queries, "gate", self.project, self.gate, view.scorers)
        if self.baseline:
            require_baseline(queries, "baseline", self.project, self.baseline)
        return application.prepare(queries, view, self.gate, self.baseline)


class GateEvaluationCalls(RunServiceServicer):
    """Answers the call of RunService that asks a gate."""

    _store: Store
    _engine: Engine

    async def EvaluateGate(
        self, request: rpc.EvaluateGateRequest, context: Any
    ) -> rpc.EvaluateGateResponse:
        """Ask a gate about a run that has ended."""
        question = _Question.of(request)
        caller = command(context, "EvaluateGate", request)
        if request.dry_run:
            case = await self._store.read(question.prepare)
            judged = await asyncio.to_thread(case.judge)
            view = application.told(case, judged, clock.now(), author(context))
        else:
            view = await self._store.recall(caller, VerdictView) or await self._give(
                question, caller
            )
        return rpc.EvaluateGateResponse(verdict=to_verdict(view))

    async def _give(self, question: _Question, caller: CommandContext) -> VerdictView:
        run = await self._store.read(
            lambda queries: runs.require(queries, question.project, question.run_id)
        )
        if run.verdict_due:
            # The run's own gate comes first: after another one it would not be asked any more.
            await application.give_due(self._store, SYSTEM, run.number)
        try:
            return await application.give(self._store, caller, question.prepare)
        finally:
            self._engine.runs.notify(run.number)
