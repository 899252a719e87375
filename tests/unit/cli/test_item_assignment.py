"""The fields of an item on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from trialbook.client import Json
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.item_assignment import Assignment, assigned, assignment
from trialbook.services.cli.item_fields import with_member


def given(*texts: str, **files: str) -> dict[str, Any]:
    return {
        "assignments": [assignment(text) for text in texts],
        "input_file": files.get("input"),
        "expected_file": files.get("expected"),
    }


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("input=1", Assignment("input", (), "1")),
        ("input.question=a=b", Assignment("input", ("question",), "a=b")),
        ("metadata.a b[2].c=\n{}", Assignment("metadata", ("a b", 2, "c"), "\n{}")),
        ("input[0]=1", Assignment("input", (0,), "1")),
    ],
)
def test_fields_and_paths(text: str, parts: Assignment) -> None:
    assert assignment(text) == parts


@pytest.mark.parametrize(
    "text", ["", "input", "=1", "inputs=1", "tags[0]=1", "split.a=1", "input.=1", "input[x]=1"]
)
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        assignment(text)


def test_payloads_are_kept_byte_for_byte_and_identities_are_plain_text() -> None:
    fields = assigned(given('input={"a":  1.0}', "id=007", "split=train", 'tags=["x"]'))

    assert fields == {"input": Json('{"a":  1.0}'), "id": "007", "split": "train", "tags": ["x"]}


def test_parts_make_an_object_and_join_what_was_given() -> None:
    fields = assigned(given('input.a.b="x"', "input.a.c=[1]", "input.d=null"))

    assert fields == {"input": Json('{"a":{"b":"x","c":[1]},"d":null}')}


def test_parts_are_set_in_what_was_there() -> None:
    before = {"input": '{"a": [ 1.0, {"b":  2} ]}', "expected": None}

    fields = assigned(given("input.a[1].b=3", "input.a[2]=4"), before)

    assert fields == {"input": Json('{"a":[1.0,{"b":3},4]}')}


def test_values_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "v.json"
    file.write_text('\ufeff{"a":  1}\n', encoding="utf-8")

    fields = assigned(given(f"metadata.m=@{file}", input=str(file)))

    assert fields == {"input": Json('{"a":  1}'), "metadata": Json('{"m":{"a":  1}}')}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input=Hello", "input is not JSON"),
        ("input.a=", "input.a is not JSON"),
        ("context.n.m=1", "there is no object to hold 'm'"),
        ("context.list.a=1", "there is no object to hold 'a'"),
        ("context.list[7]=1", r"the list has 1 elements, so \[7\] is not one of them"),
        ("context[0]=1", r"there is no list to hold \[0\]"),
    ],
)
def test_a_value_that_cannot_be_set_is_said(text: str, message: str) -> None:
    with pytest.raises(CommandFailure, match=message):
        assigned(given(text), {"context": '{"n": 1, "list": [2]}'})


def test_the_rest_of_an_object_stays_byte_for_byte() -> None:
    text = '{"n": 12345678901234567890123, "x": 1.0, "u": "\\u00e9"}'

    assert (
        with_member(text, ["y"], "2") == '{"n":12345678901234567890123,"x":1.0,"u":"\\u00e9","y":2}'
    )
