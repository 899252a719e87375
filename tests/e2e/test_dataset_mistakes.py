"""Mistakes with datasets and items on the command line: a sentence, a hint, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Server, write_lines
from trialbook.client import Client
from trialbook.services.cli.entry import run_command

SCHEMA = '{"type": "object", "required": ["q"]}'
ITEMS = [
    {"id": "a", "input": {"q": 1, "n": 1.0}, "tags": ["hard"]},
    {"id": "b", "input": {"q": 2}, "external_id": "ticket 2"},
]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the dataset `support`: two items, a schema, a frozen label."""
    folder = tmp_path_factory.mktemp("mistakes")
    server = Server(folder).start()
    items = write_lines(folder / "items.jsonl", ITEMS)
    server.succeed("dataset", "create", "support", "--input-schema", "-", stdin=SCHEMA)
    server.succeed("item", "add", "support", "--file", str(items))
    server.succeed("dataset", "label", "set", "support", "golden", "--freeze")
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dataset", "items", "support", "--label", "goldn"], "did you mean golden?"),
        (["dataset", "items", "suport"], "did you mean support?"),
        (["dataset", "items", "support", "--version", "9"], "its current version is 1"),
        (["dataset", "items", "support", "--filter", "split ="], "column 8"),
        (["dataset", "show", "support", "--as-of", "2020-01-01"], "no version yet"),
        (["dataset", "diff", "support", "1", "9"], "no version 9"),
        (["dataset", "restore", "support", "gold"], "gold"),
        (["dataset", "label", "set", "support", "golden"], "frozen"),
        (["dataset", "label", "delete", "support", "golden"], "frozen"),
        (["dataset", "label", "set", "support", "7"], "letter"),
        (["dataset", "update", "support", "--default-scorer", "exact_mach"], "exact_match"),
        (["dataset", "update", "support", "--input-schema", "no-such-file"], "no-such-file"),
        (["dataset", "duplicates", "support", "--field", "output"], "output"),
        (["item", "show", "support", "c"], "items/c does not exist"),
        (["item", "add", "support", "--set", "input=Hello"], "a text needs its quotes"),
        (["item", "add", "support", "--input", '{"q": 1}'], "--set input=JSON"),
        (["item", "add", "support", "--id", "a", "--set", 'input={"q": 7}'], "id: 'a' is there"),
        (
            ["item", "add", "support", "--set", 'input={"q": 7}', "--set", "id=a"],
            "id: 'a' is there",
        ),
        (["item", "add", "support", "--set", 'input={"r": 7}'], "input: 'q' is a required"),
        (["item", "update", "support", "a", "--set", "input.q.r=1"], "no object to hold 'r'"),
        (
            ["item", "update", "support", "a", "--set", "split=x", "--expected-version", "0"],
            "version 1 is current",
        ),
        (["item", "remove", "support", "a", "c"], "items/c does not exist"),
        (["item", "history", "support", "c"], "items/c does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_said_and_changes_nothing(
    cases: Server, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    code = run_command([*arguments, "--address", cases.address])

    printed = capsys.readouterr()
    assert (code, printed.out) == (1, "")
    assert printed.err.startswith("error: "), printed.err
    assert said in printed.err
    with Client(cases.address) as client:
        assert client.datasets.get("support").version == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["dataset", "items", "support", "--version", "1", "--label", "golden"],
        ["dataset", "items", "support", "--sample", "some"],
        ["dataset", "items", "support", "--as-of", "yesterday"],
        ["dataset", "update", "support"],
        ["dataset", "update", "support", "--tag", "x", "--clear-tags"],
        ["item", "add", "support"],
        ["item", "add", "support", "--set", "inputs=1"],
        ["item", "update", "support", "--set", "split=x"],
        ["item", "update", "support", "a", "--set", "id=c"],
        ["item", "update", "support", "a", "--clear", "input"],
        ["dataset", "purge", "support"],
    ],
    ids=" ".join,
)
def test_what_is_not_understood_ends_with_1(
    cases: Server, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code = run_command([*arguments, "--address", cases.address])

    assert code == 1
    assert "--help tells what it accepts" in capsys.readouterr().err


def test_a_purge_asks_first(cases: Server) -> None:
    done = cases.run("dataset", "purge", "support", "a", stdin="n\n")

    assert done.code == 130
    assert "Erase item a of support" in done.err
    assert (
        cases.succeed("item", "show", "support", "a", "--format", "json").json()["purged"] is False
    )


def test_refused_rows_are_named_by_line(cases: Server, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"input": {"q": 3}}, {"input": 7}, {"input": {}}]
    file = write_lines(tmp_path / "rows.jsonl", rows)

    done = cases.run("item", "add", "support", "--file", str(file))

    assert (done.code, done.out) == (1, "")
    assert "line 2: input: " in done.err
    assert "line 3: input: " in done.err


def test_every_form_of_a_listing_has_the_same_items(cases: Server) -> None:
    arguments = ["dataset", "items", "support", "--tag", "hard", "--format"]

    as_json = cases.succeed(*arguments, "json").json()
    as_lines = cases.succeed(*arguments, "jsonl")
    heading, line = cases.succeed(*arguments, "csv").out.splitlines()

    assert [item["id"] for item in as_json] == ["a"]
    assert as_lines.lines() == as_json
    assert '"input":{"q": 1, "n": 1.0}' in as_lines.out
    assert heading.split(",")[:4] == ["id", "name", "external_id", "input"]
    assert '"{""q"": 1, ""n"": 1.0}"' in line


def test_the_state_of_a_time_is_read(cases: Server) -> None:
    listing = ["dataset", "items", "support", "--format", "json", "--as-of"]

    assert cases.succeed(*listing, "2020-01-01").json() == []
    assert len(cases.succeed(*listing, "2100-01-01").json()) == 2
