"""Tasks on their way to workers."""

from __future__ import annotations

from functools import lru_cache

from trialbook.services.application.item_extras import json_of, read_extras
from trialbook.services.application.json_overlay import lay_over
from trialbook.services.application.task_identity import traceparent, write_task_id
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import TARGET
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.engine.lease import LeasedTask
from trialbook.services.engine.seed import seed_of
from trialbook.services.rpc.definition import SCOPE_NUMBERS, to_target
from trialbook.services.rpc.item_message import to_tool_mock
from trialbook.services.rpc.payload import write_duration, write_json, write_time
from trialbook.v1 import dataset_pb2
from trialbook.v1 import worker_pb2 as pb
from trialbook.v1.payload_pb2 import Payload

# The tasks of an answer share these. A message is copied where it is put into another.
_target = lru_cache(maxsize=256)(to_target)
_duration = lru_cache(maxsize=256)(write_duration)
_time = lru_cache(maxsize=256)(write_time)


def to_task(task: LeasedTask) -> pb.Task:
    """Return a task for the wire."""
    row, plan = task.row, task.plan
    task_id = write_task_id(plan.uid, row.key)
    is_target = row.scorer == TARGET
    return pb.Task(
        task_id=task_id,
        lease_token=row.lease_token,
        run=plan.name,
        attempt=row.attempt,
        timeout=_duration(plan.settings.attempt_timeout),
        lease_expire_time=_time(row.expires_at or 0),
        traceparent=traceparent(task_id, row.attempt, plan.view.round),
        run_traceparent=plan.view.pins.traceparent,
        target=_to_target_task(task) if is_target else None,
        scorer=None if is_target else _to_scorer_task(task),
    )


def _to_target_task(task: LeasedTask) -> pb.TargetTask:
    plan, item, trial = task.plan, task.item, task.row.trial
    pins = plan.view.pins
    message = pb.TargetTask(
        target=_target(plan.target),
        item_id=item.item_id,
        trial=trial,
        input=Payload(json=item.input),
        context=write_json(lay_over(pins.context, item.context) or None),
        options=write_json(pins.target_options or None),
        seed=seed_of(pins.settings.seed, item.item_id, trial),
    )
    if item.extras is not None:
        _write_extras(message, pins.target_options, item)
    return message


def _write_extras(message: pb.TargetTask, options: str, item: ItemView) -> None:
    extras = read_extras(item.extras)
    own = json_of(extras.start_options)
    if own is not None:
        message.options.json = lay_over(options, own)
    message.tool_mocks.extend(map(to_tool_mock, extras.tool_mocks))
    if extras.unmocked_tools:
        message.unmocked_tools = dataset_pb2.UNMOCKED_TOOL_POLICY_DENY


def _to_scorer_task(task: LeasedTask) -> pb.ScorerTask:
    spec, matter, item = task.plan.scorers[task.row.scorer], task.matter, task.item
    is_run = spec.scope is ScorerScope.RUN
    return pb.ScorerTask(
        scorer=spec.scorer,
        params=write_json(matter.params or None),
        item_id=item.item_id,
        trial=task.row.trial,
        input=None if is_run else write_json(item.input),
        output=write_json(matter.output),
        expected=write_json(matter.expected),
        context=write_json(item.context),
        metadata=write_json(item.metadata),
        scope=SCOPE_NUMBERS[spec.scope],
        step_id=spec.step_id,
        trajectory=write_json(matter.trajectory),
        expected_trajectory=write_json(matter.expected_trajectory),
    )
