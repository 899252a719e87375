"""Filters of results from the wire."""

from __future__ import annotations

from trialbook.services.application.result_filter import ResultFilter
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.run import ResultStatus
from trialbook.services.rpc.result import STATUSES
from trialbook.v1 import review_service_pb2 as rpc
from trialbook.v1 import run_pb2 as pb

MOST_NAMED = 10_000

_STATUSES_BY_NUMBER = {number: status for status, number in STATUSES.items()}
_LARGEST_NUMBER = 2**62


def read_filter(path: str, wanted: rpc.ResultFilter) -> ResultFilter:
    """Return which results a request means. Raises Invalid.

    Whether the run has the scorer is for `check_filter` to say.
    """
    violations = [
        Violation(f"{path}.{name}", f"has {len(values):,}; name at most {MOST_NAMED:,}")
        for name, values in (("numbers", wanted.numbers), ("item_ids", wanted.item_ids))
        if len(values) > MOST_NAMED
    ]
    violations += [
        Violation(f"{path}.numbers[{place}]", f"{number} is not a number from 1")
        for place, number in enumerate(wanted.numbers[:MOST_NAMED])
        if not 1 <= number <= _LARGEST_NUMBER
    ]
    violations += [
        Violation(f"{path}.item_ids[{place}]", "has the character U+0000, which no text may have")
        for place, text in enumerate(wanted.item_ids[:MOST_NAMED])
        if "\x00" in text
    ]
    if wanted.scorer and not wanted.failing:
        violations.append(Violation(f"{path}.scorer", "says nothing without failing; set that too"))
    if violations:
        raise Invalid(violations)
    return ResultFilter(
        tuple(sorted(set(wanted.numbers))),
        read_status(f"{path}.status", wanted.status),
        wanted.failing,
        wanted.scorer,
        tuple(sorted(set(wanted.item_ids))),
    )


def read_status(path: str, number: int) -> ResultStatus | None:
    """Return a status; None if it is not specified. Raises Invalid for an unknown one."""
    if number == pb.RESULT_STATUS_UNSPECIFIED:
        return None
    for known, status in _STATUSES_BY_NUMBER.items():
        if known == number:
            return status
    raise Invalid.field(path, f"{number} is no result status of this version")
