"""Whether items fit schemas."""

from __future__ import annotations

import pytest

from trialbook.services.application.dataset_schema import (
    CheckedBodies,
    ItemChecker,
    checker_of,
    same_schemas,
)
from trialbook.services.domain.dataset import DatasetSettings


def checker(settings: DatasetSettings) -> ItemChecker:
    found = checker_of(settings)
    assert found is not None
    return found


def problems(schema: str, text: str) -> list[tuple[str, str]]:
    found = checker(DatasetSettings(schema)).problems(CheckedBodies(text, None, None))
    return [(bad.path, bad.message) for bad in found]


def test_without_schemas_there_is_nothing_to_check() -> None:
    assert checker_of(DatasetSettings(tags=("a",))) is None
    assert same_schemas(DatasetSettings(), DatasetSettings(tags=("a",)))
    assert not same_schemas(DatasetSettings(), DatasetSettings(context_schema="{}"))


def test_a_problem_is_named_by_its_path() -> None:
    schema = '{"properties":{"m":{"items":{"properties":{"role":{"type":"string"}}}}}}'

    ((path, message),) = problems(schema, '{"m":[{"role":"a"},{"role":1}]}')

    assert path == "input.m[1].role"
    assert "string" in message


def test_the_root_is_named_by_its_field() -> None:
    assert problems('{"type":"object"}', "[]")[0][0] == "input"


def test_large_values_and_many_problems_are_told_briefly() -> None:
    found = problems('{"items":{"type":"object"}}', '["' + '","'.join(["x" * 5000] * 300) + '"]')

    assert len(found) == 10
    assert all(len(message) <= 200 for _, message in found)


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ('{"type":"number"}', "1e999"),
        ('{"type":"number"}', "7" * 5000),
        ('{"items":{"type":"integer"}}', "[" + ",".join(["1"] * 200_000) + "]"),
    ],
    ids=["range", "digits", "steps"],
)
def test_what_cannot_be_checked_does_not_fit(schema: str, text: str) -> None:
    assert len(problems(schema, text)) == 1


def test_a_pattern_that_would_backtrack_takes_no_time() -> None:
    assert problems('{"pattern":"^(a+)+$"}', '"' + "a" * 100_000 + '!"')


def test_each_body_has_its_own_schema() -> None:
    both = checker(DatasetSettings("", '{"type":"string"}', '{"required":["u"]}'))

    found = both.problems(CheckedBodies("1", "1", "{}"))

    assert [bad.path for bad in found] == ["expected", "context"]
    assert not both.problems(CheckedBodies("1", None, None))
