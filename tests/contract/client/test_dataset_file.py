"""Files in and out through the client, kept with a real server."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import stat
from datetime import datetime
from pathlib import Path

import pytest

from trialbook.client import (
    AsyncClient,
    Client,
    ColumnMapping,
    Dataset,
    FileFormat,
    FileLayout,
    ImportOptions,
    ImportReport,
    InvalidArgument,
    ItemSelection,
    NotFound,
    RowsRefused,
)


def written(folder: Path, *rows: object, name: str = "rows.jsonl") -> Path:
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_a_file_is_imported_by_its_path(
    shared_client: Client, dataset: Dataset, tmp_path: Path
) -> None:
    file = written(tmp_path, {"id": "a", "input": 1}, {"id": "b", "input": 2, "tags": ["x"]})
    told: list[ImportReport] = []

    done = shared_client.datasets.import_file(dataset, file, message="first", progress=told.append)

    assert (done.dataset.version, done.dataset.item_count) == (1, 2)
    assert (done.report.row_count, done.report.added_count) == (2, 2)
    assert (done.report.format, done.report.layout) == (FileFormat.JSONL, FileLayout.TRIALBOOK)
    assert told[-1] == done.report
    [first, second] = shared_client.datasets.items(dataset)
    assert (first.id, first.source.reference, second.tags) == ("a", "rows.jsonl", ("x",))


def test_an_open_file_is_imported_with_options(shared_client: Client, dataset: Dataset) -> None:
    options = ImportOptions(
        columns=[ColumnMapping("q", "input.q"), ColumnMapping("n", "metadata.n", json=True)],
        delimiter=";",
    )
    stream = io.BytesIO(b"q;n;rest\nwhy;3;x\n")

    done = shared_client.datasets.import_file(
        dataset, stream, options=options, file_name="sheet.csv"
    )

    [found] = shared_client.datasets.items(dataset)
    assert (found.input, found.metadata) == ({"q": "why"}, {"n": 3})
    assert found.source.reference == "sheet.csv"
    assert done.report.ignored_fields == ("rest",)
    assert not stream.closed


def test_a_file_of_many_pieces_is_imported(
    shared_client: Client, dataset: Dataset, tmp_path: Path
) -> None:
    file = written(tmp_path, *({"input": "x" * 1_000} for _ in range(5_000)))

    assert shared_client.datasets.import_file(dataset, file).report.added_count == 5_000


def test_refused_rows_are_told_by_the_error(
    shared_client: Client, dataset: Dataset, tmp_path: Path
) -> None:
    file = written(tmp_path, {"input": 1}, {"input": 2, "split": 5})

    with pytest.raises(RowsRefused) as caught:
        shared_client.datasets.import_file(dataset, file)

    [row] = caught.value.report.refused
    assert (row.line, row.path) == (2, "split")
    assert caught.value.reason == "ROWS_REFUSED"
    partial = ImportOptions(partial=True)
    done = shared_client.datasets.import_file(dataset, file, options=partial)
    assert (done.report.added_count, done.report.refused_count) == (1, 1)


def test_an_upsert_and_a_dry_run(shared_client: Client, dataset: Dataset, tmp_path: Path) -> None:
    shared_client.datasets.import_file(dataset, written(tmp_path, {"id": "a", "input": 1}))
    file = written(tmp_path, {"id": "a", "input": 2})

    tried = shared_client.datasets.import_file(
        dataset, file, options=ImportOptions(upsert=True, dry_run=True)
    )
    done = shared_client.datasets.import_file(dataset, file, options=ImportOptions(upsert=True))

    assert (tried.report.changed_count, tried.dataset.version) == (1, 1)
    assert (done.report.changed_count, done.dataset.version) == (1, 2)


def test_what_a_file_raises_ends_the_import(shared_client: Client, dataset: Dataset) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("the disk is gone")
            return super().read(100)

    with pytest.raises(OSError, match="the disk is gone"):
        shared_client.datasets.import_file(dataset, Broken(b'{"input": 1}\n' * 1_000))

    assert shared_client.datasets.get(dataset).version == 0


def test_a_file_that_is_not_there_is_said(shared_client: Client, dataset: Dataset) -> None:
    with pytest.raises(FileNotFoundError):
        shared_client.datasets.import_file(dataset, "no-such-file.jsonl")


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_an_export_round_trips(
    shared_client: Client, dataset: Dataset, tmp_path: Path, form: str
) -> None:
    file = written(tmp_path, *({"input": {"n": n}, "expected": None} for n in range(50)))
    shared_client.datasets.import_file(dataset, file)
    other = shared_client.datasets.create(f"{dataset.id}-copy")

    one = shared_client.datasets.export_file(dataset, tmp_path / "one", form)
    shared_client.datasets.import_file(other, tmp_path / "one")
    two = shared_client.datasets.export_file(other, tmp_path / "two", form)

    content = (tmp_path / "one").read_bytes()
    assert content == (tmp_path / "two").read_bytes()
    assert one == two
    assert (one.version, one.item_count) == (1, 50)
    assert one.sha256 == hashlib.sha256(content).hexdigest()


def test_an_export_takes_a_version_a_time_and_a_selection(
    shared_client: Client, dataset: Dataset, tmp_path: Path
) -> None:
    shared_client.datasets.import_file(dataset, written(tmp_path, {"id": "a", "input": 1}))
    between = datetime.now().astimezone()
    shared_client.datasets.import_file(
        dataset, written(tmp_path, {"id": "b", "input": 2, "split": "s"})
    )

    def ids(**how: object) -> list[str]:
        sink = io.BytesIO()
        shared_client.datasets.export_file(dataset, sink, **how)  # type: ignore[arg-type]
        return [json.loads(line)["id"] for line in sink.getvalue().splitlines()]

    assert ids() == ["a", "b"]
    assert ids(version=1) == ids(as_of=between) == ["a"]
    assert ids(label="latest", selection=ItemSelection(splits=["s"])) == ["b"]


def test_an_export_that_fails_leaves_the_file_as_it_was(
    shared_client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "mine"
    file.write_text("mine")

    with pytest.raises(NotFound):
        shared_client.datasets.export_file("no-such-dataset", file)
    with pytest.raises(InvalidArgument):
        shared_client.datasets.export_file("no-such-dataset", file, "json")

    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]


def test_an_exported_file_has_the_permissions_of_any_new_file(
    shared_client: Client, dataset: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "other").touch()

    shared_client.datasets.export_file(dataset, tmp_path / "exported")

    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


async def test_the_asyncio_client_does_the_same(
    shared_client: Client, dataset: Dataset, tmp_path: Path
) -> None:
    file = written(tmp_path, {"input": 1}, {"input": 2})
    async with AsyncClient(shared_client.address) as client:
        done = await client.datasets.import_file(dataset, file)
        exported = await client.datasets.export_file(dataset, tmp_path / "out.csv", "csv")
        with pytest.raises(RowsRefused) as caught:
            await client.datasets.import_file(dataset, io.BytesIO(b'{"input": 1, "split": 5}\n'))

    assert (done.report.added_count, exported.item_count) == (2, 2)
    assert caught.value.report.refused_count == 1


async def test_a_cancelled_import_leaves_nothing(shared_client: Client, dataset: Dataset) -> None:
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Endless(io.RawIOBase):
        def read(self, size: int = -1, /) -> bytes:
            loop.call_soon_threadsafe(started.set)
            return b'{"input": 1}\n'

    async with AsyncClient(shared_client.address) as client:
        work = asyncio.create_task(
            client.datasets.import_file(dataset, Endless())  # type: ignore[arg-type]
        )
        await started.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    assert shared_client.datasets.get(dataset).version == 0
    shared_client.datasets.add_items(dataset, [{"input": 1}])
