"""Runs beside a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trialbook.client import names
from trialbook.client.errors import invalid_field
from trialbook.client.models.codec import optional_number
from trialbook.client.models.comparability import Comparability
from trialbook.client.models.estimate import Difference, Estimate
from trialbook.client.models.experiment import Target
from trialbook.client.models.run import RUN_STATUSES, RunCounts, RunStatus
from trialbook.client.models.trial_summary import TrialSummary
from trialbook.v1 import comparison_pb2


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """How runs are compared.

    `scorers` are aliases; none: all that both runs have. `confidence` is that of intervals, 0.5 to
    0.999, default 0.95. Items and scorers that are not the same in both runs are told in any case,
    and compared too if `include_changed_items` or `include_changed_scorers` says so.

    `cluster_by` is a path into the items' metadata, such as `metadata.session`: items with the same
    value there belong together. `splits` means any of these, `tags` all of these. The same `seed`
    gives the same figures. Lists name at most `most_items` items, default 50.
    """

    scorers: Sequence[str] = ()
    confidence: float | None = None
    include_changed_items: bool = False
    include_changed_scorers: bool = False
    cluster_by: str = ""
    splits: Sequence[str] = ()
    tags: Sequence[str] = ()
    seed: int = 0
    most_items: int | None = None

    def to_message(self) -> comparison_pb2.ComparisonOptions:
        """Write it as the contract's message."""
        for name in ("scorers", "splits", "tags"):
            if isinstance(getattr(self, name), str):
                raise invalid_field(f"options.{name}", "give a list of strings")
        return comparison_pb2.ComparisonOptions(
            scorers=self.scorers,
            confidence=self.confidence,
            include_changed_items=self.include_changed_items,
            include_changed_scorers=self.include_changed_scorers,
            cluster_by=self.cluster_by,
            splits=self.splits,
            tags=self.tags,
            seed=self.seed,
            most_items=self.most_items,
        )

    @classmethod
    def from_message(cls, message: comparison_pb2.ComparisonOptions) -> ComparisonOptions:
        """Read it from the contract's message."""
        return cls(
            scorers=tuple(message.scorers),
            confidence=optional_number(message, "confidence"),
            include_changed_items=message.include_changed_items,
            include_changed_scorers=message.include_changed_scorers,
            cluster_by=message.cluster_by,
            splits=tuple(message.splits),
            tags=tuple(message.tags),
            seed=message.seed,
            most_items=message.most_items if message.HasField("most_items") else None,
        )


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One of the runs that are compared, by itself.

    `latency` is in seconds, `tokens` are input and output tokens of a result, `cost` is that of a
    result in US dollars. `trials` is empty for runs of one trial.
    """

    name: str
    display_name: str
    status: RunStatus
    dataset: str
    target: Target
    counts: RunCounts
    latency: Estimate
    tokens: Estimate
    cost: Estimate
    trials: tuple[TrialSummary, ...]

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @classmethod
    def from_message(cls, message: comparison_pb2.ComparedRun) -> ComparedRun:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            display_name=message.display_name,
            status=RUN_STATUSES.member(message.status),
            dataset=message.dataset,
            target=Target.from_message(message.target),
            counts=RunCounts.from_message(message.counts),
            latency=Estimate.from_message(message.latency),
            tokens=Estimate.from_message(message.tokens),
            cost=Estimate.from_message(message.cost),
            trials=tuple(map(TrialSummary.from_message, message.trials)),
        )


@dataclass(frozen=True, slots=True)
class ValueChange:
    """An item whose value has changed."""

    item_id: str
    baseline: float
    candidate: float


@dataclass(frozen=True, slots=True)
class VerdictComparison:
    """How verdicts moved; an item passes if all its trials do.

    `fixed` items pass in the run only, `broken` ones in the baseline only; their ids are named up
    to `most_items`. `p_value` is McNemar's, two-sided, None without flips, and `adjusted_p_value`
    that for the number of scorers.
    """

    both_passed: int
    both_failed: int
    fixed: int
    broken: int
    fixed_item_ids: tuple[str, ...]
    broken_item_ids: tuple[str, ...]
    p_value: float | None
    adjusted_p_value: float | None

    @classmethod
    def from_message(cls, message: comparison_pb2.VerdictComparison) -> VerdictComparison:
        """Read it from the contract's message."""
        return cls(
            both_passed=message.both_passed,
            both_failed=message.both_failed,
            fixed=message.fixed,
            broken=message.broken,
            fixed_item_ids=tuple(message.fixed_item_ids),
            broken_item_ids=tuple(message.broken_item_ids),
            p_value=optional_number(message, "p_value"),
            adjusted_p_value=optional_number(message, "adjusted_p_value"),
        )


@dataclass(frozen=True, slots=True)
class ScorerComparison:
    """What one scorer says of a run beside the baseline, over paired items.

    What is better, for `improved` and `regressed`, is said by the scorer's direction. `unpaired`
    items lack a value in one of the runs. `verdicts` is None where the scorer gives none.
    """

    scorer: str
    baseline: Estimate
    candidate: Estimate
    difference: Difference
    improved: int
    regressed: int
    unchanged: int
    unpaired: int
    verdicts: VerdictComparison | None
    regressions: tuple[ValueChange, ...]
    improvements: tuple[ValueChange, ...]

    @classmethod
    def from_message(cls, message: comparison_pb2.ScorerComparison) -> ScorerComparison:
        """Read it from the contract's message."""
        verdicts = message.verdicts if message.HasField("verdicts") else None
        return cls(
            scorer=message.scorer,
            baseline=Estimate.from_message(message.baseline),
            candidate=Estimate.from_message(message.candidate),
            difference=Difference.from_message(message.difference),
            improved=message.improved,
            regressed=message.regressed,
            unchanged=message.unchanged,
            unpaired=message.unpaired,
            verdicts=None if verdicts is None else VerdictComparison.from_message(verdicts),
            regressions=tuple(map(_change, message.regressions)),
            improvements=tuple(map(_change, message.improvements)),
        )


def _change(message: comparison_pb2.ValueChange) -> ValueChange:
    return ValueChange(message.item_id, message.baseline, message.candidate)


@dataclass(frozen=True, slots=True)
class RunComparison:
    """One run beside the baseline. `latency` is in seconds, `cost` in US dollars."""

    run: ComparedRun
    comparability: Comparability
    scorers: tuple[ScorerComparison, ...]
    latency: Difference
    tokens: Difference
    cost: Difference

    @classmethod
    def from_message(cls, message: comparison_pb2.RunComparison) -> RunComparison:
        """Read it from the contract's message."""
        return cls(
            run=ComparedRun.from_message(message.run),
            comparability=Comparability.from_message(message.comparability),
            scorers=tuple(map(ScorerComparison.from_message, message.scorers)),
            latency=Difference.from_message(message.latency),
            tokens=Difference.from_message(message.tokens),
            cost=Difference.from_message(message.cost),
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs beside a baseline, in the order of the request, with the options as applied."""

    baseline: ComparedRun
    candidates: tuple[RunComparison, ...]
    options: ComparisonOptions

    @classmethod
    def from_message(cls, message: comparison_pb2.Comparison) -> Comparison:
        """Read it from the contract's message."""
        return cls(
            baseline=ComparedRun.from_message(message.baseline),
            candidates=tuple(map(RunComparison.from_message, message.candidates)),
            options=ComparisonOptions.from_message(message.options),
        )
