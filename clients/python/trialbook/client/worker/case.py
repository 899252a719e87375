"""Scorers as targets: an item's input is the case to be judged, the judgement is the output."""

from __future__ import annotations

from typing import Final

import msgspec

from trialbook.client.models.outcome import FinalError, Outcome, scorer_outcome, target_outcome
from trialbook.client.worker.plan import Call
from trialbook.v1.payload_pb2 import Payload
from trialbook.v1.score_pb2 import ScoreStatus
from trialbook.v1.worker_pb2 import ScorerTask, Task

PARTS: Final = (
    "output",
    "expected",
    "input",
    "context",
    "metadata",
    "trajectory",
    "expected_trajectory",
)
_cases: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def case_call(call: Call) -> Call:
    """Return a scorer's call that takes tasks of a target."""
    return lambda task: call(_scorer_task(task))


def case_outcome(value: object) -> Outcome:
    """Return what a scorer said as a target's output."""
    said = scorer_outcome(value)
    status = ScoreStatus.Name(said.status).removeprefix("SCORE_STATUS_").lower()
    return target_outcome(
        {
            "status": status,
            "value": said.value if said.HasField("value") else None,
            "passed": said.passed if said.HasField("passed") else None,
            "label": said.label,
            "reason": said.reason,
        }
    )


def _scorer_task(task: Task) -> Task:
    target = task.target
    work = ScorerTask(
        scorer=target.target.name,
        item_id=target.item_id,
        trial=target.trial,
        params=target.options if target.options.json else None,
        context=target.context if target.context.json else None,
    )
    for name, part in _parts(target.input.json).items():
        payload: Payload = getattr(work, name)
        payload.json = bytes(part).decode()
    return Task(
        task_id=task.task_id,
        run=task.run,
        attempt=task.attempt,
        traceparent=task.traceparent,
        scorer=work,
    )


def _parts(given: str) -> dict[str, msgspec.Raw]:
    try:
        case = _cases.decode(given)
    except msgspec.MsgspecError:
        case = {}
    if "output" not in case and "trajectory" not in case:
        raise FinalError(
            "The item's input is no case that a scorer can judge. Give it an object with `output` "
            "or `trajectory` and, where it is wanted, `expected`."
        )
    return {name: case[name] for name in PARTS if name in case}
