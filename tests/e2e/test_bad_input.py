"""Mistakes of users: each gets exit code 1, a sentence that says what to do, no traceback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import (
    COMMAND_LINE,
    Finished,
    Server,
    environment,
    run_command,
    write_lines,
)

CASES = [{"id": "one", "input": "a", "expected": "a"}, {"id": "two", "input": "b"}]


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with one dataset and one experiment, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("bad_input")
    server = Server(folder).start()
    file = write_lines(folder / "good.jsonl", CASES)
    server.succeed("dataset", "import", str(file), "--dataset", "support")
    server.succeed("dataset", "create", "empty")
    for name, dataset in (("nobody", "support"), ("nothing", "empty")):
        server.succeed(
            "experiment", "create", name, "--dataset", dataset, "--target", "no_such_target"
        )
    yield server
    server.stop()


def assert_refused(finished: Finished, *parts: str, code: int = 1) -> None:
    assert finished.code == code, finished
    assert "Traceback" not in finished.err + finished.out
    first = finished.err.splitlines()[0]
    assert first.startswith("error: "), finished.err
    assert len(first.split()) >= 4, first
    for part in parts:
        assert part in finished.err, finished.err


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["dataset", "show", "suport"], ["suport", "did you mean support?"]),
        (["dataset", "items", "nothing-like-it"], ["nothing-like-it"]),
        (["dataset", "delete", "suport", "--yes"], ["suport"]),
        (["experiment", "show", "nobodi"], ["nobodi", "did you mean nobody?"]),
        (["experiment", "show", "nobody", "--version", "7"], ["7"]),
        (["run", "show", "no-such-run"], ["no-such-run"]),
        (["run", "results", "no-such-run"], ["no-such-run"]),
        (["run", "watch", "no-such-run"], ["no-such-run"]),
        (["run", "cancel", "no-such-run"], ["no-such-run"]),
        (["run", "start", "no-such-experiment"], ["no-such-experiment"]),
        (["scorer", "show", "exact_mach"], ["exact_mach", "did you mean exact_match"]),
    ],
    ids=lambda value: "-".join(value) if len(value) > 1 else None,
)
def test_an_unknown_name_is_said_with_what_is_close(
    shared_server: Server, arguments: list[str], parts: list[str]
) -> None:
    assert_refused(shared_server.run(*arguments), *parts)


def test_a_version_that_does_not_exist_is_said_with_the_current_one(shared_server: Server) -> None:
    assert_refused(shared_server.run("dataset", "items", "support", "--version", "9"), "9", "1")


def test_an_experiment_on_an_unknown_dataset_is_refused(shared_server: Server) -> None:
    refused = shared_server.run("experiment", "create", "x", "--dataset", "nil", "--target", "t")
    assert_refused(refused, "nil")
    assert shared_server.run("experiment", "show", "x").code == 1


@pytest.mark.parametrize(
    ("scorer", "parts"),
    [
        ("exactmatch", ["exactmatch"]),
        ('levenshtein:{"threshold":2}', ["threshold"]),
        ('levenshtein:{"treshold":0.5}', ["treshold"]),
        ('regex_match:{"pattern":"("}', ["pattern"]),
        ("contains:{}", ["pattern", "scorer show contains"]),
    ],
)
def test_a_bad_scorer_is_refused_when_the_experiment_is_created(
    shared_server: Server, scorer: str, parts: list[str]
) -> None:
    arguments = ["experiment", "create", "y", "--dataset", "support", "--target", "t"]
    refused = shared_server.run(*arguments, "--scorer", scorer)
    assert_refused(refused, *parts)
    assert shared_server.run("experiment", "show", "y").code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["experiment", "create", "z", "--dataset", "support", "--target", "t", "--scorer", "a:{b"],
        [
            "experiment",
            "create",
            "z",
            "--dataset",
            "support",
            "--target",
            "t",
            "--concurrency",
            "x",
        ],
        ["experiment", "create", "z", "--target", "t"],
        ["run", "results", "r", "--status", "odd"],
        ["run", "start"],
        ["dataset", "frobnicate"],
        ["frobnicate"],
        [
            "experiment",
            "create",
            "z",
            "--dataset",
            "d",
            "--target",
            "t",
            "--attempt-timeout",
            "1 y",
        ],
    ],
    ids=" ".join,
)
def test_a_command_that_is_not_understood_ends_with_1(
    shared_server: Server, arguments: list[str]
) -> None:
    assert_refused(shared_server.run(*arguments), "--help")


def test_settings_out_of_range_are_named(shared_server: Server) -> None:
    arguments = ["experiment", "create", "z", "--dataset", "support", "--target", "t"]
    assert_refused(shared_server.run(*arguments, "--concurrency", "0"), "concurrency")
    assert_refused(shared_server.run(*arguments, "--trials", "1000"), "trials")


def test_a_run_on_a_dataset_without_items_is_refused(shared_server: Server) -> None:
    assert_refused(shared_server.run("run", "start", "nothing"), "empty", "dataset import")


def test_a_target_that_no_worker_hosts_is_refused(shared_server: Server) -> None:
    assert_refused(
        shared_server.run("run", "start", "nobody"), "no_such_target", "trialbook worker run"
    )


BAD_LINES: list[tuple[str, bytes, list[str]]] = [
    ("truncated", b'{"input": 1}\n{"input": \n', ["line 2", "not JSON"]),
    ("array", b"[1, 2]\n", ["line 1", "not a JSON object"]),
    ("not-utf-8", b'{"input": "\xff"}\n', ["line 1"]),
    ("no-input", b'{"question": "x", "answer": "y"}\n', ["question, answer", "--input-field"]),
    ("misspelt", b'{"input": "x", "expcted": "y"}\n', ["expcted"]),
    ("bad-tags", b'{"input": "x", "tags": "red"}\n', ["line 1", "tags"]),
    ("bad-id", b'{"input": "x", "id": "a b/c"}\n', ["line 1", "id"]),
    ("bad-context", b'\n{"input": "x"}\n\n{"input": "x", "context": 5}\n', ["line 4", "context"]),
    ("nested", b'{"input": ' + b"[" * 500 + b"]" * 500 + b"}\n", ["line 1", "input"]),
    ("oversized", b'{"input": "' + b"x" * 1_100_000 + b'"}\n', ["line 1", "input"]),
    ("doubled", b'{"input": 1, "id": "a"}\n{"input": 2, "id": "a"}\n', ["a"]),
    ("no-lines", b"\n\n", ["no items"]),
]


@pytest.mark.parametrize(
    ("content", "parts"), [row[1:] for row in BAD_LINES], ids=[row[0] for row in BAD_LINES]
)
def test_a_bad_file_is_refused_by_line_and_leaves_nothing(
    shared_server: Server, tmp_path: Path, content: bytes, parts: list[str]
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_bytes(content)
    assert_refused(shared_server.run("dataset", "import", str(file)), *parts)
    assert shared_server.run("dataset", "show", "bad").code == 1


def test_a_bad_file_leaves_an_existing_dataset_as_it_was(
    shared_server: Server, tmp_path: Path
) -> None:
    rows = [{"input": number} for number in range(2_000)] + [{"input": 1, "id": "one"}]
    file = write_lines(tmp_path / "taken.jsonl", rows)
    assert_refused(shared_server.run("dataset", "import", str(file), "--dataset", "support"), "one")
    shown = shared_server.succeed("dataset", "show", "support", "--format", "json").json()
    assert (shown["version"], shown["item_count"]) == (1, len(CASES))


def test_an_import_of_a_file_that_is_not_there_is_refused(shared_server: Server) -> None:
    assert_refused(shared_server.run("dataset", "import", "no-such-file.jsonl"), "no-such-file")


def test_a_name_that_is_taken_is_refused(shared_server: Server) -> None:
    assert_refused(shared_server.run("dataset", "create", "support"), "support")


def test_a_malformed_name_is_refused(shared_server: Server) -> None:
    assert_refused(shared_server.run("dataset", "create", "Upper Case!"), "dataset_id")


def test_no_server_is_said_with_its_address_and_how_to_start_one() -> None:
    refused = run_command("dataset", "list", "--address", "127.0.0.1:1")
    assert_refused(refused, "127.0.0.1:1", "trialbook serve")


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("missing.py:worker", ["missing.py"]),
        ("no_such_module_here:worker", ["no_such_module_here"]),
        ("worker.py", ["worker.py"]),
        ("broken.py:worker", ["broken.py", "NameError"]),
        ("syntax.py:worker", ["syntax.py", "SyntaxError"]),
        ("plain.py:worker", ["plain.py", "agent"]),
    ],
)
def test_a_worker_that_cannot_be_imported_is_said(
    tmp_path: Path, source: str, parts: list[str]
) -> None:
    (tmp_path / "broken.py").write_text("worker = undefined_name\n")
    (tmp_path / "syntax.py").write_text("worker = = 1\n")
    (tmp_path / "plain.py").write_text(
        "from trialbook.client import Worker\nagent = Worker()\nworker = 1\n"
    )
    assert_refused(run_command("worker", "run", source, cwd=tmp_path), *parts)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("these are my notes, not a database, and I would like to keep them\n" * 100)
    before = file.read_bytes()
    arguments = ["serve", "--database", str(file), "--address", "127.0.0.1:0"]
    assert_refused(run_command(*arguments), "notes.db")
    assert_refused(run_command("admin", "rebuild", "--database", str(file)), "notes.db")
    assert file.read_bytes() == before


def test_a_second_server_on_one_database_is_refused(shared_server: Server) -> None:
    arguments = ["serve", "--database", str(shared_server.database), "--address", "127.0.0.1:0"]
    assert_refused(run_command(*arguments), shared_server.database.name)


def test_an_address_that_is_taken_or_malformed_is_refused(
    shared_server: Server, tmp_path: Path
) -> None:
    database = str(tmp_path / "other.db")
    taken = run_command("serve", "--database", database, "--address", shared_server.address)
    assert_refused(taken, shared_server.address)
    assert_refused(run_command("serve", "--database", database, "--address", "here"), "here")


def test_a_rebuild_of_a_database_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert_refused(run_command("admin", "rebuild", "--database", str(tmp_path / "x.db")), "x.db")


def test_a_reader_that_goes_away_is_no_error(shared_server: Server) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as broken_pipe:
        done = subprocess.run(
            [*COMMAND_LINE, "dataset", "items", "support", "--format", "jsonl"],
            stdout=broken_pipe,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(TRIALBOOK_ADDRESS=shared_server.address),
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "")
