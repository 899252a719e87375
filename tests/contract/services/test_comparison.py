"""Runs beside a baseline. Their callers drive them, so that every score is as a test says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.service import (
    PROJECT,
    Service,
    ended,
    hosts_scorer,
    invalid,
    item,
    items,
    json,
    new_dataset,
    new_experiment,
    new_worker,
    refusal,
    scorer,
    seconds,
    summary,
)
from trialbook.v1 import (
    comparison_pb2,
    dataset_pb2,
    dataset_service_pb2,
    experiment_pb2,
    run_pb2,
    run_service_pb2,
    score_pb2,
    scorer_pb2,
)

QUALITY = experiment_pb2.ScorerSpec(scorer="quality", by_caller=True)


def result(item_id: str, trial: int = 1, **more: Any) -> run_service_pb2.SubmittedResult:
    return run_service_pb2.SubmittedResult(item_id=item_id, trial=trial, output=json("1"), **more)


def scored(
    item_id: str, value: float, trial: int = 1, *, alias: str = "quality", **more: Any
) -> run_service_pb2.SubmittedResult:
    score = score_pb2.Score(
        scorer=alias, status=score_pb2.SCORE_STATUS_SCORED, value=value, passed=value >= 0.5
    )
    return result(item_id, trial, scores=[score], **more)


async def new_run(
    service: Service, dataset: str, scorers: list[experiment_pb2.ScorerSpec], **more: Any
) -> str:
    """Start a run that its caller drives; keywords are the request's."""
    experiment = await new_experiment(service, dataset)
    started = await service.runs.StartRun(
        run_service_pb2.StartRunRequest(
            parent=PROJECT,
            experiment=experiment.name,
            caller_driven=True,
            scorers=run_service_pb2.ScorerList(scorers=scorers),
            **more,
        )
    )
    return started.run.name


async def submit(
    service: Service, run: str, *results: run_service_pb2.SubmittedResult, finish: bool = True
) -> str:
    await service.runs.SubmitResults(
        run_service_pb2.SubmitResultsRequest(parent=run, results=results)
    )
    if finish:
        await service.runs.FinishRun(run_service_pb2.FinishRunRequest(name=run))
        await ended(service, run)
    return run


async def judged(service: Service, dataset: str, values: Mapping[str, float], **more: Any) -> str:
    """Return a run whose results have these values, by item; 0.5 and more pass."""
    run = await new_run(service, dataset, [QUALITY], **more)
    return await submit(service, run, *(scored(name, value) for name, value in values.items()))


async def compare(
    service: Service, baseline: str, *candidates: str, **options: Any
) -> comparison_pb2.Comparison:
    answer = await service.runs.CompareRuns(
        run_service_pb2.CompareRunsRequest(
            baseline=baseline,
            candidates=candidates,
            options=comparison_pb2.ComparisonOptions(**options),
        )
    )
    return answer.comparison


async def compare_one(
    service: Service, baseline: str, candidate: str, **options: Any
) -> comparison_pb2.RunComparison:
    (found,) = (await compare(service, baseline, candidate, **options)).candidates
    return found


def names(item_ids: Iterable[str]) -> list[str]:
    return list(item_ids)


async def change(service: Service, dataset: str, item_id: str) -> None:
    """Give an item another content, as a version."""
    update = dataset_service_pb2.ItemUpdate(
        item=dataset_pb2.Item(item_id=item_id, input=json('"other"')),
        update_mask=FieldMask(paths=["input"]),
    )
    await service.datasets.UpdateItems(
        dataset_service_pb2.UpdateItemsRequest(parent=dataset, updates=[update])
    )


async def test_values_and_verdicts_are_compared_item_by_item(service: Service) -> None:
    dataset = (await new_dataset(service, 5)).name
    baseline = await judged(service, dataset, {"i1": 1, "i2": 0.2, "i3": 0.6, "i4": 0, "i5": 0.5})
    candidate = await judged(service, dataset, {"i1": 1, "i2": 0.9, "i3": 0.1, "i4": 0.3, "i5": 1})
    comparison = await compare(service, baseline, candidate)
    (told,) = comparison.candidates
    (quality,) = told.scorers
    assert (comparison.baseline.name, told.run.name) == (baseline, candidate)
    assert comparison.baseline.counts.succeeded == 5
    assert comparison.options == comparison_pb2.ComparisonOptions(confidence=0.95, most_items=50)
    assert quality.scorer == "quality"
    assert quality.baseline.mean == pytest.approx(0.46)
    assert quality.candidate.mean == pytest.approx(0.66)
    assert quality.difference.mean == pytest.approx(0.2)
    assert quality.difference.count == quality.difference.clusters == 5
    assert quality.difference.test == "permutation"
    assert quality.difference.adjusted_p_value == quality.difference.p_value
    moved = (quality.improved, quality.regressed, quality.unchanged, quality.unpaired)
    assert moved == (3, 1, 1, 0)
    assert [change.item_id for change in quality.improvements] == ["i2", "i5", "i4"]
    (regression,) = quality.regressions
    assert (regression.item_id, regression.baseline, regression.candidate) == ("i3", 0.6, 0.1)
    verdicts = quality.verdicts
    assert (verdicts.both_passed, verdicts.both_failed) == (2, 1)
    assert (names(verdicts.fixed_item_ids), names(verdicts.broken_item_ids)) == (["i2"], ["i3"])
    assert verdicts.p_value == 1
    assert told.comparability.identical
    assert told.comparability.matched_items == told.comparability.compared_items == 5
    assert not told.comparability.warnings


