"""What is the same in two runs, and what is not."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.v1 import comparison_pb2


@dataclass(frozen=True, slots=True)
class ScorerMismatch:
    """A scorer that is not the same in two runs: in what, and whether it was compared anyway."""

    scorer: str
    explanation: str
    compared: bool


@dataclass(frozen=True, slots=True)
class Comparability:
    """What is the same in a run and its baseline, and what is not.

    Items are matched by id; changed ones have other content, added ones only the run has, removed
    ones only the baseline. `warnings` are sentences: what differs, and what was left out because of
    it. Ids are named up to `most_items`; counts are complete.
    """

    identical: bool
    matched_items: int
    changed_items: int
    added_items: int
    removed_items: int
    changed_item_ids: tuple[str, ...]
    added_item_ids: tuple[str, ...]
    removed_item_ids: tuple[str, ...]
    scorer_mismatches: tuple[ScorerMismatch, ...]
    warnings: tuple[str, ...]
    compared_items: int

    @classmethod
    def from_message(cls, message: comparison_pb2.Comparability) -> Comparability:
        """Read it from the contract's message."""
        return cls(
            identical=message.identical,
            matched_items=message.matched_items,
            changed_items=message.changed_items,
            added_items=message.added_items,
            removed_items=message.removed_items,
            changed_item_ids=tuple(message.changed_item_ids),
            added_item_ids=tuple(message.added_item_ids),
            removed_item_ids=tuple(message.removed_item_ids),
            scorer_mismatches=tuple(
                ScorerMismatch(mismatch.scorer, mismatch.explanation, mismatch.compared)
                for mismatch in message.scorer_mismatches
            ),
            warnings=tuple(message.warnings),
            compared_items=message.compared_items,
        )
