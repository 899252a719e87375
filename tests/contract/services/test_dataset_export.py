"""DatasetService.ExportItems: the items of a version as a file, and back again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

import grpc
import pyarrow.parquet as pq
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.service import (
    PROJECT,
    Service,
    invalid,
    item,
    items,
    new_dataset,
    refusal,
    summary,
)
from trialbook.v1.dataset_file_pb2 import (
    FILE_FORMAT_CSV,
    FILE_FORMAT_JSON,
    FILE_FORMAT_JSONL,
    FILE_FORMAT_PARQUET,
    FileFormat,
)
from trialbook.v1.dataset_pb2 import (
    ITEM_SOURCE_TYPE_TRACE,
    UNMOCKED_TOOL_POLICY_DENY,
    Item,
    ItemSource,
    ToolMock,
)
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    ExportItemsRequest,
    ImportFileRequest,
    ListItemsRequest,
    PurgeItemsRequest,
    RemoveItemsRequest,
    SetLabelRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetLabel
from trialbook.v1.experiment_pb2 import ScorerSpec
from trialbook.v1.item_selection_pb2 import ItemSample, ItemSelection
from trialbook.v1.payload_pb2 import Payload

FORMATS = [FILE_FORMAT_JSONL, FILE_FORMAT_CSV, FILE_FORMAT_PARQUET]


@dataclass(frozen=True)
class Exported:
    """An exported file, and what was told of it."""

    data: bytes
    version: int
    item_count: int
    sha256: bytes

    def rows(self) -> list[dict[str, Any]]:
        """The rows of JSON lines."""
        return [json.loads(line) for line in self.data.splitlines()]


async def export(
    service: Service, parent: str, form: FileFormat = FILE_FORMAT_JSONL, **how: Any
) -> Exported:
    request = ExportItemsRequest(parent=parent, format=form, **how)
    answers = [answer async for answer in service.datasets.ExportItems(request)]
    assert all(not answer.sha256 for answer in answers[:-1]), "the last one only is the end"
    assert max(len(answer.data) for answer in answers) <= 1024 * 1024
    return Exported(
        b"".join(answer.data for answer in answers),
        answers[0].version,
        answers[-1].item_count,
        answers[-1].sha256,
    )


async def bring(service: Service, parent: str, content: bytes) -> None:
    request = ImportFileRequest(parent=parent, data=content, last=True)
    async for _ in service.datasets.ImportFile(iter([request])):
        pass


async def listed(service: Service, name: str) -> list[Item]:
    found = await service.datasets.ListItems(ListItemsRequest(parent=name, page_size=1000))
    return list(found.items)


def rich_items() -> list[Item]:
    """Items with everything that an item may have, in unusual spellings."""
    full = item('{"q": "ä \\u00e4",  "n": 1.0}', "null", item_id="full", external_id='a,"b"\r\n/ü')
    full.context.json = '{ "user" : [ ] }'
    full.metadata.json = '{"k":1e400,"line":"a\\nb"}'
    full.tags.extend(["x", "a,b", '"'])
    full.split = " test "
    full.expected_trajectory.json = '{"steps":[]}'
    full.start_options.json = '{"t": 0.10}'
    full.tool_mocks.extend(
        [
            ToolMock(tool="t", arguments=Payload(json='{"a":  1}'), output=Payload(json="null")),
            ToolMock(tool="u", output=Payload(json='"x"')),
        ]
    )
    full.unmocked_tools = UNMOCKED_TOOL_POLICY_DENY
    full.scorers.append(ScorerSpec(scorer="exact_match"))
    full.scorers.append(
        ScorerSpec(scorer="levenshtein", alias="near", params=Payload(json='{"threshold": 0.50}'))
    )
    full.source.CopyFrom(ItemSource(type=ITEM_SOURCE_TYPE_TRACE, reference="trace, 1"))
    return [full, item("1"), item('""', '"="', item_id="b"), item("{}", split="s")]


@pytest.mark.parametrize("form", FORMATS)
async def test_a_file_that_is_imported_and_exported_again_is_the_same(
    service: Service, form: FileFormat
) -> None:
    first = await new_dataset(service, rich_items())
    second = await new_dataset(service)
    file = await export(service, first.name, form)

    await bring(service, second.name, file.data)

    again = await export(service, second.name, form)
    assert again.data == file.data
    assert again.sha256 == file.sha256 == hashlib.sha256(file.data).digest()
    assert again.item_count == file.item_count == 4
    assert comparable(await listed(service, second.name)) == comparable(
        await listed(service, first.name)
    )


def comparable(found: list[Item]) -> list[Item]:
    """Items without what each dataset has of its own."""
    for one in found:
        for field in ("name", "create_time", "update_time"):
            one.ClearField(field)
    return found


@pytest.mark.parametrize("form", FORMATS)
async def test_an_imported_export_changes_nothing(service: Service, form: FileFormat) -> None:
    dataset = await new_dataset(service, rich_items())
    file = await export(service, dataset.name, form)

    await bring(service, dataset.name, file.data)

    assert (await export(service, dataset.name, form)).version == file.version


async def test_payloads_are_exported_as_they_are(service: Service) -> None:
    dataset = await new_dataset(service, rich_items())

    file = await export(service, dataset.name)

    first = file.data.splitlines()[0].decode()
    assert '"input":{"q": "ä \\u00e4",  "n": 1.0},"expected":null,' in first
    assert '"metadata":{"k":1e400,"line":"a\\nb"}' in first
    assert file.rows()[1] == {"id": "item-2", "input": 1, "source": {"type": "manual"}}


async def test_breaks_inside_payloads_are_kept_by_tables_and_spaces_in_lines(
    service: Service,
) -> None:
    text = '{\n\t"a": 1\r\n}'
    dataset = await new_dataset(service, [item(text)])

    rows = list(
        csv.reader(
            io.StringIO((await export(service, dataset.name, FILE_FORMAT_CSV)).data.decode(), "")
        )
    )
    table = pq.read_table(
        io.BytesIO((await export(service, dataset.name, FILE_FORMAT_PARQUET)).data)
    )
    line = (await export(service, dataset.name)).data

    assert rows[1][rows[0].index("input_json")] == text
    assert table.column("input_json").to_pylist() == [text]
    assert b'"input":{ \t"a": 1  }' in line
    assert line.count(b"\n") == 1


async def test_items_are_exported_in_the_order_of_insertion(service: Service) -> None:
    dataset = await new_dataset(service, 2_500)

    file = await export(service, dataset.name)

    assert [row["id"] for row in file.rows()] == [f"i{number}" for number in range(1, 2_501)]
    assert (file.version, file.item_count) == (1, 2_500)


async def test_versions_labels_and_times_can_be_exported(service: Service) -> None:
    dataset = await new_dataset(service, items(2))
    await service.datasets.AddItems(AddItemsRequest(parent=dataset.name, items=items(1, first=3)))
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=dataset.name, item_ids=["i1"]))
    label = DatasetLabel(label_id="golden", version=2)
    await service.datasets.SetLabel(SetLabelRequest(parent=dataset.name, label=label))
    early = Timestamp(seconds=1)

    async def ids(**how: Any) -> tuple[int, list[str]]:
        parent = how.pop("parent", dataset.name)
        file = await export(service, parent, **how)
        return file.version, [row["id"] for row in file.rows()]

    assert await ids() == (3, ["i2", "i3"])
    assert await ids(version=1) == (1, ["i1", "i2"])
    assert await ids(label="golden") == (2, ["i1", "i2", "i3"])
    assert await ids(label="latest") == (3, ["i2", "i3"])
    assert await ids(as_of=early) == (0, [])
    assert await ids(parent=f"{dataset.name}/versions/1") == (1, ["i1", "i2"])
    assert await ids(parent=f"{dataset.name}/versions/golden") == (2, ["i1", "i2", "i3"])


async def test_a_selection_can_be_exported(service: Service) -> None:
    rows = [item(str(number), split="ba"[number % 2]) for number in range(8)]
    dataset = await new_dataset(service, rows)

    by_split = await export(service, dataset.name, selection=ItemSelection(splits=["a"]))
    by_filter = await export(
        service, dataset.name, selection=ItemSelection(filter="input > 5", tags=[])
    )
    sample = ItemSelection(sample=ItemSample(count=3, seed=5))
    sampled = [await export(service, dataset.name, selection=sample) for _ in range(2)]

    assert [row["input"] for row in by_split.rows()] == [1, 3, 5, 7]
    assert [row["input"] for row in by_filter.rows()] == [6, 7]
    assert len(sampled[0].rows()) == 3
    assert sampled[0] == sampled[1]


@pytest.mark.parametrize("form", FORMATS)
async def test_a_dataset_without_items_is_a_file_too(service: Service, form: FileFormat) -> None:
    dataset = await new_dataset(service)

    file = await export(service, dataset.name, form)

    await bring(service, dataset.name, file.data)
    assert (file.item_count, file.version) == (0, 0)
    assert file.sha256 == hashlib.sha256(file.data).digest()


async def test_purged_items_are_left_out(service: Service) -> None:
    dataset = await new_dataset(service, items(3))
    await service.datasets.PurgeItems(PurgeItemsRequest(parent=dataset.name, item_ids=["i2"]))

    file = await export(service, dataset.name, version=1)

    assert [row["id"] for row in file.rows()] == ["i1", "i3"]
    assert file.item_count == 2


async def test_large_payloads_are_sent_in_pieces(service: Service) -> None:
    dataset = await new_dataset(service, [item('"' + "x" * 900_000 + '"') for _ in range(20)])

    for form in FORMATS:
        file = await export(service, dataset.name, form)
        assert file.item_count == 20


@pytest.mark.parametrize("form", [0, FILE_FORMAT_JSON, 99])
async def test_a_format_that_is_none_of_exports_is_refused(
    service: Service, form: FileFormat
) -> None:
    dataset = await new_dataset(service)

    assert summary(await refusal(export(service, dataset.name, form))) == invalid("format")


async def test_what_is_not_there_is_not_exported(service: Service) -> None:
    dataset = await new_dataset(service, 1)

    nothing = await refusal(export(service, f"{PROJECT}/datasets/none"))
    no_version = await refusal(export(service, dataset.name, version=7))
    no_label = await refusal(export(service, dataset.name, label="none"))
    both = await refusal(export(service, dataset.name, version=1, label="latest"))
    bad_filter = await refusal(
        export(service, dataset.name, selection=ItemSelection(filter="input >"))
    )

    assert nothing.code == no_label.code == grpc.StatusCode.NOT_FOUND
    assert no_version.reason == "VERSION_NOT_FOUND"
    assert summary(both) == invalid("version")
    assert bad_filter.reason == "INVALID_FILTER"