async def test_several_runs_are_compared_in_the_order_of_the_request(service: Service) -> None:
    dataset = (await new_dataset(service, 2)).name
    first, second, third = [
        await judged(service, dataset, {"i1": value, "i2": value}) for value in (0.1, 0.2, 0.4)
    ]
    comparison = await compare(service, second, third, first)
    means = [told.scorers[0].difference.mean for told in comparison.candidates]
    assert [told.run.name for told in comparison.candidates] == [third, first]
    assert means == pytest.approx([0.2, -0.1])


async def test_latency_tokens_and_cost_stand_side_by_side(service: Service) -> None:
    dataset = (await new_dataset(service, 3)).name

    def spent(number: int, factor: int) -> run_service_pb2.SubmittedResult:
        usage = run_pb2.Usage(input_tokens=10 * number, output_tokens=factor, cost=0.5 * factor)
        return result(
            f"i{number}", latency=seconds(number * factor), usage=None if number == 3 else usage
        )

    runs = [
        await submit(
            service,
            await new_run(service, dataset, []),
            *(spent(number, factor) for number in (1, 2, 3)),
        )
        for factor in (1, 2)
    ]
    comparison = await compare(service, *runs)
    (told,) = comparison.candidates
    assert comparison.baseline.latency.mean == pytest.approx(2)
    assert (told.run.latency.median, told.run.latency.p95) == (4, 6)
    assert told.latency.mean == pytest.approx(2)
    assert (told.run.tokens.count, told.run.tokens.mean) == (2, 17)
    assert (told.tokens.count, told.tokens.mean, told.cost.mean) == (2, 1, 0.5)
    assert not told.scorers


async def test_what_is_not_the_same_is_left_out_and_told(service: Service) -> None:
    dataset = (await new_dataset(service, 4)).name
    values = {"i1": 1.0, "i2": 0.0, "i3": 0.0}
    baseline = await judged(service, dataset, values)
    await change(service, dataset, "i2")
    candidate = await judged(service, dataset, {"i1": 1, "i2": 1, "i4": 1})
    told = await compare_one(service, baseline, candidate)
    same = told.comparability
    assert not same.identical
    assert (same.matched_items, same.changed_items) == (3, 1)
    assert (same.added_items, same.removed_items) == (0, 0)
    assert same.changed_item_ids == ["i2"]
    assert same.compared_items == 3
    assert any("version 1 of the dataset" in warning for warning in same.warnings)
    assert any("1 item with other content is left out" in warning for warning in same.warnings)
    assert told.scorers[0].difference.count == 1
    everything = await compare_one(service, baseline, candidate, include_changed_items=True)
    assert everything.comparability.compared_items == 4
    assert everything.scorers[0].verdicts.fixed_item_ids == ["i2"]
    assert any("compared all the same" in text for text in everything.comparability.warnings)


async def test_items_that_only_one_run_has_are_named(service: Service) -> None:
    dataset = (await new_dataset(service, 3)).name
    runs = []
    for left in ("i1", "i3"):
        run = await new_run(service, dataset, [QUALITY])
        results = [scored(name, 1) for name in ("i2", left)]
        runs.append(await submit(service, run, *results, finish=False))
    told = await compare_one(service, *runs, most_items=1)
    same = told.comparability
    assert (names(same.added_item_ids), names(same.removed_item_ids)) == (["i3"], ["i1"])
    assert (same.matched_items, same.added_items, same.removed_items) == (1, 1, 1)
    assert any("has not ended" in warning for warning in same.warnings)


async def test_items_of_other_datasets_match_by_id_and_content(service: Service) -> None:
    one = await new_dataset(service, items(3))
    other = await new_dataset(service, [*items(3, first=2), item('"else"', item_id="i1")])
    baseline = await judged(service, one.name, {"i1": 0, "i2": 0, "i3": 0})
    candidate = await judged(service, other.name, {"i1": 1, "i2": 1, "i3": 0, "i4": 1})
    told = await compare_one(service, baseline, candidate)
    same = told.comparability
    assert (same.matched_items, names(same.changed_item_ids)) == (2, ["i1"])
    assert (names(same.added_item_ids), names(same.removed_item_ids)) == (["i4"], [])
    assert any("different datasets" in warning for warning in same.warnings)
    assert told.scorers[0].verdicts.fixed_item_ids == ["i2"]


