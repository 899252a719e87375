"""The call of RunService that asks a gate about a run."""

from __future__ import annotations

from trialbook.client.models.gate import Gate, GateVerdict
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.operation import LONG_TIMEOUT, Operation
from trialbook.v1 import run_service_pb2 as service


def evaluate_gate(
    project: str,
    run: Reference,
    gate: Gate | None,
    *,
    baseline: Reference | None,
    dry_run: bool,
    request_id: str | None,
) -> Operation[service.EvaluateGateResponse, GateVerdict]:
    """Ask a gate about a run that has ended."""
    return Operation(
        "RunService/EvaluateGate",
        service.EvaluateGateRequest(
            name=resource_name(project, "runs", run),
            gate=None if gate is None else gate.to_message(),
            baseline="" if baseline is None else resource_name(project, "runs", baseline),
            dry_run=dry_run,
            request_id=request_id or new_request_id(),
        ),
        service.EvaluateGateResponse,
        lambda answer: GateVerdict.from_message(answer.verdict),
        timeout=LONG_TIMEOUT,
    )
