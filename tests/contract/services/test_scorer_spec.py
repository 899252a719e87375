"""What a scorer's place in an experiment, a run, a dataset or an item may say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service import (
    PROJECT,
    TARGET,
    Service,
    hosts_scorer,
    invalid,
    item,
    json,
    new_dataset,
    new_experiment,
    new_worker,
    refusal,
    summary,
)
from trialbook.v1.dataset_pb2 import Dataset
from trialbook.v1.dataset_service_pb2 import AddItemsRequest, UpdateDatasetRequest
from trialbook.v1.dataset_settings_pb2 import DatasetSettings
from trialbook.v1.experiment_pb2 import (
    SCORER_SCOPE_ITEM,
    SCORER_SCOPE_RUN,
    SCORER_SCOPE_STEP,
    Experiment,
    ScorerSpec,
)
from trialbook.v1.experiment_service_pb2 import CreateExperimentRequest
from trialbook.v1.run_service_pb2 import ScorerList, StartRunRequest

STEP: dict[str, Any] = {"scope": SCORER_SCOPE_STEP}
RUN: dict[str, Any] = {"scope": SCORER_SCOPE_RUN}

GOOD = [
    ScorerSpec(scorer="exact_match", alias="a", scope=SCORER_SCOPE_STEP, step_id="x" * 200),
    ScorerSpec(scorer="exact_match", alias="b", output_pointer="/a~1b/0", expected_pointer="/"),
    ScorerSpec(scorer="agreement", scope=SCORER_SCOPE_RUN, output_pointer="/a"),
    ScorerSpec(scorer="whoever", by_caller=True),
    ScorerSpec(scorer="tone", scope=SCORER_SCOPE_STEP, step_id="s"),
    ScorerSpec(scorer="spread", scope=SCORER_SCOPE_RUN),
]
BAD: list[tuple[str, dict[str, Any]]] = [
    ("step_id", {"scorer": "exact_match", **STEP}),
    ("step_id", {"scorer": "exact_match", "step_id": "s"}),
    ("step_id", {"scorer": "exact_match", "step_id": "s" * 201, **STEP}),
    ("output_pointer", {"scorer": "exact_match", "output_pointer": "a"}),
    ("output_pointer", {"scorer": "exact_match", "output_pointer": "/" + "a" * 500}),
    ("expected_pointer", {"scorer": "exact_match", "expected_pointer": "/~2"}),
    ("scope", {"scorer": "exact_match", "scope": 99}),
    ("scope", {"scorer": "exact_match", **RUN}),
    ("scope", {"scorer": "agreement"}),
    ("scope", {"scorer": "agreement", "step_id": "s", **STEP}),
    ("scope", {"scorer": "tone", **RUN}),
    ("scope", {"scorer": "spread", "scope": SCORER_SCOPE_ITEM}),
    ("params", {"scorer": "mine", "by_caller": True, "params": json("{}")}),
    ("scorer", {"scorer": "my scorer", "alias": "a", "by_caller": True}),
    ("by_caller", {"scorer": "mine", "by_caller": True, **RUN}),
    ("by_caller", {"scorer": "mine", "by_caller": True, "output_pointer": "/a"}),
]


@pytest.fixture
async def dataset(service: Service) -> Dataset:
    await new_worker(service, hosts_scorer("tone"), hosts_scorer("spread", scope=SCORER_SCOPE_RUN))
    return await new_dataset(service, 1)


async def test_an_experiment_keeps_all_of_its_scorers(service: Service, dataset: Dataset) -> None:
    experiment = await new_experiment(service, dataset.name, *GOOD)

    for stored, given in zip(experiment.scorers, GOOD, strict=True):
        assert stored.scorer_version == 1
        scope = given.scope or SCORER_SCOPE_ITEM
        expected = ScorerSpec(scorer_version=1, alias=given.scorer)
        expected.MergeFrom(given)
        expected.scope = scope
        assert stored == expected


async def test_what_cannot_be_is_refused_by_its_path(service: Service, dataset: Dataset) -> None:
    for field, given in BAD:
        told = await refusal(
            service.experiments.CreateExperiment(
                CreateExperimentRequest(
                    parent=PROJECT,
                    experiment_id="e",
                    experiment=Experiment(
                        dataset=dataset.name, target=TARGET, scorers=[GOOD[0], ScorerSpec(**given)]
                    ),
                )
            )
        )

        assert summary(told) == invalid(f"experiment.scorers[1].{field}"), given


async def test_a_caller_judges_only_runs_that_it_drives(service: Service, dataset: Dataset) -> None:
    await new_worker(service)
    experiment = await new_experiment(service, dataset.name)
    request = StartRunRequest(
        parent=PROJECT, experiment=experiment.name, scorers=ScorerList(scorers=[GOOD[3]])
    )

    told = await refusal(service.runs.StartRun(request))
    request.caller_driven = True
    begun = await service.runs.StartRun(request)

    assert summary(told) == invalid("scorers.scorers[0].by_caller")
    assert begun.run.scorers[0].by_caller


async def test_items_and_datasets_have_no_scorers_of_callers(
    service: Service, dataset: Dataset
) -> None:
    changed = Dataset(name=dataset.name, settings=DatasetSettings(default_scorers=GOOD[2:4]))
    update = UpdateDatasetRequest(dataset=changed)
    update.update_mask.paths.append("settings.default_scorers")

    told = await refusal(service.datasets.UpdateDataset(update))

    assert summary(told) == invalid("dataset.settings.default_scorers[1].by_caller")
    for place, field in ((2, "scope"), (3, "by_caller")):
        bad = item("1", scorers=[GOOD[place]])
        told = await refusal(
            service.datasets.AddItems(AddItemsRequest(parent=dataset.name, items=[bad]))
        )
        assert summary(told) == invalid(f"items[0].scorers[0].{field}")