async def test_scorers_that_are_not_the_same_are_left_out_and_told(service: Service) -> None:
    dataset = (await new_dataset(service, [item("1", '"a"', item_id="i1")])).name
    mine = [
        scorer("contains", '{"pattern": "1"}', "has"),
        scorer("exact_match"),
        scorer("json_valid", alias="mine"),
    ]
    theirs = [scorer("contains", '{"pattern": "2"}', "has"), scorer("exact_match")]
    runs = [
        await submit(service, await new_run(service, dataset, scorers), result("i1"))
        for scorers in (mine, theirs)
    ]
    told = await compare_one(service, *runs)
    assert [found.scorer for found in told.scorers] == ["exact_match"]
    mismatches = {found.scorer: found for found in told.comparability.scorer_mismatches}
    assert mismatches["has"].explanation == "its parameters differ"
    assert mismatches["mine"].explanation == "only the baseline has it"
    assert not any(found.compared for found in mismatches.values())
    assert not told.comparability.identical
    everything = await compare_one(service, *runs, include_changed_scorers=True)
    assert [found.scorer for found in everything.scorers] == ["has", "exact_match"]
    only = await compare_one(service, *runs, scorers=["exact_match"])
    assert [found.scorer for found in only.scorers] == ["exact_match"]
    assert not only.comparability.scorer_mismatches


async def test_where_less_is_better_a_smaller_value_has_improved(service: Service) -> None:
    direction = scorer_pb2.SCORE_DIRECTION_LOWER_IS_BETTER
    await new_worker(service, hosts_scorer("distance", direction=direction))
    dataset = (await new_dataset(service, 2)).name
    distance = experiment_pb2.ScorerSpec(scorer="distance", by_caller=True)
    runs = []
    for values in ((4, 1), (2, 3)):
        run = await new_run(service, dataset, [distance])
        results = [scored(f"i{at}", value, alias="distance") for at, value in enumerate(values, 1)]
        runs.append(await submit(service, run, *results))
    (told,) = (await compare_one(service, *runs)).scorers
    assert [change.item_id for change in told.improvements] == ["i1"]
    assert [change.item_id for change in told.regressions] == ["i2"]
    assert told.difference.mean == 0


async def test_splits_and_tags_restrict_what_is_compared(service: Service) -> None:
    content = [
        item(item_id="i1", split="test", tags=["hard", "long"]),
        item(item_id="i2", split="test", tags=["hard"]),
        item(item_id="i3", split="train", tags=["hard"]),
        item(item_id="i4", split="test"),
    ]
    dataset = (await new_dataset(service, content)).name
    names = ("i1", "i2", "i3", "i4")
    runs = [await judged(service, dataset, dict.fromkeys(names, value)) for value in (0, 1)]
    comparison = await compare(service, *runs, splits=["test"], tags=["hard"])
    assert comparison.candidates[0].comparability.compared_items == 2
    assert comparison.candidates[0].scorers[0].verdicts.fixed_item_ids == ["i1", "i2"]
    assert comparison.baseline.counts.succeeded == 4
    none = await compare_one(service, *runs, splits=["nowhere"])
    assert none.comparability.compared_items == 0
    assert not none.scorers[0].difference.HasField("mean")
    assert any("nothing to compare" in warning for warning in none.comparability.warnings)


async def test_items_of_one_cluster_count_as_one(service: Service) -> None:
    session = [json('{"session": "a"}'), json('{"session": "\\u0061"}'), json('{"session": 1}')]
    content = [
        *(item(item_id=f"i{at}", metadata=told) for at, told in enumerate(session, 1)),
        item(item_id="i4"),
        item(item_id="i5"),
    ]
    dataset = (await new_dataset(service, content)).name
    names = [f"i{number}" for number in range(1, 6)]
    baseline = await judged(service, dataset, dict.fromkeys(names, 0.0))
    candidate = await judged(service, dataset, {name: at / 5 for at, name in enumerate(names)})
    told = await compare_one(service, baseline, candidate, cluster_by="metadata.session")
    difference = told.scorers[0].difference
    assert (difference.count, difference.clusters) == (5, 4)
    assert any("McNemar" in warning for warning in told.comparability.warnings)


