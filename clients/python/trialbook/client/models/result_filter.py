"""Some of a run's results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trialbook.client.errors import invalid_field
from trialbook.client.models.result import RESULT_STATUSES, ResultStatus
from trialbook.v1 import review_service_pb2


@dataclass(frozen=True, slots=True)
class ResultFilter:
    """Some of a run's results: those for which every part that is given holds.

    `failing` results failed, or a scorer says that they do not pass; with `scorer`, only that one
    is asked. `numbers` and `item_ids` have at most 10,000 members.
    """

    numbers: Sequence[int] = ()
    status: ResultStatus | str | None = None
    failing: bool = False
    scorer: str = ""
    item_ids: Sequence[str] = ()

    def to_message(self) -> review_service_pb2.ResultFilter:
        """Write it as the contract's message."""
        if isinstance(self.item_ids, str):
            raise invalid_field("filter.item_ids", "give a list of strings")
        status = ResultStatus(self.status or ResultStatus.UNSPECIFIED)
        return review_service_pb2.ResultFilter(
            numbers=self.numbers,
            status=RESULT_STATUSES.wire_name(status),
            failing=self.failing,
            scorer=self.scorer,
            item_ids=self.item_ids,
        )
