"""What scorers said of the runs of an experiment, and how their values are distributed."""

from __future__ import annotations

import math

import grpc
import pytest

from tests.service import (
    PROJECT,
    Service,
    ended,
    invalid,
    item,
    json,
    new_dataset,
    new_experiment,
    refusal,
    scorer,
    settings,
    summary,
)
from trialbook.v1 import comparison_pb2, run_service_pb2

LENGTHS = [scorer("levenshtein"), scorer("exact_match")]


async def new_run(
    service: Service, experiment: str, *outputs: str, finish: bool = True, trials: int = 1
) -> str:
    """Return a run that its caller drives; trials of an item follow one another."""
    started = await service.runs.StartRun(
        run_service_pb2.StartRunRequest(
            parent=PROJECT,
            experiment=experiment,
            caller_driven=True,
            scorers=run_service_pb2.ScorerList(scorers=LENGTHS),
            settings=settings(trials=trials),
        )
    )
    run = started.run.name
    results = [
        run_service_pb2.SubmittedResult(
            item_id=f"i{place // trials + 1}", trial=place % trials + 1, output=json(output)
        )
        for place, output in enumerate(outputs)
    ]
    if results:
        await service.runs.SubmitResults(
            run_service_pb2.SubmitResultsRequest(parent=run, results=results)
        )
    if finish:
        await service.runs.FinishRun(run_service_pb2.FinishRunRequest(name=run))
        await ended(service, run)
    return run


async def experiment_of(service: Service, count: int) -> str:
    """Return an experiment of so many items that all expect "right"."""
    content = [item("1", '"right"', item_id=f"i{number}") for number in range(1, count + 1)]
    return (await new_experiment(service, (await new_dataset(service, content)).name)).name


async def trend(
    service: Service, experiment: str, token: str = "", **more: object
) -> run_service_pb2.ListTrendPointsResponse:
    request = run_service_pb2.ListTrendPointsRequest(parent=experiment, page_token=token)
    request.MergeFrom(run_service_pb2.ListTrendPointsRequest(**more))  # type: ignore[arg-type]
    return await service.runs.ListTrendPoints(request)


async def distribution(
    service: Service, run: str, scorer: str, bins: int = 0
) -> comparison_pb2.ScoreDistribution:
    request = run_service_pb2.GetScoreDistributionRequest(name=run, scorer=scorer, bins=bins)
    return (await service.runs.GetScoreDistribution(request)).distribution


async def test_a_trend_tells_of_ended_runs_the_newest_first(service: Service) -> None:
    experiment = await experiment_of(service, 4)
    first = await new_run(service, experiment, '"right"', '"r"', '"r"', '"r"')
    second = await new_run(service, experiment, '"right"', '"right"', '"right"', '"r"')
    await new_run(service, experiment, '"right"', finish=False)
    page = await trend(service, experiment)
    assert [point.run.name for point in page.points] == [second, first]
    newest = {value.scorer: value for value in page.points[0].values}
    assert list(newest) == ["levenshtein", "exact_match"]
    exact = newest["exact_match"]
    assert (exact.value.count, exact.value.mean, exact.pass_rate) == (4, 0.75, 0.75)
    assert exact.value.standard_error == pytest.approx(0.25)
    assert exact.value.upper - exact.value.mean == pytest.approx(0.25 * 3.1824, rel=1e-4)
    assert not exact.value.HasField("median")
    assert exact.scorer_version == 1


async def test_a_trend_comes_in_pages_and_of_one_scorer(service: Service) -> None:
    experiment = await experiment_of(service, 1)
    runs = [await new_run(service, experiment, '"right"') for _ in range(3)]
    seen: list[str] = []
    token = ""
    while True:
        page = await trend(service, experiment, token, page_size=2, scorer="exact_match")
        seen += [point.run.name for point in page.points]
        assert all([value.scorer for value in p.values] == ["exact_match"] for p in page.points)
        token = page.next_page_token
        if not token:
            break
    assert seen == runs[::-1]


async def test_trials_of_an_item_do_not_make_a_trend_surer(service: Service) -> None:
    experiment = await experiment_of(service, 3)
    await new_run(service, experiment, *(['"right"'] * 4 + ['"r"'] * 2), trials=2)
    (point,) = (await trend(service, experiment, scorer="exact_match")).points
    value = point.values[0].value
    assert value.count == 6
    assert value.mean == pytest.approx(2 / 3)
    assert value.standard_error == pytest.approx(math.sqrt((2 / 3) ** 2 * 3 / 2 / 4 * 4 / 6))


async def test_values_are_distributed_over_bins_of_equal_width(service: Service) -> None:
    experiment = await experiment_of(service, 4)
    run = await new_run(service, experiment, '"right"', '"right"', '"wrong"', '"r"')
    found = await distribution(service, run, "exact_match", 2)
    assert [(one.lower, one.upper, one.count) for one in found.bins] == [(0, 0.5, 2), (0.5, 1, 2)]
    assert (found.scorer, found.values.count, found.values.mean) == ("exact_match", 4, 0.5)
    assert sorted(label.count for label in found.labels) == [2, 2]
    assert len((await distribution(service, run, "levenshtein")).bins) == 20


async def test_equal_values_lie_in_one_bin_and_none_in_none(service: Service) -> None:
    experiment = await experiment_of(service, 2)
    run = await new_run(service, experiment, '"right"', '"right"')
    (only,) = (await distribution(service, run, "exact_match")).bins
    assert (only.lower, only.upper, only.count) == (1, 1, 2)
    error = await new_run(service, experiment)
    nothing = await distribution(service, error, "exact_match")
    assert not nothing.bins
    assert not nothing.values.HasField("mean")


async def test_what_is_not_there_is_refused(service: Service) -> None:
    experiment = await experiment_of(service, 1)
    run = await new_run(service, experiment, '"right"')
    assert summary(await refusal(distribution(service, run, "beauty"))) == invalid("scorer")
    assert summary(await refusal(distribution(service, run, "exact_match", 201))) == invalid("bins")
    unknown = await refusal(distribution(service, f"{run}x", "exact_match"))
    assert unknown.code is grpc.StatusCode.NOT_FOUND
    nowhere = await refusal(trend(service, f"{PROJECT}/experiments/nowhere"))
    assert nowhere.code is grpc.StatusCode.NOT_FOUND
    stray = await refusal(trend(service, experiment, "x"))
    assert summary(stray) == invalid("page_token", reason="INVALID_PAGE_TOKEN")
