"""Items in files of JSON lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from trialbook.client import InvalidArgument, Json, Violation
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.item_file import MOST_ITEMS, read_item_file


def test_rows_keep_their_payloads_and_lines(tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(
        b'\xef\xbb\xbf{"input": {"n": 1.0}, "id": 7, "tags": ["x"]}\n\n'
        b'{"input": null, "tool_mocks": [{"tool": "t", "output": [ 1 ]}], "split": null}'
    )

    found = read_item_file(str(file))

    assert found.lines == (1, 3)
    assert found.rows == (
        {"input": Json('{"n": 1.0}'), "id": "7", "tags": ["x"]},
        {
            "input": Json("null"),
            "tool_mocks": [{"tool": "t", "output": Json("[ 1 ]")}],
            "split": None,
        },
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no items"),
        (b'{"input": 1}\n{"input": ', "line 2 is not JSON"),
        (b"[1]", "line 1 is not a JSON object"),
        (b'{"input": "\xff"}', "line 1 is not JSON"),
        (b'{"input": 1, "inptu": 2}', "fields that an item has not: inptu"),
        (b'{"input": 1, "clear": ["tags"]}', "fields that an item has not: clear"),
        (b'{"input": 1}\n' * (MOST_ITEMS + 1), "1,001 items"),
    ],
)
def test_a_bad_file_is_refused_by_line(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "items.jsonl"
    file.write_bytes(content)

    with pytest.raises(CommandFailure, match=message):
        read_item_file(str(file))


def test_updates_may_clear_fields(tmp_path: Path) -> None:
    file = tmp_path / "updates.jsonl"
    file.write_text('{"id": "a", "clear": ["tags"]}')

    assert read_item_file(str(file), updates=True).rows == ({"id": "a", "clear": ["tags"]},)


def test_errors_about_rows_name_the_lines(tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text('\n{"input": 1}\n\n{"input": 2}\n')
    found = read_item_file(str(file))
    violations = [
        Violation("items[0].input.json", "too short"),
        Violation("updates[1].item", "gone"),
        Violation("items[1].item_id", "taken"),
        Violation("updates[1].item.item_id", "unknown"),
    ]

    with pytest.raises(CommandFailure) as caught, found.naming_lines():
        raise InvalidArgument("bad", violations=violations)

    assert caught.value.details == (
        "line 2: input: too short",
        "line 4: gone",
        "line 4: id: taken",
        "line 4: id: unknown",
    )


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text('{"input": 1}')

    with pytest.raises(InvalidArgument), read_item_file(str(file)).naming_lines():
        raise InvalidArgument("bad", violations=[Violation("message", "too long")])