async def test_trials_are_averaged_and_tell_how_steady_items_are(service: Service) -> None:
    dataset = (await new_dataset(service, 2)).name
    trials = {"settings": experiment_pb2.RunSettings(trials=3)}
    runs = []
    for passes in ({"i1": (1, 0, 0), "i2": (1, 1, 1)}, {"i1": (1, 1, 0), "i2": (1, 1, 1)}):
        run = await new_run(service, dataset, [QUALITY], **trials)
        results = [
            scored(name, value, trial)
            for name, values in passes.items()
            for trial, value in enumerate(values, 1)
        ]
        runs.append(await submit(service, run, *results))
    comparison = await compare(service, *runs)
    (baseline,) = comparison.baseline.trials
    rates = [(rate.k, rate.pass_at_k, rate.pass_hat_k, rate.count) for rate in baseline.rates]
    assert rates == [
        (1, pytest.approx(2 / 3), pytest.approx(2 / 3), 2),
        (2, pytest.approx((2 / 3 + 1) / 2), pytest.approx(1 / 2), 2),
        (3, 1, 1 / 2, 2),
    ]
    (flaky,) = baseline.flaky_items
    assert (flaky.item_id, flaky.passed, flaky.trials) == ("i1", 1, 3)
    alone = await compare(service, runs[0])
    assert (alone.baseline, len(alone.candidates)) == (comparison.baseline, 0)
    (told,) = comparison.candidates[0].scorers
    assert told.difference.count == 2
    assert told.difference.mean == pytest.approx(1 / 6)
    assert (told.verdicts.both_passed, told.verdicts.both_failed) == (1, 1)


async def test_failed_results_have_no_values_and_are_told(service: Service) -> None:
    dataset = (await new_dataset(service, 2)).name
    baseline = await judged(service, dataset, {"i1": 1, "i2": 1})
    error = run_pb2.TaskError(code=run_pb2.TASK_ERROR_CODE_EXECUTION, message="it broke")
    broken = run_service_pb2.SubmittedResult(item_id="i2", error=error)
    run = await new_run(service, dataset, [QUALITY])
    candidate = await submit(service, run, scored("i1", 1), broken)
    told = await compare_one(service, baseline, candidate)
    assert (told.scorers[0].unpaired, told.scorers[0].difference.count) == (1, 1)
    assert any("1 result of the run failed" in text for text in told.comparability.warnings)


async def test_the_same_seed_gives_the_same_answer(service: Service) -> None:
    dataset = (await new_dataset(service, 30)).name
    runs = [
        await judged(service, dataset, {f"i{n}": n * step % 7 / 7 for n in range(1, 31)})
        for step in (1, 3)
    ]
    once, again = [await compare(service, *runs, seed=5) for _ in range(2)]
    other = await compare(service, *runs, seed=6)
    assert once == again
    moved = [told.candidates[0].scorers[0].difference.bootstrap_lower for told in (once, other)]
    assert moved[0] != moved[1]


async def test_what_cannot_be_compared_is_refused_by_its_path(service: Service) -> None:
    run, base = f"{PROJECT}/runs/r1", f"{PROJECT}/runs/base"
    refused: list[tuple[dict[str, Any], str]] = [
        ({"baseline": "run-1"}, "baseline"),
        ({"candidates": [f"{run}{number}" for number in range(11)]}, "candidates"),
        ({"candidates": ["projects/other/runs/r1"]}, "candidates[0]"),
        ({"candidates": [run, run]}, "candidates[1]"),
        ({"candidates": [base]}, "candidates[0]"),
        ({"options": {"confidence": 1.0}}, "options.confidence"),
        ({"options": {"confidence": math.nan}}, "options.confidence"),
        ({"options": {"most_items": 1001}}, "options.most_items"),
        ({"options": {"cluster_by": "input.session"}}, "options.cluster_by"),
        ({"options": {"cluster_by": "metadata"}}, "options.cluster_by"),
        ({"options": {"splits": ["s"] * 33}}, "options.splits"),
        ({"options": {"scorers": ["a", "a"]}}, "options.scorers[1]"),
    ]
    for changed, path in refused:
        whole = {"baseline": base, "candidates": [run], **changed}
        told = await refusal(service.runs.CompareRuns(run_service_pb2.CompareRunsRequest(**whole)))
        assert summary(told) == invalid(path), changed


async def test_runs_and_scorers_must_be_there(service: Service) -> None:
    dataset = (await new_dataset(service, 1)).name
    runs = [await judged(service, dataset, {"i1": 1}) for _ in range(2)]
    missing = await refusal(compare(service, runs[0], f"{PROJECT}/runs/nowhere"))
    assert missing.code is grpc.StatusCode.NOT_FOUND
    unknown = await refusal(compare(service, *runs, scorers=["quality", "beauty"]))
    assert summary(unknown) == invalid("options.scorers[1]")
    assert "there are: quality" in unknown.message
