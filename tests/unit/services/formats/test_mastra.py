"""Mastra's snapshots."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import pytest

from tests.unit.services.formats.reading import (
    bad_row,
    ignored,
    opened,
    row,
    rows,
    unreadable,
    value,
)
from trialbook.services.formats.mastra_digest import number_text
from trialbook.services.formats.row import MockRow, ScorerRow

IDENTITY = "00000000-0000-4000-8000-00000000000{}"
ITEM: dict[str, Any] = {
    "itemIdentity": IDENTITY.format(2),
    "createdAt": "2026-09-01T09:00:00.123Z",
    "updatedAt": "2026-09-10T10:00:00.456Z",
    "payload": {
        "externalId": "case-1",
        "input": {"question": "Hi"},
        "groundTruth": "Hello",
        "expectedTrajectory": {"steps": [{"name": "lookup"}]},
        "toolMocks": [
            {"toolName": "lookup", "args": {"q": 1}, "output": None},
            {"toolName": "any", "args": {"q": 2}, "output": {"r": 1}, "matchArgs": "ignore"},
        ],
        "unmockedToolPolicy": "deny",
        "scorerIds": ["accuracy"],
        "requestContext": {"user": "u"},
        "metadata": {"owner": "quality"},
        "source": {"type": "trace", "referenceId": "trace-1"},
    },
}


def snapshot(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A snapshot without its digest."""
    return {
        "formatVersion": 1,
        "datasetIdentity": IDENTITY.format(1),
        "configuration": {"name": "cases", "inputSchema": {"type": "object"}},
        "items": list(items),
        "provenance": {
            "exportedAt": "2026-09-14T12:00:00Z",
            "sourceDatasetId": "d",
            "itemVersion": 3,
            "configurationBasis": "export-time",
        },
        **changes,
    }


def with_payload(**changes: Any) -> dict[str, Any]:
    item = copy.deepcopy(ITEM)
    item["payload"] |= changes
    return item


def test_a_snapshot_is_read_in_full() -> None:
    content = json.dumps(snapshot(ITEM))
    found = row(content)
    assert opened(content).layout == "mastra"
    assert (found.external_id, found.line) == ("case-1", 1)
    assert (value(found.input), found.expected) == ({"question": "Hi"}, '"Hello"')
    assert value(found.expected_trajectory) == {"steps": [{"name": "lookup"}]}
    assert found.tool_mocks == (
        MockRow("lookup", '{"q": 1}', "null"),
        MockRow("any", None, '{"r": 1}'),
    )
    assert (found.unmocked_tools, found.scorers) == ("deny", (ScorerRow("accuracy"),))
    assert value(found.context) == {"user": "u"}
    assert (found.source_type, found.source_reference) == ("trace", "trace-1")
    assert value(found.metadata) == {
        "owner": "quality",
        "mastra": {"itemIdentity": IDENTITY.format(2)},
    }


def test_what_is_left_out_is_told() -> None:
    assert set(ignored(snapshot(ITEM))) == {
        "configuration.name",
        "configuration.inputSchema",
        "datasetIdentity",
        "provenance",
        "createdAt",
        "updatedAt",
        "toolMocks.args",
    }


def test_an_item_without_an_external_id_has_its_identity_as_one() -> None:
    found = row(snapshot(with_payload(externalId=None)))
    assert found.external_id == IDENTITY.format(2)
    assert value(found.metadata) == {"owner": "quality"}


def test_null_is_absence() -> None:
    empty = dict.fromkeys(ITEM["payload"]) | {"input": 0}
    found = row(snapshot({**ITEM, "payload": empty}))
    assert (found.expected, found.context, found.metadata) == (None, None, None)
    assert (found.tool_mocks, found.scorers, found.unmocked_tools) == ((), (), "")


def test_what_has_no_counterpart_goes_to_the_metadata() -> None:
    source = {"type": "candidate-screener", "referenceId": "s"}
    found = row(snapshot(with_payload(scorerIds=[], source=source, novelty=5)))
    assert (found.scorers, found.source_type) == ((), "")
    kept = value(found.metadata)["mastra"]
    assert (kept["scorerIds"], kept["source"], kept["novelty"]) == ([], source, 5)


def test_a_null_input_is_refused_by_its_field() -> None:
    assert bad_row(snapshot(with_payload(input=None))).path == "input"


def test_a_mock_of_the_wrong_type_is_refused_by_its_place() -> None:
    assert bad_row(snapshot(with_payload(toolMocks=[1]))).path == "toolMocks[0]"


def test_rows_of_payloads_alone_are_read() -> None:
    lines = '{"input": 1, "groundTruth": 2}\n{"input": 3}\n'
    assert [(row.input, row.expected) for row in rows(lines)] == [("1", "2"), ("3", None)]


# The canonical form of the content below, written out by hand from RFC 8785.
CANONICAL = (
    '{"configuration":{"name":"ä\\n"},'
    f'"datasetIdentity":"{IDENTITY.format(1)}","formatVersion":1,'
    '"items":['
    f'{{"createdAt":"c","itemIdentity":"{IDENTITY.format(2)}",'
    '"payload":{"input":[1,0.1,1e+21,1e-7,9007199254740994,true,null]},"updatedAt":"u"},'
    f'{{"createdAt":"c","itemIdentity":"{IDENTITY.format(3)}","payload":{{"input":""}},'
    '"updatedAt":"u"}],"provenance":{}}'
)


def sealed(digest: str) -> str:
    numbers = "[1.0, 0.10, 1e21, 1E-7, 9007199254740993.5, true, null]"
    dates = '"createdAt":"c","updatedAt":"u"'
    items = [
        f'{{"itemIdentity":"{IDENTITY.format(3)}",{dates},"payload":{{"input":""}}}}',
        f'{{"itemIdentity":"{IDENTITY.format(2)}",{dates},"payload":{{"input":{numbers}}}}}',
    ]
    return (
        f'{{"formatVersion":1,"datasetIdentity":"{IDENTITY.format(1)}",'
        f'"configuration":{{"name":"\\u00e4\\n"}},"items":[{",".join(items)}],'
        f'"provenance":{{}},"digest":"{digest}"}}'
    )


def test_a_digest_that_fits_is_accepted_and_the_order_of_the_file_kept() -> None:
    found = rows(sealed(hashlib.sha256(CANONICAL.encode()).hexdigest()))
    assert [row.external_id[-1] for row in found] == ["3", "2"]


def test_a_digest_that_does_not_fit_is_refused() -> None:
    assert "digest" in unreadable(sealed("0" * 64)).message


def test_a_snapshot_of_another_version_is_refused() -> None:
    assert "formatVersion 2" in unreadable(json.dumps(snapshot(formatVersion=2))).message


def test_a_field_that_stands_twice_is_refused() -> None:
    twice = sealed("0" * 64).replace('"input":""', '"input":"","input":1')
    assert "two fields 'input'" in unreadable(twice).message


def test_items_of_the_wrong_shape_are_refused() -> None:
    assert unreadable(json.dumps(snapshot({"itemIdentity": 5}))).message


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-9, "1.5e-9"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (0.12345678901234568, "0.12345678901234568"),
        (9007199254740994.0, "9007199254740994"),
    ],
)
def test_numbers_are_written_as_ecmascript_does(number: float, text: str) -> None:
    assert number_text(number) == text
