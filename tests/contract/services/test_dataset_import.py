"""DatasetService.ImportFile: the items of a file as one version, or nothing at all."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.service import (
    PROJECT,
    Refusal,
    Service,
    eventually,
    invalid,
    item,
    new_dataset,
    refusal,
    started,
    summary,
)
from trialbook.services.rpc import file_spool
from trialbook.v1.dataset_file_pb2 import (
    FILE_FORMAT_CSV,
    FILE_FORMAT_JSON,
    FILE_FORMAT_JSONL,
    FILE_FORMAT_PARQUET,
    FILE_LAYOUT_COLUMNS,
    FILE_LAYOUT_LANGFUSE,
    FILE_LAYOUT_TRIALBOOK,
    IMPORT_MODE_UPSERT,
    ColumnMapping,
    ImportOptions,
    ImportReport,
)
from trialbook.v1.dataset_pb2 import (
    ITEM_SOURCE_TYPE_CSV,
    ITEM_SOURCE_TYPE_JSONL,
    ITEM_SOURCE_TYPE_PARQUET,
    ITEM_SOURCE_TYPE_TRACE,
    Dataset,
    Item,
)
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    GetDatasetRequest,
    GetItemRequest,
    ImportFileRequest,
    ImportFileResponse,
    ListItemsRequest,
    ListVersionsRequest,
    RemoveItemsRequest,
    UpdateDatasetRequest,
)

PIECE = 7


def lines(*rows: Any) -> bytes:
    """A file of JSON lines; texts stand as they are."""
    texts = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    return "".join(text + "\n" for text in texts).encode()


def messages(
    parent: str, content: bytes, *, piece: int = 1024 * 1024, **first: Any
) -> list[ImportFileRequest]:
    """The messages of an import; `first` are fields of the first one, options among them."""
    known = ImportOptions.DESCRIPTOR.fields_by_name
    options = {name: first.pop(name) for name in list(first) if name in known}
    pieces = [content[start : start + piece] for start in range(0, len(content), piece)] or [b""]
    found = [ImportFileRequest(data=data) for data in pieces]
    found[0].MergeFrom(ImportFileRequest(parent=parent, options=ImportOptions(**options), **first))
    found[-1].last = True
    return found


async def answers(service: Service, sent: Iterable[ImportFileRequest]) -> list[ImportFileResponse]:
    return [answer async for answer in service.datasets.ImportFile(iter(sent))]


async def bring(service: Service, parent: str, content: bytes, **first: Any) -> ImportFileResponse:
    """Import a file and return the last answer."""
    return (await answers(service, messages(parent, content, **first)))[-1]


async def refused(
    service: Service, parent: str, content: bytes, **first: Any
) -> tuple[Refusal, ImportReport]:
    """Import a file that is refused; return how, and the last report before that."""
    return await refused_messages(service, messages(parent, content, **first))


async def refused_messages(
    service: Service, sent: Iterable[ImportFileRequest]
) -> tuple[Refusal, ImportReport]:
    call = service.datasets.ImportFile(iter(sent))
    reports = [ImportReport()]

    told = await refusal(_keeping(call, reports))
    return told, reports[-1]


async def _keeping(call: Any, reports: list[ImportReport]) -> None:
    async for answer in call:
        reports.append(answer.report)  # noqa: PERF401 — what came before an error is kept


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return (
        report.added_count,
        report.changed_count,
        report.unchanged_count,
        report.refused_count,
    )


def places(report: ImportReport) -> list[tuple[int, str]]:
    return [(row.line, row.path) for row in report.refused]


async def get(service: Service, name: str) -> Dataset:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset


async def listed(service: Service, name: str) -> list[Item]:
    found = await service.datasets.ListItems(ListItemsRequest(parent=name, page_size=1000))
    return list(found.items)


async def test_a_file_is_one_version(service: Service) -> None:
    dataset = await new_dataset(service)
    content = lines(*({"input": number} for number in range(2_500)))

    done = await bring(service, dataset.name, content, message="first", file_name="cases.jsonl")

    versions = await service.datasets.ListVersions(ListVersionsRequest(parent=dataset.name))
    assert counts(done.report) == (2_500, 0, 0, 0)
    assert done.report.row_count == 2_500
    assert (done.report.format, done.report.layout) == (FILE_FORMAT_JSONL, FILE_LAYOUT_TRIALBOOK)
    assert (done.dataset.version, done.dataset.item_count) == (1, 2_500)
    assert [(one.added_count, one.message) for one in versions.versions] == [(2_500, "first")]
    assert done.dataset == await get(service, dataset.name)


async def test_the_pieces_make_no_difference(service: Service) -> None:
    dataset = await new_dataset(service)
    content = "".join(f'{{"input": "ä {number} 🌎"}}\n' for number in range(50)).encode()

    await answers(service, messages(dataset.name, content, piece=PIECE))

    found = await listed(service, dataset.name)
    assert [row.input.json for row in found] == [f'"ä {number} 🌎"' for number in range(50)]


async def test_payloads_and_fields_are_kept(service: Service) -> None:
    dataset = await new_dataset(service)
    row = (
        '{"id":"one","external_id":"crm/1","input":{"b":1.0,  "a":[ ]},"expected":null,'
        '"metadata":{"k": 1},"tags":["x","y"],"split":"test","start_options":{"n": 1},'
        '"tool_mocks":[{"tool":"t","arguments":{"a": 1},"output":null}],"unmocked_tools":"deny",'
        '"scorers":[{"scorer":"levenshtein","alias":"near","params":{"threshold": 0.5}}],'
        '"source":{"type":"trace","reference":"abc"},"expected_trajectory":{"steps": []}}'
    )

    await bring(service, dataset.name, lines(row))

    [found] = await listed(service, dataset.name)
    assert (found.item_id, found.external_id) == ("one", "crm/1")
    assert (found.input.json, found.expected.json) == ('{"b":1.0,  "a":[ ]}', "null")
    assert (found.metadata.json, list(found.tags), found.split) == ('{"k": 1}', ["x", "y"], "test")
    assert found.start_options.json == '{"n": 1}'
    assert found.expected_trajectory.json == '{"steps": []}'
    assert (found.tool_mocks[0].tool, found.tool_mocks[0].arguments.json) == ("t", '{"a": 1}')
    assert found.tool_mocks[0].output.json == "null"
    assert (found.scorers[0].scorer, found.scorers[0].alias) == ("levenshtein", "near")
    assert (found.source.type, found.source.reference) == (ITEM_SOURCE_TYPE_TRACE, "abc")


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b'{"input": 1}\n', "a.jsonl", ITEM_SOURCE_TYPE_JSONL),
        (b"input\n1\n", "a.csv", ITEM_SOURCE_TYPE_CSV),
        (None, "a.parquet", ITEM_SOURCE_TYPE_PARQUET),
    ],
)
async def test_items_know_the_file_that_they_come_from(
    service: Service, content: bytes | None, name: str, kind: int
) -> None:
    dataset = await new_dataset(service)

    await bring(service, dataset.name, content or parquet({"input": ["1"]}), file_name=name)

    [found] = await listed(service, dataset.name)
    assert (found.source.type, found.source.reference) == (kind, name)


def parquet(columns: dict[str, Any]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


async def test_csv_columns_are_mapped(service: Service) -> None:
    dataset = await new_dataset(service)
    content = b'question,answer,topic,n\r\n"a, ""b""\r\nc",x,life,3\r\n'
    columns = [
        ColumnMapping(column="question", target="input.q"),
        ColumnMapping(column="n", target="input.n", json=True),
        ColumnMapping(column="answer", target="expected"),
    ]

    done = await bring(service, dataset.name, content, columns=columns)

    [found] = await listed(service, dataset.name)
    assert json.loads(found.input.json) == {"q": 'a, "b"\r\nc', "n": 3}
    assert found.expected.json == '"x"'
    assert (done.report.format, done.report.layout) == (FILE_FORMAT_CSV, FILE_LAYOUT_COLUMNS)
    assert list(done.report.ignored_fields) == ["topic"]


async def test_a_parquet_file_is_read(service: Service) -> None:
    dataset = await new_dataset(service)
    content = parquet({"input": [{"q": "why"}, {"q": "how"}], "expected": ["a", None]})

    done = await bring(service, dataset.name, content)

    found = await listed(service, dataset.name)
    assert [row.input.json for row in found] == ['{"q":"why"}', '{"q":"how"}']
    assert [row.HasField("expected") for row in found] == [True, False]
    assert done.report.format == FILE_FORMAT_PARQUET


async def test_the_layouts_of_others_are_read(service: Service) -> None:
    dataset = await new_dataset(service)
    content = lines({"id": "x", "input": 1, "expectedOutput": 2, "createdAt": "t", "odd": 3})

    done = await bring(service, dataset.name, content)

    [found] = await listed(service, dataset.name)
    assert (found.external_id, found.expected.json) == ("x", "2")
    assert json.loads(found.metadata.json) == {"langfuse": {"odd": 3}}
    assert done.report.layout == FILE_LAYOUT_LANGFUSE
    assert list(done.report.ignored_fields) == ["createdAt"]


@pytest.mark.parametrize(
    "row",
    [
        {"input": 1, "id": "a"},
        {"input": 1, "external_id": "a"},
        {"input": 1},
        {"input": {"a": 1, "b": [2]}, "tags": ["x", "y"], "metadata": {"k": 1}},
    ],
)
@pytest.mark.parametrize("mode", [0, IMPORT_MODE_UPSERT])
async def test_the_same_file_twice_changes_nothing(
    service: Service, row: dict[str, Any], mode: int
) -> None:
    dataset = await new_dataset(service)
    content = lines(row, {**row, "input": 2} if len(row) == 1 else {"input": 3})
    first = await bring(service, dataset.name, content, mode=mode)

    again = await bring(service, dataset.name, content, mode=mode, message="again")

    assert counts(first.report) == (2, 0, 0, 0)
    assert counts(again.report) == (0, 0, 2, 0)
    assert (again.dataset.version, again.dataset.item_count) == (1, 2)


async def test_the_same_content_spelt_otherwise_is_the_same(service: Service) -> None:
    dataset = await new_dataset(service)
    await bring(service, dataset.name, b'{"input": {"a": 1, "b": 2}}\n{"id": "x", "input": 1.0}\n')

    again = await bring(
        service, dataset.name, b'{"input": {"b":2,"a":1}}\n{"id": "x", "input": 1}\n'
    )

    assert counts(again.report) == (0, 0, 2, 0)


async def test_rows_without_ids_that_are_equal_are_all_brought(service: Service) -> None:
    dataset = await new_dataset(service)
    content = lines(*[{"input": 1}] * 3)

    assert counts((await bring(service, dataset.name, content)).report) == (3, 0, 0, 0)
    assert counts((await bring(service, dataset.name, content)).report) == (0, 0, 3, 0)


async def test_a_file_that_grew_brings_what_is_new(service: Service) -> None:
    dataset = await new_dataset(service)
    await bring(service, dataset.name, lines({"input": 1}, {"input": 2, "id": "b"}))

    done = await bring(
        service, dataset.name, lines({"input": 1}, {"input": 3}, {"input": 2, "id": "b"})
    )

    assert counts(done.report) == (1, 0, 2, 0)
    assert (done.dataset.version, done.dataset.item_count) == (2, 3)


async def test_other_content_under_an_id_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)
    await bring(service, dataset.name, lines({"input": 1, "id": "a"}))

    told, report = await refused(
        service, dataset.name, lines({"input": 5}, {"input": 2, "id": "a"})
    )

    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ROWS_REFUSED")
    assert told.paths == ["line[2].id"]
    assert places(report) == [(2, "id")]
    assert (await get(service, dataset.name)).version == 1


@pytest.mark.parametrize("key", ["id", "external_id"])
async def test_an_upsert_replaces_content_and_brings_removed_items_back(
    service: Service, key: str
) -> None:
    dataset = await new_dataset(service)
    await bring(service, dataset.name, lines(*({"input": n, key: f"k{n}"} for n in range(3))))
    found = await listed(service, dataset.name)
    await service.datasets.RemoveItems(
        RemoveItemsRequest(parent=dataset.name, item_ids=[found[2].item_id])
    )

    rows = [{"input": n * 10, key: f"k{n}"} for n in range(4)]
    done = await bring(service, dataset.name, lines(*rows), mode=IMPORT_MODE_UPSERT)

    assert counts(done.report) == (1, 2, 1, 0)
    after = await listed(service, dataset.name)
    assert [row.input.json for row in after] == ["0", "10", "20", "30"]
    assert [row.item_id for row in after[:3]] == [row.item_id for row in found]


async def test_rows_that_repeat_each_other_are_one(service: Service) -> None:
    dataset = await new_dataset(service)
    many = [{"input": 1, "id": "a"}, *({"input": n} for n in range(1_500)), {"input": 1, "id": "a"}]

    done = await bring(service, dataset.name, lines(*many))

    assert counts(done.report) == (1_501, 0, 1, 0)


async def test_rows_that_contradict_each_other_are_refused(service: Service) -> None:
    dataset = await new_dataset(service)
    many = [{"input": 1, "id": "a"}, *({"input": n} for n in range(1_500)), {"input": 2, "id": "a"}]

    _, report = await refused(service, dataset.name, lines(*many))

    assert places(report) == [(1_502, "id")]


BAD = lines(
    {"input": 1},
    "oops",
    {"input": 2, "tags": "red"},
    "",
    {"input": 3, "id": "not allowed"},
    {"input": 4, "split": "x" * 65},
    {"expected": 1},
    {"input": 5},
)
BAD_PLACES = [(2, ""), (3, "tags"), (5, "id"), (6, "split"), (7, "input")]


async def test_bad_rows_refuse_the_file_with_all_their_lines(service: Service) -> None:
    dataset = await new_dataset(service, [item("0")])

    told, report = await refused(service, dataset.name, BAD)

    assert (told.code, told.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "ROWS_REFUSED")
    assert told.metadata["refused_count"] == "5"
    assert told.paths == ["line[2]", "line[3].tags", "line[5].id", "line[6].split", "line[7].input"]
    assert (places(report), report.refused_count, report.row_count) == (BAD_PLACES, 5, 7)
    assert all(row.description for row in report.refused)
    assert (await get(service, dataset.name)).item_count == 1
    await service.datasets.AddItems(AddItemsRequest(parent=dataset.name, items=[item("9")]))


async def test_partial_leaves_bad_rows_out(service: Service) -> None:
    dataset = await new_dataset(service)

    done = await bring(service, dataset.name, BAD, partial=True)

    assert (counts(done.report), places(done.report)) == ((2, 0, 0, 5), BAD_PLACES)
    assert [row.input.json for row in await listed(service, dataset.name)] == ["1", "5"]


async def test_partial_leaves_conflicts_out(service: Service) -> None:
    dataset = await new_dataset(service, [item("1", item_id="a")])
    content = lines({"input": 2, "id": "a"}, {"input": 3, "id": "b"}, {"input": 4, "id": "b"})

    done = await bring(service, dataset.name, content, partial=True)

    assert (counts(done.report), places(done.report)) == ((1, 0, 0, 2), [(1, "id"), (3, "id")])


async def test_many_bad_rows_are_counted_and_the_first_ones_told(service: Service) -> None:
    dataset = await new_dataset(service)
    content = lines(*["oops"] * 1_700, {"input": 1})

    told, report = await refused(service, dataset.name, content, file_name="a.jsonl")

    assert (len(report.refused), report.refused_count) == (1_000, 1_700)
    assert [row.line for row in report.refused] == list(range(1, 1_001))
    assert told.metadata["refused_count"] == "1700"


@pytest.mark.parametrize("mode", [0, IMPORT_MODE_UPSERT])
async def test_a_dry_run_writes_nothing_and_says_what_would_be(service: Service, mode: int) -> None:
    dataset = await new_dataset(service, [item("1", item_id="a"), item("2", item_id="b")])
    before = await get(service, dataset.name)
    content = lines(
        {"input": 1, "id": "a"},
        {"input": 5, "id": "b"},
        {"input": 6, "id": "c"},
        *({"input": number} for number in range(1_200)),
        {"input": 6, "id": "c"},
        {"input": 7, "id": "c"},
        "oops",
    )

    done = await bring(service, dataset.name, content, mode=mode, dry_run=True)

    assert done.dataset == before == await get(service, dataset.name)
    changed = 1 if mode else 0
    # The rows 1 and 2 without ids have the content of items that are there.
    assert counts(done.report) == (1_201 - 2, changed, 2 + 2, 3 - changed)
    assert (1_206, "") in places(done.report)
    real = await bring(service, dataset.name, content, mode=mode, partial=True)
    assert real.report == done.report


async def test_a_dry_run_of_the_first_file_tells_all_of_it(service: Service) -> None:
    dataset = await new_dataset(service)

    done = await bring(service, dataset.name, lines({"input": 1}, {"input": 2}), dry_run=True)

    assert counts(done.report) == (2, 0, 0, 0)
    assert (await get(service, dataset.name)).version == 0


async def test_a_dry_run_minds_the_expected_version(service: Service) -> None:
    dataset = await new_dataset(service, [item("1")])

    told, _ = await refused(service, dataset.name, b"", dry_run=True, expected_version=0)

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")


async def test_an_empty_file_makes_no_version(service: Service) -> None:
    dataset = await new_dataset(service, [item("1")])

    for content in (b"", b"\n\n", b"input,id\n", b"[]"):
        done = await bring(service, dataset.name, content)
        assert (done.report.row_count, done.dataset.version) == (0, 1)


async def test_a_document_of_json_is_read(service: Service) -> None:
    dataset = await new_dataset(service)

    done = await bring(
        service, dataset.name, b'{\n"items": [{"input": 1}, {"input": 2}, 3]\n}', partial=True
    )

    assert (counts(done.report), places(done.report)) == ((2, 0, 0, 1), [(3, "")])
    assert done.report.format == FILE_FORMAT_JSON


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b"\x1f\x8b\x08 gzip", "data"),
        (b"PAR1 and no more", "data"),
        (b'input,id\n1,a\n"open,b\n', "line[3]"),
        (b"question,answer\n1,2\n", "line[1]"),
        (b'[{"input": 1}', "data"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused(
    service: Service, content: bytes, path: str
) -> None:
    dataset = await new_dataset(service)

    told, _ = await refused(service, dataset.name, content)

    assert summary(told) == invalid(path)
    assert (await get(service, dataset.name)).version == 0
    await service.datasets.AddItems(AddItemsRequest(parent=dataset.name, items=[item("9")]))


@pytest.mark.parametrize(
    ("first", "path"),
    [
        ({"format": 99}, "options.format"),
        ({"layout": 99}, "options.layout"),
        ({"mode": 99}, "options.mode"),
        ({"delimiter": ",,"}, "options.delimiter"),
        ({"delimiter": '"'}, "options.delimiter"),
        ({"columns": [ColumnMapping(column="a", target="b")]}, "options.columns[0].target"),
        ({"columns": [ColumnMapping(target="input")]}, "options.columns[0].column"),
        (
            {"columns": [ColumnMapping(column="a", target="input")], "layout": 1},
            "options.columns",
        ),
        ({"file_name": "x" * 201}, "file_name"),
        ({"message": "x" * 501}, "message"),
        ({"request_id": "x" * 129}, "request_id"),
    ],
)
async def test_options_that_cannot_be_are_refused_by_their_paths(
    service: Service, first: dict[str, Any], path: str
) -> None:
    dataset = await new_dataset(service)

    told, _ = await refused(service, dataset.name, b"a\n1\n", **first)

    assert summary(told) == invalid(path)


async def test_a_stream_that_is_no_import_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)
    [whole] = messages(dataset.name, b'{"input": 1}\n')
    unfinished = ImportFileRequest(parent=dataset.name, data=b'{"input": 1}\n')
    cases: list[tuple[list[ImportFileRequest], str]] = [
        ([], "parent"),
        ([ImportFileRequest(data=b"x", last=True)], "parent"),
        ([unfinished], "last"),
        ([whole, ImportFileRequest(data=b"x", last=True)], "last"),
        ([unfinished, ImportFileRequest(parent=f"{PROJECT}/datasets/x", last=True)], "parent"),
        ([unfinished, ImportFileRequest(data=b" " * (file_spool.LARGEST_PIECE + 1))], "data"),
    ]
    for sent, path in cases:
        told, _ = await refused_messages(service, sent)
        assert summary(told) == invalid(path)
    assert (await get(service, dataset.name)).version == 0


async def test_an_import_into_nothing_is_not_found(service: Service) -> None:
    for dry_run in (False, True):
        told, _ = await refused(service, f"{PROJECT}/datasets/none", b"", dry_run=dry_run)
        assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_an_import_on_an_older_version_is_refused(service: Service) -> None:
    dataset = await new_dataset(service, [item("1")])

    told, _ = await refused(service, dataset.name, lines({"input": 2}), expected_version=0)

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")


async def test_a_repeated_import_returns_what_the_first_one_did(service: Service) -> None:
    dataset = await new_dataset(service)
    content = lines({"input": 1}, "oops")
    first = await bring(service, dataset.name, content, partial=True, request_id="once")
    await service.datasets.AddItems(AddItemsRequest(parent=dataset.name, items=[item("9")]))

    again = await bring(service, dataset.name, content, partial=True, request_id="once")

    assert again == first
    assert (await get(service, dataset.name)).item_count == 2


async def test_a_repeated_import_of_other_bytes_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)
    await bring(service, dataset.name, lines({"input": 1}), request_id="once")

    told, _ = await refused(service, dataset.name, lines({"input": 2}), request_id="once")

    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")


async def test_a_client_that_goes_away_leaves_nothing(service: Service) -> None:
    dataset = await new_dataset(service)
    call = service.datasets.ImportFile()
    await call.write(ImportFileRequest(parent=dataset.name, data=b'{"input": 1}\n' * 1_000))
    await call.read()

    call.cancel()

    async def is_free() -> bool:
        request = AddItemsRequest(parent=dataset.name, items=[item("9", item_id="only")])
        await service.datasets.AddItems(request)
        return True

    assert await eventually(is_free)
    assert (await get(service, dataset.name)).item_count == 1


async def test_progress_is_told_while_the_file_arrives(service: Service) -> None:
    dataset = await new_dataset(service)
    call = service.datasets.ImportFile()
    await call.write(ImportFileRequest(parent=dataset.name, data=b'{"input": 1}\n'))

    assert isinstance(await call.read(), ImportFileResponse)

    await call.write(ImportFileRequest(last=True))
    await call.done_writing()
    last = ImportFileResponse()
    while isinstance(answer := await call.read(), ImportFileResponse):
        last = answer
    assert last.report.added_count == 1


async def test_items_must_fit_the_schemas(service: Service) -> None:
    dataset = await new_dataset(service)
    dataset.settings.input_schema.json = '{"type": "object", "required": ["q"]}'
    await service.datasets.UpdateDataset(UpdateDatasetRequest(dataset=dataset))

    _, report = await refused(service, dataset.name, lines({"input": {"q": 1}}, {"input": {}}))

    assert places(report) == [(2, "input")]


async def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    async with started(tmp_path, largest_file=100) as service:
        dataset = await new_dataset(service)
        fits = b'{"input": 1}\n' * 7

        told, _ = await refused(service, dataset.name, fits + b" " * 10)

        assert summary(told) == invalid("data")
        assert (await bring(service, dataset.name, fits)).report.added_count == 7


async def test_large_payloads_come_in_small_batches(service: Service) -> None:
    dataset = await new_dataset(service)
    row = '{"input": "' + "x" * 900_000 + '"}'

    done = await bring(service, dataset.name, lines(*[row] * 30))

    assert done.report.added_count == 30
    found = await service.datasets.GetItem(GetItemRequest(name=f"{dataset.name}/items/item-30"))
    assert len(found.item.input.json) == 900_002
