"""What a scorer says, from the wire."""

from __future__ import annotations

from collections.abc import Collection

from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.domain.errors import Violation
from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.rpc.attempt import told
from trialbook.services.rpc.payload import read_json
from trialbook.services.rpc.score_message import STATUSES
from trialbook.v1 import score_pb2 as pb

_MAX_LABEL = 200
_MAX_REASON = 2000
_LARGEST = 1e100
"""Squares of these, and sums of many of them, are still finite."""

_BY_NUMBER = {number: status for status, number in STATUSES.items()}


def check_judgement(
    path: str, score: pb.Score, allowed: Collection[ScoreStatus]
) -> list[Violation]:
    """Return what is wrong with a judgement of one of these statuses."""
    evidence = read_json(score.evidence)
    found: list[Violation] = []
    if evidence is not None:
        found += check_json(f"{path}.evidence", evidence, limit=METADATA_LIMIT)
    status = _BY_NUMBER.get(score.status)
    has_value = score.HasField("value")
    if status not in allowed:
        names = " or ".join(one.replace("_", " ") for one in allowed)
        found.append(Violation(f"{path}.status", f"must be {names}"))
    elif has_value != (status is ScoreStatus.SCORED):
        problem = "must be set if and only if the status is scored"
        found.append(Violation(f"{path}.value", problem))
    elif has_value and not -_LARGEST <= score.value <= _LARGEST:
        found.append(Violation(f"{path}.value", "must lie between -1e100 and 1e100"))
    return found


def read_judgement(score: pb.Score) -> Judgement:
    """Return a judgement, checked before."""
    return Judgement(
        _BY_NUMBER[score.status],
        score.value if score.HasField("value") else None,
        score.passed if score.HasField("passed") else None,
        told(score.label, _MAX_LABEL),
        told(score.reason, _MAX_REASON),
        read_json(score.evidence),
    )
