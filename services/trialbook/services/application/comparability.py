"""What is the same in two runs, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trialbook.services.application.compared_run import LoadedRun
from trialbook.services.application.comparison_terms import ComparisonTerms
from trialbook.services.application.item_match import ItemMatches
from trialbook.services.application.views import RunView
from trialbook.services.domain.canonical import canonical_json
from trialbook.services.domain.experiment import ScorerSpec


@dataclass(frozen=True, slots=True)
class ScorerMismatch:
    """A scorer that is not the same in two runs, and in what."""

    scorer: str
    explanation: str
    compared: bool


@dataclass(frozen=True, slots=True)
class Comparability:
    """What stands against a comparison.

    Changed and removed items are ordinals in the baseline's dataset, added ones in the run's.
    """

    identical: bool
    matches: ItemMatches
    scorer_mismatches: tuple[ScorerMismatch, ...]
    warnings: tuple[str, ...]
    compared_items: int
    scorers: tuple[str, ...]
    """The aliases of the scorers that are compared, in the baseline's order."""


def comparability(
    baseline: LoadedRun, candidate: LoadedRun, matches: ItemMatches, terms: ComparisonTerms
) -> Comparability:
    """Say what is the same in two runs, and what is left out because it is not."""
    mismatches = tuple(_scorer_mismatches(baseline, candidate, terms))
    left_out = {mismatch.scorer for mismatch in mismatches if not mismatch.compared}
    both = [
        alias
        for alias in baseline.places
        if alias in candidate.places and alias in (terms.scorers or candidate.places)
    ]
    changed = int(matches.changed.sum())
    matters = [
        *_item_warnings(baseline.view, candidate.view, matches, terms),
        *_setting_warnings(baseline.view, candidate.view),
    ]
    return Comparability(
        identical=not matters and not mismatches,
        matches=matches,
        scorer_mismatches=mismatches,
        warnings=(
            *matters,
            *_scorer_warnings(mismatches),
            *_run_warnings(baseline.view, candidate.view, terms),
        ),
        compared_items=len(matches.baseline) - (0 if terms.include_changed_items else changed),
        scorers=tuple(alias for alias in both if alias not in left_out),
    )


def _scorer_mismatches(
    baseline: LoadedRun, candidate: LoadedRun, terms: ComparisonTerms
) -> Iterator[ScorerMismatch]:
    aliases = dict.fromkeys((*baseline.places, *candidate.places))
    for alias in aliases:
        if terms.scorers and alias not in terms.scorers:
            continue
        if alias not in candidate.places:
            yield ScorerMismatch(alias, "only the baseline has it", compared=False)
        elif alias not in baseline.places:
            yield ScorerMismatch(alias, "only the run has it", compared=False)
        else:
            before = baseline.view.scorers[baseline.places[alias]]
            after = candidate.view.scorers[candidate.places[alias]]
            if differs := scorer_differences(before, after):
                explanation = "; ".join(differs)
                yield ScorerMismatch(alias, explanation, compared=terms.include_changed_scorers)


def scorer_differences(before: ScorerSpec, after: ScorerSpec) -> list[str]:
    """Say in what two scorers of one alias differ; nothing if they are the same."""
    if (before.scorer, before.by_caller) != (after.scorer, after.by_caller):
        return [f"it is {_origin(before)} in the baseline, {_origin(after)} in the run"]
    found = []
    if before.version != after.version:
        found.append(f"version {before.version} in the baseline, {after.version} in the run")
    if canonical_json(before.params or "{}") != canonical_json(after.params or "{}"):
        found.append("its parameters differ")
    if (before.scope, before.step_id) != (after.scope, after.step_id):
        found.append(f"it judges {_judged(before)} in the baseline, {_judged(after)} in the run")
    for part in ("output_pointer", "expected_pointer"):
        old, new = getattr(before, part), getattr(after, part)
        if old != new:
            found.append(f"{part} is {old!r} in the baseline, {new!r} in the run")
    if before.per_item != after.per_item:
        found.append("only one of the runs asks it by item")
    return found


def _origin(spec: ScorerSpec) -> str:
    return f"{spec.scorer!r} of the caller" if spec.by_caller else repr(spec.scorer)


def _judged(spec: ScorerSpec) -> str:
    return f"the step {spec.step_id!r}" if spec.step_id else f"the {spec.scope}"


def _scorer_warnings(mismatches: tuple[ScorerMismatch, ...]) -> Iterator[str]:
    for mismatch in mismatches:
        done = "compared all the same" if mismatch.compared else "not compared"
        yield f"The scorer {mismatch.scorer} is {done}: {mismatch.explanation}."


def _item_warnings(
    baseline: RunView, candidate: RunView, matches: ItemMatches, terms: ComparisonTerms
) -> Iterator[str]:
    versions = baseline.dataset_version, candidate.dataset_version
    if baseline.dataset_number != candidate.dataset_number:
        yield (
            f"The runs are over different datasets, {baseline.dataset_id} and "
            f"{candidate.dataset_id}; items are matched by id and content."
        )
    elif versions[0] != versions[1]:
        yield (
            f"The baseline is over version {versions[0]} of the dataset, the run over version "
            f"{versions[1]}."
        )
    if changed := int(matches.changed.sum()):
        done = "compared all the same" if terms.include_changed_items else "left out"
        yield f"{_count(changed, 'item')} with other content {_are(changed)} {done}."
    if count := len(matches.added):
        yield f"{_count(count, 'item')} that only the run has {_are(count)} left out."
    if count := len(matches.removed):
        yield f"{_count(count, 'item')} that only the baseline has {_are(count)} left out."
    if not len(matches.baseline):
        yield "The runs have no item in common, so there is nothing to compare."


def _setting_warnings(baseline: RunView, candidate: RunView) -> Iterator[str]:
    for name, words in (("target_options", "options for the target"), ("context", "context")):
        texts = (getattr(view.pins, name) or "{}" for view in (baseline, candidate))
        if len({canonical_json(text) for text in texts}) > 1:
            yield f"The {words} that the runs have differ."
    for name, words in (
        ("trials", "trials of each item"),
        ("attempt_timeout", "time for an attempt, in microseconds,"),
        ("max_retries", "retries"),
    ):
        old, new = getattr(baseline.settings, name), getattr(candidate.settings, name)
        if old != new:
            yield f"The {words} are {old:,} in the baseline, {new:,} in the run."


def _run_warnings(baseline: RunView, candidate: RunView, terms: ComparisonTerms) -> Iterator[str]:
    before, after = baseline.target, candidate.target
    if (before.kind, before.name) != (after.kind, after.name):
        yield (
            f"The target is the {before.kind} {before.name!r} in the baseline, the {after.kind} "
            f"{after.name!r} in the run."
        )
    for view, words in ((baseline, "baseline"), (candidate, "run")):
        if not view.status.ended:
            yield f"The {words} has not ended, so the figures will change."
        if view.failed:
            yield f"{_count(view.failed, 'result')} of the {words} failed, and {_has(view.failed)}."
        if view.skipped:
            were = "was" if view.skipped == 1 else "were"
            yield f"{_count(view.skipped, 'result')} of the {words} {were} skipped."
    if terms.cluster_by:
        yield "McNemar's test takes items as independent, also within a cluster."


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _has(count: int) -> str:
    return "has no scores" if count == 1 else "have no scores"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
