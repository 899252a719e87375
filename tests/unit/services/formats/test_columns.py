"""Mappings of columns of any name."""

from __future__ import annotations

import json

import pytest

from tests.unit.services.formats.reading import bad_row, ignored, opened, row, value
from trialbook.services.formats.columns import Mapping, check_mappings
from trialbook.services.formats.row import FieldProblem

QUESTIONS = "question,answer,topic,n\nwhy?,because,life,3\n"


def mapped(*pairs: str, json_columns: tuple[str, ...] = ()) -> list[Mapping]:
    mappings = []
    for pair in pairs:
        column, target = pair.split("=")
        mappings.append(Mapping(column, target, column in json_columns))
    return mappings


def test_columns_fill_fields_and_paths_inside_them() -> None:
    maps = mapped("question=input.q.text", "n=input.q.n", "answer=expected", "topic=metadata.topic")
    found = row(QUESTIONS, mappings=maps)
    assert value(found.input) == {"q": {"text": "why?", "n": "3"}}
    assert (found.expected, value(found.metadata)) == ('"because"', {"topic": "life"})


def test_a_column_of_json_is_no_text() -> None:
    maps = mapped("question=input", "n=metadata.n", json_columns=("n",))
    assert value(row(QUESTIONS, mappings=maps).metadata) == {"n": 3}


def test_a_cell_that_is_no_json_is_refused() -> None:
    maps = mapped("question=input", json_columns=("question",))
    assert bad_row(QUESTIONS, mappings=maps).path == "input"


def test_what_is_not_mapped_is_left_out_and_told() -> None:
    assert ignored(QUESTIONS, mappings=mapped("question=input")) == ("answer", "topic", "n")


def test_columns_that_are_called_like_fields_need_no_mapping() -> None:
    content = 'q,expected,tags,metadata_json,split\nwhy?,x,"a,b","{""k"":1}",test\n'
    found = row(content, mappings=mapped("q=input"))
    assert (found.expected, found.tags, found.split) == ('"x"', ("a", "b"), "test")
    assert value(found.metadata) == {"k": 1}


def test_a_mapped_field_is_filled_by_its_mapping_only() -> None:
    content = "q,expected,answer\nwhy?,x,y\n"
    maps = mapped("q=input", "answer=expected")
    assert row(content, mappings=maps).expected == '"y"'
    assert ignored(content, mappings=maps) == ("expected",)


def test_fields_of_json_rows_are_mapped_with_their_values_as_they_are() -> None:
    line = '{"question": [1,  2], "answer": null, "x": {"y": {"z": 1.0}}, "n": "{}"}'
    maps = mapped("question=input", "answer=expected", "x.y.z=metadata.z", "n=context")
    found = row(line, mappings=maps)
    assert (found.input, found.expected) == ("[1,  2]", "null")
    assert (found.metadata, found.context) == ('{"z":1.0}', "{}")
    assert ignored(line, mappings=maps) == ()


def test_a_row_without_the_input_column_tells_what_it_has() -> None:
    found = bad_row({"a": 1, "b": 2}, mappings=mapped("question=input"))
    assert (found.path, "question" in found.message) == ("input", True)
    assert "a, b" in found.message


def test_an_absent_column_leaves_its_field_absent() -> None:
    assert row({"q": 1}, mappings=mapped("q=input", "a=expected")).expected is None


def test_ids_and_tags_can_be_mapped() -> None:
    maps = mapped("q=input", "key=external_id", "labels=tags")
    found = row("q,key,labels\n1,a/b,x\n", mappings=maps)
    assert (found.external_id, found.tags) == ("a/b", ("x",))


def test_the_layout_is_columns() -> None:
    assert opened(QUESTIONS, mappings=mapped("question=input")).layout == "columns"
    assert opened("input\nx\n", layout="columns").layout == "columns"


@pytest.mark.parametrize(
    ("mappings", "path"),
    [
        (["=input"], "columns[0].column"),
        (["a=inputs"], "columns[0].target"),
        (["a="], "columns[0].target"),
        (["a=id.x"], "columns[0].target"),
        (["a=input."], "columns[0].target"),
        (["a=input..x"], "columns[0].target"),
        (["a=input" + ".x" * 17], "columns[0].target"),
        (["a=input", "b=input"], "columns[1].target"),
        (["a=input", "b=input.x"], "columns[1].target"),
        (["a=input.x", "b=input"], "columns[1].target"),
        (["a=input.x.y", "b=input.x"], "columns[1].target"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_by_its_place(mappings: list[str], path: str) -> None:
    with pytest.raises(FieldProblem) as caught:
        check_mappings(mapped(*mappings))
    assert caught.value.path == path
    assert caught.value.message


def test_too_many_mappings_are_refused() -> None:
    many = [Mapping(str(number), f"input.{number}") for number in range(1_001)]
    with pytest.raises(FieldProblem):
        check_mappings(many)
    check_mappings(many[:1_000])


def test_mappings_beside_each_other_are_fine() -> None:
    check_mappings(mapped("a=input.x", "b=input.xy", "c=input.y.x", "d=expected"))


def test_a_path_through_what_is_no_object_is_absent() -> None:
    line = json.dumps({"q": 1, "x": [1]})
    assert row(line, mappings=mapped("q=input", "x.y=expected")).expected is None
