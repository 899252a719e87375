"""Files in and out on the command line, with a real server."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.e2e.processes import (
    COMMAND_LINE,
    Finished,
    Server,
    environment,
    run_command,
    wait_until,
    write_lines,
)

QUESTIONS = 'question,answer,topic\r\n"why, ""then""?",because,life\r\nhow?,so,work\r\n'
MAPPED = ("--map", "question=input.q", "--map", "answer=expected")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("import_export")).start()
    yield running
    running.stop()


def inputs(server: Server, name: str) -> list[object]:
    finished = server.succeed("dataset", "items", name, "--format", "jsonl")
    return [line["input"] for line in finished.lines()]


def show(server: Server, name: str) -> Finished:
    return server.run("dataset", "show", name, "--format", "json")


def test_a_csv_file_comes_in_and_goes_out(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "questions.csv"
    file.write_bytes(QUESTIONS.encode())

    done = server.succeed(
        "dataset", "import", str(file), *MAPPED, "-m", "first", "--format", "json"
    )
    again = server.succeed("dataset", "import", str(file), *MAPPED)

    assert done.json()["report"]["added_count"] == 2
    assert "left out: topic" in done.err
    assert "unchanged 2" in again.err
    assert show(server, "questions").json()["version"] == 1
    assert inputs(server, "questions") == [{"q": 'why, "then"?'}, {"q": "how?"}]


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_an_export_round_trips_byte_for_byte(server: Server, tmp_path: Path, form: str) -> None:
    rows = [{"id": f"i{n}", "input": {"n": n, "t": "ä\n🌎"}, "tags": ["x"]} for n in range(300)]
    source = write_lines(tmp_path / "rows.jsonl", rows)
    server.succeed("dataset", "import", str(source), "--dataset", f"first-{form}")
    one, two = tmp_path / f"one.{form}", tmp_path / f"two.{form}"

    told = server.succeed("dataset", "export", f"first-{form}", "--output", str(one))
    server.succeed("dataset", "import", str(one), "--dataset", f"second-{form}")
    server.succeed("dataset", "export", f"second-{form}", "--output", str(two), "--format", form)

    assert one.read_bytes() == two.read_bytes()
    assert hashlib.sha256(one.read_bytes()).hexdigest() in told.err
    assert "300 items of version 1" in told.err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [source.name, one.name, two.name]
    ), "no temporary file is left"


def test_an_export_goes_to_stdout(server: Server, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "out.jsonl", [{"input": 1, "split": "a"}, {"input": 2}])
    server.succeed("dataset", "import", str(file), "--dataset", "out")

    lines = server.succeed("dataset", "export", "out", "--split", "a").lines()
    table = subprocess.run(
        [*COMMAND_LINE, "dataset", "export", "out", "-o", "-", "--format", "parquet"],
        capture_output=True,
        check=True,
        env=environment(TRIALBOOK_ADDRESS=server.address),
    ).stdout

    assert [line["input"] for line in lines] == [1]
    assert pq.read_table(io.BytesIO(table)).column("input_json").to_pylist() == ["1", "2"]


def test_an_export_that_fails_leaves_the_file_that_was_there(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "kept.jsonl"
    file.write_text("mine")

    refused = server.run("dataset", "export", "no-such-dataset", "-o", str(file))

    assert (refused.code, file.read_text()) == (1, "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.jsonl"]


def test_old_versions_are_exported(server: Server, tmp_path: Path) -> None:
    for number in (1, 2):
        file = write_lines(tmp_path / f"{number}.jsonl", [{"id": f"i{number}", "input": number}])
        server.succeed("dataset", "import", str(file), "--dataset", "old")

    old = server.succeed("dataset", "export", "old", "--version", "1").lines()

    assert [line["id"] for line in old] == ["i1"]


def test_partial_imports_the_good_rows_and_tells_the_bad_ones(
    server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.jsonl"
    file.write_text('{"input": 1}\noops\n{"input": 2, "tags": "x"}\n{"input": 3}\n')

    refused = server.run("dataset", "import", str(file))
    assert refused.code == 1
    assert "line 2: is not JSON" in refused.err
    assert "line 3: tags: " in refused.err
    assert show(server, "mixed").code == 1

    done = server.succeed("dataset", "import", str(file), "--partial")
    assert "added 2 items, refused 2" in done.err
    assert "line 2: is not JSON" in done.err
    assert inputs(server, "mixed") == [1, 3]


def test_a_dry_run_changes_nothing_and_its_exit_code_tells(server: Server, tmp_path: Path) -> None:
    server.succeed("dataset", "create", "dry")
    good = write_lines(tmp_path / "good.jsonl", [{"input": 1}, {"input": 2}])
    bad = write_lines(tmp_path / "bad.jsonl", [{"input": 1}, {"inputs": 2, "input": 3}])

    fine = server.succeed("dataset", "import", str(good), "--dataset", "dry", "--dry-run")
    refused = server.run("dataset", "import", str(bad), "--dataset", "dry", "--dry-run")
    absent = server.run("dataset", "import", str(good), "--dataset", "absent", "--dry-run")

    assert "dry run: added 2 items" in fine.err
    assert (refused.code, "line 2: inputs" in refused.err) == (1, True)
    assert (absent.code, "absent" in absent.err) == (1, True)
    assert show(server, "dry").json()["version"] == 0
    assert show(server, "absent").code == 1


def test_an_upsert_replaces_what_is_there(server: Server, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "cases.jsonl", [{"id": "a", "input": 1}])
    server.succeed("dataset", "import", str(file), "--dataset", "upserted")
    write_lines(file, [{"id": "a", "input": 2}])

    refused = server.run("dataset", "import", str(file), "--dataset", "upserted")
    done = server.succeed("dataset", "import", str(file), "--dataset", "upserted", "--upsert")

    assert (refused.code, "--upsert" in refused.err) == (1, True)
    assert "changed 1" in done.err
    assert inputs(server, "upserted") == [2]


def test_files_of_others_are_read(server: Server, tmp_path: Path) -> None:
    snapshot = {
        "formatVersion": 1,
        "datasetIdentity": "00000000-0000-4000-8000-000000000001",
        "configuration": {"name": "cases"},
        "items": [
            {
                "itemIdentity": "00000000-0000-4000-8000-000000000002",
                "createdAt": "2026-09-01T09:00:00.123Z",
                "updatedAt": "2026-09-01T09:00:00.123Z",
                "payload": {"input": {"q": 1}, "groundTruth": "one"},
            }
        ],
        "provenance": {},
    }
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(snapshot))
    examples = tmp_path / "examples.json"
    examples.write_text(json.dumps([{"id": "u", "inputs": {"q": 1}, "outputs": {"a": 2}}]))

    done = server.succeed("dataset", "import", str(file), "--format", "json").json()
    other = server.succeed("dataset", "import", str(examples), "--format", "json").json()

    assert (done["report"]["layout"], other["report"]["layout"]) == ("mastra", "langsmith")
    assert inputs(server, "snapshot") == inputs(server, "examples") == [{"q": 1}]


def test_a_csv_file_that_needs_a_mapping_says_so(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "unmapped.csv"
    file.write_text(QUESTIONS)

    refused = server.run("dataset", "import", str(file))

    assert refused.code == 1
    assert "question, answer, topic" in refused.err
    assert "--map" in refused.err
    assert show(server, "unmapped").code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--map", "question"], "COLUMN=FIELD"),
        (["--map", "question=inputs"], "no field of an item"),
        (["--map", "a=input", "--map", "b=input.x"], "another column"),
        (["--delimiter", "||"], "one character"),
        (["--layout", "nonsense"], "nonsense"),
    ],
)
def test_options_that_cannot_be_are_refused(
    server: Server, tmp_path: Path, arguments: list[str], told: str
) -> None:
    file = tmp_path / "optioned.csv"
    file.write_text(QUESTIONS)

    refused = server.run("dataset", "import", str(file), *arguments)

    assert refused.code == 1
    assert told in refused.err
    assert "Traceback" not in refused.err
    assert show(server, "optioned").code == 1


def test_an_interrupted_import_leaves_nothing(server: Server) -> None:
    process = subprocess.Popen(
        [*COMMAND_LINE, "dataset", "import", "-", "--dataset", "interrupted"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(TRIALBOOK_ADDRESS=server.address),
    )
    assert process.stdin is not None
    process.stdin.write(b'{"input": 1}\n' * 200_000)
    process.stdin.flush()
    wait_until(lambda: show(server, "interrupted").code == 0, what="the dataset is made")

    os.kill(process.pid, signal.SIGINT)

    assert process.wait(30) == 130
    process.stdin.close()
    assert show(server, "interrupted").code == 1


def test_no_server_is_said(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "rows.jsonl", [{"input": 1}])
    refused = run_command("dataset", "import", str(file), "--address", "127.0.0.1:1")
    assert (refused.code, "127.0.0.1:1" in refused.err) == (1, True)
