"""ExperimentService: definitions and their immutable versions."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.service import (
    PROJECT,
    TARGET,
    Service,
    add,
    hosts_scorer,
    invalid,
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
from trialbook.v1.dataset_service_pb2 import DeleteDatasetRequest
from trialbook.v1.experiment_pb2 import Experiment, RunSettings, ScorerSpec, Target
from trialbook.v1.experiment_service_pb2 import (
    CreateExperimentRequest,
    DeleteExperimentRequest,
    GetExperimentRequest,
    ListExperimentsRequest,
    ListExperimentVersionsRequest,
    UpdateExperimentRequest,
)


async def create(
    service: Service,
    experiment: Experiment,
    *,
    experiment_id: str = "e",
    parent: str = PROJECT,
    request_id: str = "",
) -> Experiment:
    request = CreateExperimentRequest(
        parent=parent, experiment_id=experiment_id, experiment=experiment, request_id=request_id
    )
    return (await service.experiments.CreateExperiment(request)).experiment


async def get(service: Service, name: str) -> Experiment:
    return (await service.experiments.GetExperiment(GetExperimentRequest(name=name))).experiment


async def update(
    service: Service, experiment: Experiment, *paths: str, request_id: str = ""
) -> Experiment:
    request = UpdateExperimentRequest(
        experiment=experiment, update_mask=FieldMask(paths=paths), request_id=request_id
    )
    return (await service.experiments.UpdateExperiment(request)).experiment


async def definition(service: Service, **more: Any) -> Experiment:
    """A definition on a dataset that exists."""
    dataset = await new_dataset(service, 1)
    return Experiment(**{"dataset": dataset.name, "target": TARGET, **more})


async def test_an_experiment_is_created_with_its_defaults_filled_in(service: Service) -> None:
    wanted = await definition(service, scorers=[scorer("exact_match")])

    created = await create(service, wanted)

    assert created.name == f"{PROJECT}/experiments/e"
    assert (created.display_name, created.description) == ("e", "")
    assert (created.dataset, created.target) == (wanted.dataset, TARGET)
    assert (created.scorers[0].scorer, created.scorers[0].alias) == ("exact_match", "exact_match")
    assert created.scorers[0].scorer_version >= 1
    assert created.settings == RunSettings(
        concurrency=5,
        attempt_timeout=seconds(300),
        max_retries=2,
        initial_backoff=seconds(1),
        max_backoff=seconds(60),
        trials=1,
        seed=0,
    )
    assert created.version == 1
    assert created.uid
    assert created.etag
    assert created.create_time == created.update_time
    assert await get(service, created.name) == created


async def test_an_experiment_keeps_what_it_was_given(service: Service) -> None:
    wanted = await definition(
        service,
        display_name="Nightly",
        description="All of it",
        target=Target(kind="TARGET_KIND_WORKFLOW", name="flow", revision="r" * 128),
        scorers=[
            scorer("exact_match", alias="first"),
            scorer("levenshtein", alias="second"),
        ],
        settings=RunSettings(
            concurrency=10_000,
            attempt_timeout=seconds(0.001),
            max_retries=20,
            initial_backoff=seconds(3600),
            max_backoff=seconds(0),
            trials=100,
            run_deadline=seconds(1),
            rate_limit=0.5,
            max_failures=1_000_000_000,
            seed=-(2**63),
        ),
    )
    wanted.dataset += "/versions/1"

    created = await create(service, wanted)

    for field in ("display_name", "description", "dataset", "target", "settings"):
        assert getattr(created, field) == getattr(wanted, field)
    assert [spec.alias for spec in created.scorers] == ["first", "second"]


async def test_scorer_params_are_kept_byte_for_byte(service: Service) -> None:
    text = '{ "pattern" :"\\u0061+" }'

    created = await create(
        service, await definition(service, scorers=[scorer("regex_match", text)])
    )

    assert created.scorers[0].params.json == text


async def test_a_target_without_a_kind_is_an_agent(service: Service) -> None:
    created = await create(service, await definition(service, target=Target(name="t")))

    assert created.target.kind == TARGET.kind


async def test_what_is_required_must_be_there(service: Service) -> None:
    told = await refusal(create(service, Experiment(), experiment_id=""))

    assert summary(told) == invalid("experiment_id", "experiment.dataset", "experiment.target")


async def test_every_bad_field_is_named(service: Service) -> None:
    bad = await definition(
        service,
        display_name="n" * 201,
        description="d" * 4001,
        target=Target(name="a b", revision="r" * 129),
        settings=RunSettings(
            concurrency=0,
            attempt_timeout=seconds(0),
            max_retries=-1,
            initial_backoff=seconds(-1),
            max_backoff=seconds(3601),
            trials=101,
        ),
    )

    told = await refusal(create(service, bad))

    assert summary(told) == invalid(
        "experiment.display_name",
        "experiment.description",
        "experiment.target.name",
        "experiment.target.revision",
        "experiment.settings.concurrency",
        "experiment.settings.attempt_timeout",
        "experiment.settings.max_retries",
        "experiment.settings.initial_backoff",
        "experiment.settings.max_backoff",
        "experiment.settings.trials",
    )


@pytest.mark.parametrize(
    "bad",
    [
        RunSettings(concurrency=10_001),
        RunSettings(attempt_timeout=seconds(86_401)),
        RunSettings(max_retries=21),
        RunSettings(initial_backoff=seconds(3601)),
        RunSettings(max_backoff=seconds(-1)),
        RunSettings(trials=0),
    ],
    ids=lambda settings: settings.ListFields()[0][0].name,
)
async def test_settings_have_limits(service: Service, bad: RunSettings) -> None:
    told = await refusal(create(service, await definition(service, settings=bad)))

    assert summary(told) == invalid(f"experiment.settings.{bad.ListFields()[0][0].name}")


async def test_a_target_of_an_unknown_kind_is_refused(service: Service) -> None:
    wanted = await definition(service)
    wanted.target.kind = 99  # type: ignore[assignment]

    told = await refusal(create(service, wanted))

    assert summary(told) == invalid("experiment.target.kind")


async def test_a_dataset_that_is_not_there_is_not_found(service: Service) -> None:
    name = f"{PROJECT}/datasets/none"

    told = await refusal(create(service, Experiment(dataset=name, target=TARGET)))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": name}


async def test_a_dataset_version_that_was_never_made_is_not_found(service: Service) -> None:
    wanted = await definition(service)
    wanted.dataset += "/versions/2"

    told = await refusal(create(service, wanted))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "VERSION_NOT_FOUND")
    assert told.metadata["current_version"] == "1"


@pytest.mark.parametrize(
    "dataset", ["d", "projects/default/datasets/D", "projects/other/datasets/d"]
)
async def test_a_dataset_of_another_form_or_project_is_refused(
    service: Service, dataset: str
) -> None:
    await new_dataset(service, dataset_id="d", parent="projects/other")

    told = await refusal(create(service, Experiment(dataset=dataset, target=TARGET)))

    assert summary(told) == invalid("experiment.dataset")


async def test_an_unknown_scorer_is_refused_with_what_there_is(service: Service) -> None:
    told = await refusal(
        create(service, await definition(service, scorers=[scorer("exact_match"), scorer("exact")]))
    )

    assert summary(told) == invalid("experiment.scorers[1].scorer", reason="UNKNOWN_SCORER")
    assert told.metadata == {"scorer": "exact"}
    assert "exact_match" in told.message


async def test_a_scorer_must_be_named(service: Service) -> None:
    told = await refusal(create(service, await definition(service, scorers=[ScorerSpec()])))

    assert summary(told) == invalid("experiment.scorers[0].scorer")


@pytest.mark.parametrize(
    "params", ['{"pattern":"("}', "{}", '{"pattern":"a","more":1}', '{"pattern":1}']
)
async def test_parameters_that_do_not_fit_a_built_in_scorer_are_refused(
    service: Service, params: str
) -> None:
    told = await refusal(
        create(service, await definition(service, scorers=[scorer("regex_match", params)]))
    )

    assert told.code is grpc.StatusCode.INVALID_ARGUMENT
    assert told.reason == "INVALID_SCORER_PARAMETERS"
    assert told.metadata == {"scorer": "regex_match"}
    assert told.paths[0].startswith("experiment.scorers[0].params")


@pytest.mark.parametrize("params", ["{", "[]"])
async def test_parameters_must_be_a_json_object(service: Service, params: str) -> None:
    told = await refusal(
        create(service, await definition(service, scorers=[scorer("exact_match", params)]))
    )

    assert told.code is grpc.StatusCode.INVALID_ARGUMENT
    assert told.paths == ["experiment.scorers[0].params.json"]


async def test_an_alias_is_unique_and_well_formed(service: Service) -> None:
    twice = await definition(service, scorers=[scorer("exact_match"), scorer("exact_match")])
    bad = await definition(service, scorers=[scorer("exact_match", alias="a b")])

    assert summary(await refusal(create(service, twice))) == invalid("experiment.scorers[1].alias")
    assert summary(await refusal(create(service, bad))) == invalid("experiment.scorers[0].alias")


async def test_thirty_two_scorers_are_the_most(service: Service) -> None:
    specs = [scorer("exact_match", alias=f"a{n}") for n in range(33)]

    created = await create(service, await definition(service, scorers=specs[:32]))
    told = await refusal(
        create(service, await definition(service, scorers=specs), experiment_id="more")
    )

    assert len(created.scorers) == 32
    assert summary(told) == invalid("experiment.scorers")


async def test_a_hosted_scorer_is_pinned_to_its_version(service: Service) -> None:
    schema = json('{"type":"object","required":["k"],"properties":{"k":{"type":"integer"}}}')
    await new_worker(service, hosts_scorer("tone", version=7, params_schema=schema))

    created = await create(service, await definition(service, scorers=[scorer("tone", '{"k":1}')]))
    told = await refusal(
        create(
            service,
            await definition(service, scorers=[scorer("tone", '{"k":"x"}')]),
            experiment_id="bad",
        )
    )

    assert created.scorers[0].scorer_version == 7
    assert told.reason == "INVALID_SCORER_PARAMETERS"
    assert told.paths == ["experiment.scorers[0].params.k"]


@pytest.mark.parametrize(
    "schema",
    ['{"$ref":"#"}', '{"$ref":"#/nowhere"}', '{"pattern":"(a+)+$"}', '{"allOf":[{"$ref":"#"}]}'],
)
async def test_a_hostile_schema_of_a_worker_does_no_harm(service: Service, schema: str) -> None:
    """Either the registration or the experiment may be refused; nothing breaks."""
    codes = set()
    try:
        await new_worker(service, hosts_scorer("tone", params_schema=json(schema)))
        await create(service, await definition(service, scorers=[scorer("tone", '{"k":1}')]))
    except grpc.aio.AioRpcError as error:
        codes.add(error.code())

    assert codes <= {grpc.StatusCode.INVALID_ARGUMENT}


async def test_a_scorer_of_another_project_is_unknown(service: Service) -> None:
    await new_worker(service, hosts_scorer("tone"), parent="projects/other")

    told = await refusal(create(service, await definition(service, scorers=[scorer("tone")])))

    assert told.reason == "UNKNOWN_SCORER"


async def test_an_id_that_is_taken_is_refused(service: Service) -> None:
    await create(service, await definition(service))

    told = await refusal(create(service, await definition(service)))

    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_EXISTS")


async def test_a_repeated_creation_answers_as_before(service: Service) -> None:
    wanted = await definition(service)
    first = await create(service, wanted, request_id="r-1")
    await update(service, Experiment(name=first.name, description="new"))

    again = await create(service, wanted, request_id="r-1")
    told = await refusal(create(service, wanted, experiment_id="x", request_id="r-1"))

    assert again == first
    assert told.reason == "REQUEST_ID_REUSED"


async def test_every_version_can_be_read_for_ever(service: Service) -> None:
    first = await create(service, await definition(service))
    second = await update(
        service, Experiment(name=first.name, settings=RunSettings(trials=3)), "settings"
    )

    old = await get(service, f"{first.name}/versions/1")
    new = await get(service, f"{first.name}/versions/2")

    assert (second.version, second.settings.trials) == (2, 3)
    assert (old.version, old.settings.trials) == (1, 1)
    assert new == second == await get(service, first.name)


@pytest.mark.parametrize("version", [2, 2**62])
async def test_a_version_that_was_never_made_is_not_found(service: Service, version: int) -> None:
    created = await create(service, await definition(service))

    told = await refusal(get(service, f"{created.name}/versions/{version}"))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "VERSION_NOT_FOUND")
    assert told.metadata == {"resource": created.name, "current_version": "1"}


@pytest.mark.parametrize(
    "name", ["", "e", "projects/default/experiments/E", "projects/default/experiments/e/versions/0"]
)
async def test_a_name_of_another_form_is_refused(service: Service, name: str) -> None:
    assert summary(await refusal(get(service, name))) == invalid("name")


async def test_an_experiment_that_is_not_there_is_not_found(service: Service) -> None:
    name = f"{PROJECT}/experiments/none"

    told = [
        await refusal(get(service, name)),
        await refusal(get(service, f"{name}/versions/1")),
        await refusal(update(service, Experiment(name=name, description="x"))),
        await refusal(service.experiments.DeleteExperiment(DeleteExperimentRequest(name=name))),
        await refusal(
            service.experiments.ListExperimentVersions(ListExperimentVersionsRequest(parent=name))
        ),
    ]

    assert {(one.code, one.reason) for one in told} == {
        (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    }


async def test_experiments_are_listed_by_id_page_by_page(service: Service) -> None:
    for experiment_id in ("b", "c", "a"):
        await create(service, await definition(service), experiment_id=experiment_id)

    first = await service.experiments.ListExperiments(
        ListExperimentsRequest(parent=PROJECT, page_size=2)
    )
    rest = await service.experiments.ListExperiments(
        ListExperimentsRequest(parent=PROJECT, page_size=2, page_token=first.next_page_token)
    )
    told = await refusal(
        service.experiments.ListExperiments(
            ListExperimentsRequest(parent="projects/other", page_token=first.next_page_token)
        )
    )

    names = [row.name.rpartition("/")[2] for row in [*first.experiments, *rest.experiments]]
    assert names == ["a", "b", "c"]
    assert not rest.next_page_token
    assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


async def test_versions_are_listed_newest_first(service: Service) -> None:
    created = await create(service, await definition(service))
    for text in ("second", "third"):
        await service.experiments.UpdateExperiment(
            UpdateExperimentRequest(experiment=Experiment(name=created.name, description=text)),
            metadata=(("trialbook-author", "ada"),),
        )

    first = await service.experiments.ListExperimentVersions(
        ListExperimentVersionsRequest(parent=created.name, page_size=2)
    )
    rest = await service.experiments.ListExperimentVersions(
        ListExperimentVersionsRequest(
            parent=created.name, page_size=2, page_token=first.next_page_token
        )
    )

    rows = [*first.versions, *rest.versions]
    assert [(row.version, row.experiment.description, row.author) for row in rows] == [
        (3, "third", "ada"),
        (2, "second", "ada"),
        (1, "", "anonymous"),
    ]
    assert rows[0].name == f"{created.name}/versions/3"
    assert rows[2].experiment.version == 1


async def test_an_update_changes_what_its_mask_names(service: Service) -> None:
    first = await create(service, await definition(service, scorers=[scorer("exact_match")]))
    other = await new_dataset(service, 1)
    target = Target(kind="TARGET_KIND_WORKFLOW", name="flow")

    after = await update(
        service,
        Experiment(
            name=first.name,
            description="not named",
            dataset=other.name,
            target=target,
            scorers=[scorer("levenshtein", alias="c")],
        ),
        "dataset",
        "target",
        "scorers",
    )

    assert (after.dataset, after.target, after.description) == (other.name, target, "")
    assert [spec.alias for spec in after.scorers] == ["c"]
    assert after.version == 2
    assert after.etag != first.etag


async def test_an_update_without_a_mask_changes_what_is_set(service: Service) -> None:
    first = await create(service, await definition(service, description="text"))

    after = await update(service, Experiment(name=first.name, display_name="new"))

    assert (after.display_name, after.description) == ("new", "text")


async def test_masked_fields_that_are_not_set_are_cleared(service: Service) -> None:
    first = await create(
        service,
        await definition(
            service,
            display_name="n",
            description="d",
            scorers=[scorer("exact_match")],
            settings=RunSettings(trials=9),
        ),
    )

    after = await update(
        service,
        Experiment(name=first.name),
        "display_name",
        "description",
        "scorers",
        "settings",
    )

    assert (after.display_name, after.description) == ("e", "")
    assert list(after.scorers) == []
    assert after.settings.trials == 1


@pytest.mark.parametrize(
    ("path", "bad"), [("dataset", "experiment.dataset"), ("target", "experiment.target.name")]
)
async def test_what_is_required_cannot_be_cleared(service: Service, path: str, bad: str) -> None:
    first = await create(service, await definition(service))

    told = await refusal(update(service, Experiment(name=first.name), path))

    assert summary(told) == invalid(bad)
    assert await get(service, first.name) == first


@pytest.mark.parametrize("path", ["name", "version", "settings.trials", "etag", "*"])
async def test_a_mask_that_names_another_field_is_refused(service: Service, path: str) -> None:
    first = await create(service, await definition(service))

    told = await refusal(update(service, Experiment(name=first.name), path))

    assert summary(told) == invalid("update_mask")


async def test_a_change_that_changes_nothing_makes_no_version(service: Service) -> None:
    first = await create(service, await definition(service, scorers=[scorer("exact_match")]))

    again = await update(
        service, first, "display_name", "description", "dataset", "target", "scorers", "settings"
    )

    assert again == first


async def test_an_update_with_an_old_etag_is_refused(service: Service) -> None:
    first = await create(service, await definition(service))
    await update(service, Experiment(name=first.name, description="theirs", etag=first.etag))

    told = await refusal(
        update(service, Experiment(name=first.name, description="mine", etag=first.etag))
    )

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert (await get(service, first.name)).description == "theirs"


async def test_a_repeated_update_is_made_once(service: Service) -> None:
    created = await create(service, await definition(service))
    change = Experiment(name=created.name, description="mine")
    first = await update(service, change, request_id="r-1")
    await update(service, Experiment(name=created.name, description="theirs"))

    assert await update(service, change, request_id="r-1") == first
    assert (await get(service, created.name)).description == "theirs"


async def test_a_deleted_experiment_is_gone_and_its_id_is_free(service: Service) -> None:
    created = await create(service, await definition(service))

    await service.experiments.DeleteExperiment(DeleteExperimentRequest(name=created.name))

    told = await refusal(get(service, created.name))
    listed = await service.experiments.ListExperiments(ListExperimentsRequest(parent=PROJECT))
    again = await create(service, await definition(service))
    assert told.reason == "RESOURCE_NOT_FOUND"
    assert list(listed.experiments) == []
    assert again.uid != created.uid
    assert again.version == 1


async def test_a_deletion_is_guarded_and_repeatable(service: Service) -> None:
    created = await create(service, await definition(service))
    await update(service, Experiment(name=created.name, description="x"))
    stale = DeleteExperimentRequest(name=created.name, etag=created.etag)
    current = DeleteExperimentRequest(name=created.name, request_id="r-1")

    told = await refusal(service.experiments.DeleteExperiment(stale))
    await service.experiments.DeleteExperiment(current)
    await service.experiments.DeleteExperiment(current)

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")


async def test_an_experiment_survives_its_dataset(service: Service) -> None:
    created = await create(service, await definition(service))
    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=created.dataset))
    successor = await new_dataset(service, dataset_id=created.dataset.rpartition("/")[2])
    await add(service, successor.name, items(1))

    after = await update(service, Experiment(name=created.name, description="x"))

    assert (after.dataset, after.version) == (created.dataset, 2)


async def test_the_shorthand_of_the_tests_makes_valid_experiments(service: Service) -> None:
    dataset = await new_dataset(service, 1)

    created = await new_experiment(service, dataset.name, timeout=1.5, trials=2)

    assert created.settings.attempt_timeout == seconds(1.5)
