"""What an attempt tells of itself, from the wire: its error, its usage, its steps."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import msgspec

from trialbook.services.application.json_text import check_json
from trialbook.services.domain.errors import Violation
from trialbook.services.domain.run import (
    NO_OUTPUT,
    ErrorCode,
    StepOutcome,
    TaskError,
    TraceReport,
    Usage,
)
from trialbook.services.rpc.payload import read_duration, read_json
from trialbook.services.rpc.result import ERROR_CODES
from trialbook.v1 import run_pb2 as pb
from trialbook.v1 import trace_pb2

MAX_MESSAGE = 4000
MAX_STEPS = 1000
MAX_TRACES = 100
TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
TRACE_ID_RULE = "must be 32 hex digits in lower case, not all 0"
_SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
_MAX_STACK = 16_000
_MAX_KIND = 200
_MAX_STEP_ID = 200
_MAX_STEP_ERROR = 2000
# Sums over the results of a run still fit their columns.
_MOST_TOKENS = 10**12
_MOST_DOLLARS = 10**9
_WHITE_SPACE = " \t\r\n"

_REPORTED_CODES = {
    number: code for code, number in ERROR_CODES.items() if code is not ErrorCode.WORKER_LOST
}


def check_trace(path: str, trace: trace_pb2.TraceReport | None) -> list[Violation]:
    """Return what is wrong with what is known of a trace; nothing is wrong with None."""
    if trace is None:
        return []
    found = []
    if len(trace.trace_ids) > MAX_TRACES:
        found.append(Violation(f"{path}.trace_ids", f"has more than {MAX_TRACES} trace ids"))
    for index, trace_id in enumerate(trace.trace_ids[:MAX_TRACES]):
        if not TRACE_ID.fullmatch(trace_id):
            found.append(Violation(f"{path}.trace_ids[{index}]", TRACE_ID_RULE))
    if trace.span_id and not _SPAN_ID.fullmatch(trace.span_id):
        problem = "must be 16 hex digits in lower case, not all 0, or empty"
        found.append(Violation(f"{path}.span_id", problem))
    found += [
        Violation(f"{path}.{name}", "is negative")
        for name in ("span_count", "open_spans")
        if getattr(trace, name) < 0
    ]
    return found


def read_trace(trace: trace_pb2.TraceReport | None) -> TraceReport | None:
    """Return what is known of a trace, once it is checked."""
    if trace is None:
        return None
    count = trace.span_count if trace.HasField("span_count") else None
    return TraceReport(tuple(trace.trace_ids), trace.span_id, count, trace.open_spans)


def told(text: str, limit: int) -> str:
    """Return what user code tells, as far as it can be kept: no database holds a U+0000."""
    return text[:limit].replace("\0", "\N{REPLACEMENT CHARACTER}")


def read_error(error: pb.TaskError) -> TaskError:
    """Return an attempt's error, cut to what is kept of it."""
    return TaskError(
        _REPORTED_CODES.get(error.code, ErrorCode.EXECUTION),
        told(error.message, MAX_MESSAGE),
        told(error.kind, _MAX_KIND),
        told(error.stack, _MAX_STACK),
    )


def check_usage(path: str, usage: pb.Usage | None) -> list[Violation]:
    """Return what is wrong with what an attempt used; nothing is wrong with None."""
    if usage is None:
        return []
    found = [
        Violation(f"{path}.{name}", f"must be 0 to {_MOST_TOKENS:,}")
        for name in ("input_tokens", "output_tokens")
        if not 0 <= getattr(usage, name) <= _MOST_TOKENS
    ]
    if math.isnan(usage.cost) or not 0 <= usage.cost <= _MOST_DOLLARS:
        found.append(Violation(f"{path}.cost", f"must be 0 to {_MOST_DOLLARS:,} US dollars"))
    return found


def read_usage(usage: pb.Usage | None) -> Usage | None:
    """Return what an attempt used, checked before."""
    return None if usage is None else Usage(usage.input_tokens, usage.output_tokens, usage.cost)


def check_steps(path: str, steps: Sequence[pb.StepResult]) -> list[Violation]:
    """Return what is wrong with what the steps of a workflow came to."""
    if len(steps) > MAX_STEPS:
        return [Violation(path, f"has {len(steps):,} steps; tell at most {MAX_STEPS:,}")]
    found: list[Violation] = []
    known: set[str] = set()
    for place, step in enumerate(steps):
        if not 1 <= len(step.step_id) <= _MAX_STEP_ID or "\0" in step.step_id:
            problem = f"must have 1 to {_MAX_STEP_ID} characters, and no U+0000"
            found.append(Violation(f"{path}[{place}].step_id", problem))
        elif step.step_id in known:
            problem = f"{step.step_id!r} stands there twice; give each its own id"
            found.append(Violation(f"{path}[{place}].step_id", problem))
        known.add(step.step_id)
        output = read_json(step.output)
        if output is not None:
            found += check_json(f"{path}[{place}].output", output)
    return found


def read_steps(steps: Sequence[pb.StepResult]) -> str | None:
    """Return what steps came to, checked before, as a JSON array; None without any."""
    if not steps:
        return None
    return msgspec.json.encode([_step(step) for step in steps]).decode()


def _step(step: pb.StepResult) -> StepOutcome:
    output = read_json(step.output)
    return StepOutcome(
        step.step_id,
        NO_OUTPUT if output is None else msgspec.Raw(output.strip(_WHITE_SPACE).encode()),
        told(step.error, _MAX_STEP_ERROR),
        max(0, read_duration(step.duration)) if step.HasField("duration") else None,
    )
