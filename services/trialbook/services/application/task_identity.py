"""Names of tasks and attempts that follow from the run alone, whoever computes them."""

from __future__ import annotations

import hashlib

from trialbook.services.application.work import TARGET, TaskKey

_LONGEST_NUMBER = 18


def write_task_id(uid: str, key: TaskKey) -> str:
    """Return a task's id, which is the same for every attempt at it."""
    return f"{uid}/{key.number}" if key.scorer == TARGET else f"{uid}/{key.number}/{key.scorer}"


def read_task_id(task_id: str) -> tuple[str, TaskKey] | None:
    """Return a task's run uid and key; None if this is no task id."""
    uid, slash, rest = task_id.partition("/")
    number, _, scorer = rest.partition("/")
    if not (slash and _is_number(number)):
        return None
    if "/" not in rest:
        return uid, TaskKey(int(number), TARGET)
    return (uid, TaskKey(int(number), int(scorer))) if _is_number(scorer) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def trace_id(task_id: str, attempt: int, run_round: int = 0) -> str:
    """Return the W3C trace id of an attempt, 32 hex digits. `run_round` is that of the run."""
    return _digest(task_id, attempt, run_round)[:32]


def traceparent(task_id: str, attempt: int, run_round: int = 0) -> str:
    """Return the W3C traceparent under which an attempt runs, sampled."""
    digest = _digest(task_id, attempt, run_round)
    return f"00-{digest[:32]}-{digest[32:]}-01"


def _digest(task_id: str, attempt: int, run_round: int) -> str:
    attempted = f"{task_id}#{run_round}.{attempt}" if run_round else f"{task_id}#{attempt}"
    return hashlib.blake2b(attempted.encode(), digest_size=24).hexdigest()
