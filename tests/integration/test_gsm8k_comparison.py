"""Two models on recorded answers: the comparison is what scipy says of the data by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy

from tests.gsm8k import needs_file, new_answers, new_problems, problems
from tests.service import Service, database_of, started
from trialbook.v1.comparison_pb2 import ComparisonOptions, RunComparison
from trialbook.v1.run_service_pb2 import CompareRunsRequest

BASELINE, CANDIDATE = "6b_verification", "175b_verification"

pytestmark = needs_file


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[str]:
    with database_of(tmp_path, "sqlite"):
        yield "sqlite"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with started(tmp_path) as running:
        yield running


async def compared(service: Service, baseline: str, candidate: str) -> RunComparison:
    answer = await service.runs.CompareRuns(
        CompareRunsRequest(
            baseline=baseline,
            candidates=[candidate],
            options=ComparisonOptions(most_items=1_000),
        )
    )
    (found,) = answer.comparison.candidates
    return found


async def test_the_figures_are_those_that_scipy_has_for_the_data(service: Service) -> None:
    asked = problems()
    experiment = await new_problems(service, asked)
    runs = [await new_answers(service, experiment, asked, model) for model in (BASELINE, CANDIDATE)]
    # What the data itself says of each answer; no scorer of ours has a part in it.
    before, after = (
        np.array([problem[model]["is_correct"] for problem in asked], float)
        for model in (BASELINE, CANDIDATE)
    )
    fixed, broken = np.flatnonzero(after > before), np.flatnonzero(before > after)
    told = await compared(service, *runs)
    (match,) = told.scorers
    expected = scipy.stats.ttest_rel(after, before)
    interval = expected.confidence_interval(0.95)
    difference, verdicts = match.difference, match.verdicts

    assert told.comparability.identical
    assert told.comparability.compared_items == difference.count == 1319
    assert (match.baseline.mean, match.candidate.mean) == pytest.approx((515 / 1319, 742 / 1319))
    assert difference.mean == pytest.approx(227 / 1319)
    assert difference.standard_error == pytest.approx(scipy.stats.sem(after - before))
    assert (difference.lower, difference.upper) == pytest.approx((interval.low, interval.high))
    assert difference.test == "wilcoxon"
    assert difference.p_value == pytest.approx(scipy.stats.wilcoxon(after - before).pvalue)

    drawn = scipy.stats.bootstrap(
        (after - before,), np.mean, n_resamples=4_000, batch=500, method="percentile", rng=1
    ).confidence_interval
    noise = (interval.high - interval.low) / 20
    assert difference.bootstrap_lower == pytest.approx(drawn.low, abs=noise)
    assert difference.bootstrap_upper == pytest.approx(drawn.high, abs=noise)

    assert verdicts.fixed_item_ids == [f"p{number}" for number in fixed]
    assert verdicts.broken_item_ids == [f"p{number}" for number in broken]
    flips = len(fixed) + len(broken)
    assert verdicts.p_value == pytest.approx(scipy.stats.binomtest(len(fixed), flips).pvalue)
    assert (match.improved, match.regressed) == (len(fixed), len(broken))

    back = await compared(service, *reversed(runs))
    assert back.scorers[0].difference.mean == pytest.approx(-difference.mean)
    assert back.scorers[0].difference.bootstrap_upper == pytest.approx(-difference.bootstrap_lower)
    assert back.scorers[0].verdicts.broken_item_ids == verdicts.fixed_item_ids
