from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.domain import naming
from trialbook.services.domain.errors import Invalid

FIRST = string.ascii_lowercase + string.digits
IDS = st.builds(str.__add__, st.sampled_from(FIRST), st.text(FIRST + "._-", max_size=62))
ITEM_IDS = st.text(string.ascii_letters + string.digits + "._:-", min_size=1, max_size=128)
SCORER_IDS = st.builds(
    str.__add__,
    st.sampled_from(string.ascii_letters + string.digits),
    st.text(string.ascii_letters + string.digits + "._-", max_size=127),
)
ALIASES = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=64)
NUMBERS = st.integers(1, 2**62)
PARSERS: list[Callable[[str, str], object]] = [
    naming.parse_project,
    naming.parse_dataset,
    naming.parse_experiment,
    naming.parse_run,
    naming.parse_scorer,
    naming.parse_item,
    naming.parse_result,
    naming.parse_score,
    lambda path, name: naming.parse_versioned(path, name, "dataset"),
    lambda path, name: naming.parse_versioned(path, name, "experiment"),
]


@given(IDS, IDS, ITEM_IDS, SCORER_IDS, NUMBERS)
def test_every_name_is_parsed_back(
    project: str, resource: str, item: str, scorer: str, number: int
) -> None:
    assert naming.parse_project("p", naming.project_name(project)) == project
    assert naming.parse_dataset("p", naming.dataset_name(project, resource)) == (project, resource)
    assert naming.parse_experiment("p", naming.experiment_name(project, resource)) == (
        project,
        resource,
    )
    assert naming.parse_run("p", naming.run_name(project, resource)) == (project, resource)
    assert naming.parse_scorer("p", naming.scorer_name(project, scorer)) == (project, scorer)
    assert naming.parse_item("p", naming.item_name(project, resource, item)) == (
        project,
        resource,
        item,
    )
    assert naming.parse_result("p", naming.result_name(project, resource, number)) == (
        project,
        resource,
        number,
    )


@given(IDS, IDS, NUMBERS)
def test_versions_are_optional(project: str, resource: str, version: int) -> None:
    for noun, plain, versioned in (
        ("dataset", naming.dataset_name, naming.dataset_version_name),
        ("experiment", naming.experiment_name, naming.experiment_version_name),
    ):
        assert naming.parse_versioned("p", plain(project, resource), noun) == (
            project,
            resource,
            None,
        )
        assert naming.parse_versioned("p", versioned(project, resource, version), noun) == (
            project,
            resource,
            version,
        )


@given(IDS, IDS, st.integers(0, 2**62), ALIASES, st.none() | NUMBERS)
def test_scores_may_name_the_place_of_their_scorer(
    project: str, run: str, number: int, alias: str, place: int | None
) -> None:
    score = alias if place is None else f"{alias}@{place}"
    name = naming.score_name(project, run, number, score)

    assert naming.parse_score("p", name) == (project, run, number, alias, place)


@given(st.one_of(st.text(), st.lists(st.text(max_size=5), max_size=7).map("/".join)))
def test_any_other_text_is_refused_and_nothing_else(name: str) -> None:
    for parse in PARSERS:
        refused = refusal_of(parse, name)
        if refused is not None:
            assert {violation.path for violation in refused.violations} == {"field"}
            assert len(refused.message) < 2000


def refusal_of(parse: Callable[[str, str], object], name: str) -> Invalid | None:
    try:
        parse("field", name)
    except Invalid as error:
        return error
    return None


def test_a_refusal_tells_the_form() -> None:
    with pytest.raises(Invalid, match=r"write projects/\{project\}/datasets/\{dataset\}"):
        naming.parse_dataset("name", "support")


@pytest.mark.parametrize(
    "name", ["projects/p/datasets/d\n", "projects/p/datasets/d/", " projects/p/datasets/d"]
)
def test_names_are_matched_as_wholes(name: str) -> None:
    with pytest.raises(Invalid):
        naming.parse_dataset("name", name)
