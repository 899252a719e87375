"""Runs in full, through the client, with a real server."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.client.conftest import GRACE
from trialbook.client import (
    AlreadyExists,
    AsyncClient,
    Client,
    ComparisonOptions,
    Condition,
    Experiment,
    FailedPrecondition,
    Gate,
    GateVerdict,
    InvalidArgument,
    ItemSample,
    ItemSelection,
    ResultFilter,
    ResultStatus,
    ReviewState,
    ReviewSubmission,
    Run,
    RunEndReason,
    RunRescored,
    RunSettings,
    RunStatus,
    Scorer,
    ScorerSource,
    SkipReason,
    StepResult,
    SubmissionDisposition,
    SubmittedResult,
    Target,
    Usage,
    Verdict,
    WaitTimeout,
    Worker,
)

ANSWERS = {"fr": "Paris", "pe": "Lima", "es": "Madrid"}


@pytest.fixture
def experiment(shared_client: Client) -> Experiment:
    """An experiment on three items, of its own."""
    name = f"e-{uuid.uuid4().hex[:12]}"
    shared_client.datasets.create(name)
    shared_client.datasets.add_items(
        name,
        [
            {"id": "fr", "input": "France", "expected": "Paris", "tags": ["eu"]},
            {"id": "pe", "input": "Peru", "expected": "Lima", "split": "test"},
            {"id": "es", "input": "Spain", "expected": "Madrid", "tags": ["eu"]},
        ],
    )
    return shared_client.experiments.create(
        name, dataset=name, target="capital", scorers=["exact_match"]
    )


def answered(client: Client, experiment: Experiment, wrong: str = "", **options: object) -> Run:
    """Drive a run in which all answers but one are right; return it when it has ended."""
    with client.runs.drive(experiment, **options) as driven:  # type: ignore[arg-type]
        for item in driven.items():
            answer = "?" if item.id == wrong else ANSWERS[item.id]
            driven.submit(item, answer, latency=0.25, usage=Usage(10, 5, 0.002))
    return client.runs.wait(driven, timeout=GRACE)


def test_a_definition_is_kept_in_full(shared_client: Client, experiment: Experiment) -> None:
    settings = RunSettings(
        trials=2, run_deadline=3600, rate_limit=10, max_failures=5, seed=7, attempt_timeout=9
    )
    changed = shared_client.experiments.update(
        experiment,
        target=Target("capital", "3", "workflow"),  # type: ignore[arg-type]
        scorers=[
            Scorer("levenshtein", alias="near", threshold=0.5, output_pointer="/answer"),
            Scorer("exact_match", alias="found", step_id="search"),
        ],
        settings=settings,
        selection=ItemSelection(tags=("eu",), sample=ItemSample(count=1, seed=3)),
        gate=Gate([Condition.mean("near", at_least=0.5)], confidence=0.9),
        target_options={"model": "m", "n": 1},
        context={"team": "t"},
    )

    kept = shared_client.experiments.get(experiment)
    assert kept == changed
    assert (kept.target.kind, kept.target_options, kept.context) == (
        "workflow",
        {"model": "m", "n": 1},
        {"team": "t"},
    )
    near, found = kept.scorers
    assert (near.output_pointer, near.params) == ("/answer", {"threshold": 0.5})
    assert (found.scope, found.step_id) == ("step", "search")
    assert (kept.settings.run_deadline, kept.settings.rate_limit) == (3600, 10)
    assert (kept.settings.max_failures, kept.settings.seed) == (5, 7)
    assert kept.selection == ItemSelection(tags=("eu",), sample=ItemSample(count=1, seed=3))
    assert kept.gate is not None
    assert kept.gate.conditions[0].at_least == 0.5
    bare = shared_client.experiments.update(
        experiment, selection=None, gate=None, target_options=None, context=None
    )
    assert (bare.selection, bare.gate, bare.target_options_json) == (None, None, None)
    assert bare.settings.seed == 7


def test_a_run_takes_what_its_start_says(shared_client: Client, experiment: Experiment) -> None:
    run = shared_client.runs.start(
        experiment,
        caller_driven=True,
        display_name="pr-1234",
        target_revision="candidate",
        scorers=[Scorer("human", by_caller=True)],
        settings=RunSettings(trials=3),
        selection=ItemSelection(tags=["eu"]),
        gate=Gate([Condition.failed_results(at_most=0)]),
        target_options={"model": "m"},
        context={"team": "t"},
        metadata={"commit": "abc"},
    )

    assert (run.display_name, run.target.revision, run.caller_driven) == (
        "pr-1234",
        "candidate",
        True,
    )
    assert [(scorer.alias, scorer.by_caller) for scorer in run.scorers] == [("human", True)]
    assert run.scorer_source is ScorerSource.RUN
    assert (run.counts.planned, run.settings.trials, run.settings.concurrency) == (6, 3, 5)
    assert (run.target_options, run.context, run.metadata) == (
        {"model": "m"},
        {"team": "t"},
        {"commit": "abc"},
    )
    assert run.selection == ItemSelection(tags=("eu",))
    assert run.gate is not None
    none = shared_client.runs.start(experiment, caller_driven=True, scorers=[])
    assert none.scorers == ()


def break_off(client: Client, experiment: Experiment, run_id: str) -> None:
    """Drive a run that fails after its first item, and is left open."""
    scorers = [Scorer("exact_match"), Scorer("human", by_caller=True)]
    with client.runs.drive(
        experiment, run_id=run_id, cancel_on_error=False, scorers=scorers
    ) as driven:
        steps = [StepResult("search", ["a"], duration=0.5), StepResult("write", error="lost")]
        item = next(driven.items())
        driven.submit(item, "Paris", steps=steps, usage=Usage(1, 2, 0.5), scores={"human": 0.75})
        raise KeyError


def test_a_driven_run_is_continued_scored_and_finished(
    shared_client: Client, experiment: Experiment
) -> None:
    run_id = f"r-{uuid.uuid4().hex[:12]}"
    with pytest.raises(KeyError):
        break_off(shared_client, experiment, run_id)

    with shared_client.runs.drive(experiment, run_id=run_id) as driven:
        left = list(driven.items())
        assert driven.submit(left[0], "Bogota") is SubmissionDisposition.RECORDED
        assert driven.submit(left[0], "Bogota") is SubmissionDisposition.ALREADY_RECORDED
        assert driven.submit(left[0], "Lima") is SubmissionDisposition.CONFLICT
    run = shared_client.runs.wait(driven, timeout=GRACE)

    assert [item.id for item in left] == ["pe", "es"]
    assert (run.status, run.counts.succeeded, run.counts.skipped) == (RunStatus.COMPLETED, 2, 1)
    assert run.usage.cost == 0.5
    exact, human = run.scores
    assert (exact.scored, exact.passed, human.scored, human.mean) == (2, 1, 1, 0.75)
    paris, bogota, skipped = shared_client.runs.results(run)
    assert [step.output for step in paris.steps] == [["a"], None]
    assert (paris.usage, bogota.usage) == (Usage(1, 2, 0.5), None)
    assert (skipped.status, skipped.skip_reason) == (
        ResultStatus.SKIPPED,
        SkipReason.NOT_SUBMITTED,
    )
    with pytest.raises(FailedPrecondition) as caught:
        shared_client.runs.submit(run, [SubmittedResult("es", 1)])
    assert caught.value.reason == "RUN_ENDED"


def test_a_sample_is_driven_in_all_its_trials(
    shared_client: Client, experiment: Experiment
) -> None:
    chosen = ItemSelection(sample=ItemSample(count=2, seed=5))

    run = answered(
        shared_client, experiment, selection=chosen, settings=RunSettings(trials=3), scorers=[]
    )

    assert (run.status, run.selection) == (RunStatus.COMPLETED, chosen)
    assert (run.counts.planned, run.counts.succeeded, run.usage.told) == (6, 6, 6)
    assert (run.scores, run.usage.input_tokens) == ((), 60)


def test_a_bad_submission_is_named_and_nothing_of_it_is_kept(
    shared_client: Client, experiment: Experiment
) -> None:
    run = shared_client.runs.start(experiment, caller_driven=True)

    with pytest.raises(InvalidArgument) as caught:
        shared_client.runs.submit(run, [SubmittedResult("fr", 1), SubmittedResult("none", 1)])

    assert caught.value.violations[0].field == "results[1].item_id"
    assert shared_client.runs.get(run).counts.done == 0
    with pytest.raises(WaitTimeout):
        shared_client.runs.wait(run, timeout=0.05)
    assert [r.id for r in shared_client.runs.list(experiment=experiment, status="running")] == [
        run.id
    ]
    shared_client.runs.cancel(run)
    ended = shared_client.runs.wait(run, timeout=GRACE)
    assert (ended.status, ended.end_reason) == (RunStatus.CANCELLED, RunEndReason.CANCELLED)
    with pytest.raises(FailedPrecondition), shared_client.runs.drive(experiment, run_id=run.id):
        pass


def test_a_run_with_a_gate_is_waited_for_up_to_its_verdict(
    shared_client: Client, experiment: Experiment
) -> None:
    baseline = answered(shared_client, experiment)
    gate = Gate([Condition.pass_rate(at_least=0.9), Condition.cost(at_most=0.01)])

    run = answered(shared_client, experiment, wrong="pe", gate=gate)

    assert run.gate_verdict is not None
    assert run.gate_verdict.verdict is Verdict.FAILED
    rate, cost = run.gate_verdict.findings
    assert (rate.verdict, round(rate.value or 0, 3), rate.count) == (Verdict.FAILED, 0.667, 3)
    assert (cost.verdict, cost.value) == (Verdict.PASSED, 0.002)
    facts = [e.fact for update in shared_client.runs.watch(run) for e in update.events]
    assert isinstance(facts[-1], GateVerdict)
    other = shared_client.runs.evaluate_gate(
        run,
        Gate([Condition.mean("exact_match", max_regression=0.5, regression_rule="point")]),
        baseline=baseline,
        dry_run=True,
    )
    assert (other.passed, other.baseline) == (True, baseline.name)
    assert other.findings[0].difference is not None
    with pytest.raises(FailedPrecondition) as caught:
        shared_client.runs.evaluate_gate(baseline)
    assert caught.value.reason == "NO_GATE"


def test_runs_are_compared_and_followed_over_time(
    shared_client: Client, experiment: Experiment
) -> None:
    baseline = answered(shared_client, experiment)
    run = answered(shared_client, experiment, wrong="pe")

    comparison = shared_client.runs.compare(
        baseline, run, options=ComparisonOptions(confidence=0.9)
    )

    (candidate,) = comparison.candidates
    (scorer,) = candidate.scorers
    assert (comparison.baseline.id, candidate.run.id) == (baseline.id, run.id)
    assert candidate.comparability.identical
    assert (scorer.regressed, scorer.unchanged) == (1, 2)
    assert scorer.verdicts is not None
    assert scorer.verdicts.broken_item_ids == ("pe",)
    assert [change.item_id for change in scorer.regressions] == ["pe"]
    assert scorer.difference.mean == pytest.approx(-1 / 3)
    assert comparison.options.confidence == 0.9
    distribution = shared_client.runs.distribution(run, "exact_match", bins=2)
    assert [part.count for part in distribution.bins] == [1, 2]
    points = list(shared_client.runs.trend(experiment))
    assert [point.run.id for point in points] == [run.id, baseline.id]
    assert points[1].values[0].pass_rate == 1.0


def test_recorded_outputs_are_judged_again_and_failures_kept(
    shared_client: Client, experiment: Experiment
) -> None:
    run = answered(shared_client, experiment, wrong="pe")

    rescored = shared_client.runs.rescore(run, [Scorer("levenshtein", alias="near")])
    again = shared_client.runs.wait(run, timeout=GRACE)

    assert rescored.scorers == ("near",)
    assert [summary.scored for summary in again.scores] == [3, 3]
    facts = [e.fact for update in shared_client.runs.watch(run) for e in update.events]
    assert [f.scorers[0].alias for f in facts if isinstance(f, RunRescored)] == ["near"]
    failing = shared_client.runs.results(run, failing=True, scorer="exact_match")
    assert [result.item_id for result in failing] == ["pe"]
    made = shared_client.runs.create_regression_dataset(
        run, results=ResultFilter(failing=True, scorer="exact_match")
    )
    assert (made.added_count, made.item_count) == (1, 1)
    assert made.experiment.endswith(f"{run.id}-regressions")
    with pytest.raises(FailedPrecondition) as caught:
        shared_client.runs.retry(run)
    assert caught.value.reason == "CALLER_DRIVEN"


def test_results_are_exported(
    shared_client: Client, experiment: Experiment, tmp_path: Path
) -> None:
    run = answered(shared_client, experiment, wrong="pe")
    path, stream = tmp_path / "results.jsonl", io.BytesIO()

    report = shared_client.runs.export_file(run, path)
    shared_client.runs.export_file(run, stream, "csv", results=ResultFilter(numbers=[1, 2]))

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["output"] for line in lines] == ["Paris", "?", "Madrid"]
    assert (report.result_count, report.byte_count) == (3, path.stat().st_size)
    assert b"".join(shared_client.runs.export(run)) == path.read_bytes()
    assert len(stream.getvalue().splitlines()) == 3


def test_a_score_is_listed_and_explained(shared_client: Client, experiment: Experiment) -> None:
    run = answered(shared_client, experiment, wrong="pe")

    (score,) = shared_client.scores.list(run, not_passed=True)
    judged = shared_client.scores.get(score)
    explained = shared_client.scores.explain(f"{run.id}/results/2/scores/exact_match")

    assert (score.item_id, score.score.value, score.score.scorer_version) == ("pe", 0.0, 1)
    assert judged.result is not None
    assert judged.result.output == "?"
    assert (explained.score, explained.scorer.name) == (score, "exact_match")
    assert explained.item is not None
    assert explained.item.expected == "Lima"
    kinds = [cause.kind for cause in explained.causes]
    assert kinds.index("items_added") < kinds.index("started")
    assert all(cause.explanation and cause.author for cause in explained.causes)


def test_people_review_results(shared_client: Client, experiment: Experiment) -> None:
    run = answered(shared_client, experiment, wrong="pe")

    assert shared_client.reviews.request(run, ResultFilter(failing=True), note="look") == 1
    (claimed,) = shared_client.reviews.claim(run, limit=5, duration=60)
    assert (claimed.item_id, claimed.number) == ("pe", 2)
    assert claimed.content is not None
    (entry,) = shared_client.reviews.submit(
        run, [ReviewSubmission(2, passed=False, label="wrong", comment="not a city")]
    )
    assert entry.state is ReviewState.REVIEWED
    assert [(review.passed, review.label) for review in entry.reviews] == [(False, "wrong")]
    assert [e.item_id for e in shared_client.reviews.entries(run, state="reviewed")] == ["pe"]
    summary = shared_client.reviews.summary(run)
    assert (summary.reviewed, summary.waiting) == (1, 0)
    assert shared_client.reviews.close(run, [2]) == 1


def test_failed_results_are_run_again(
    shared_client: Client, experiment: Experiment, start_worker: Callable[[Worker], None]
) -> None:
    answers = iter(["once"])

    worker = Worker(shared_client.address)

    @worker.target("flaky")
    def flaky(country: str) -> str:
        if country == "Peru" and next(answers, None):
            raise ValueError("not today")
        return country

    start_worker(worker)
    shared_client.experiments.update(
        experiment, target="flaky", settings=RunSettings(max_retries=0)
    )
    run = shared_client.runs.start(experiment, wait_for_worker=True)
    failed = shared_client.runs.wait(run, timeout=GRACE)
    retried = shared_client.runs.retry(run)
    done = shared_client.runs.wait(run, timeout=GRACE)

    assert (failed.counts.failed, retried.count) == (1, 1)
    assert (done.counts.failed, done.counts.succeeded, done.retries) == (0, 3, 1)
    assert shared_client.runs.result(run, 2).round == 1


async def test_the_async_client_does_the_same(
    shared_client: Client, experiment: Experiment
) -> None:
    async with AsyncClient(shared_client.address) as client:
        async with client.runs.drive(experiment) as driven:
            async for item in driven.items():
                await driven.submit(item, ANSWERS[item.id])
        run = await client.runs.wait(driven, timeout=GRACE)
        data = b"".join([part async for part in client.runs.export(run)])
        scores = [score async for score in client.scores.list(run)]
        entries = [entry async for entry in client.reviews.entries(run)]

    assert (run.status, len(scores), entries) == (RunStatus.COMPLETED, 3, [])
    assert len(data.splitlines()) == 3


def test_ids_of_runs_are_taken_once(shared_client: Client, experiment: Experiment) -> None:
    first = shared_client.runs.start(experiment, caller_driven=True)

    with pytest.raises(AlreadyExists):
        shared_client.runs.start(experiment, caller_driven=True, run_id=first.id)
