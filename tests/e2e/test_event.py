"""The audit trail and the log on the command line."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import COMMAND_LINE, Server, environment, wait_until, write_lines

CASES = [{"id": f"i{number}", "input": number, "expected": number} for number in range(600)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on which changes were made, some of them with a reason, for tests that only read."""
    folder = tmp_path_factory.mktemp("told")
    server = Server(folder).start()
    file = write_lines(folder / "cases.jsonl", CASES)
    server.succeed("dataset", "import", str(file), "--dataset", "support", "--reason", "Q4 tickets")
    server.succeed("--reason", "for the nightly", "dataset", "create", "other")
    server.succeed("dataset", "delete", "other", "--yes")
    yield server
    server.stop()


def test_the_audit_trail_tells_who_what_when_why_and_by_which_command(told: Server) -> None:
    entries = told.succeed("audit", "--format", "jsonl").lines()

    assert [entry["event"] for entry in entries[:2]] == ["dataset.deleted", "dataset.created"]
    assert [entry["reason"] for entry in entries[:2]] == ["", "for the nightly"]
    assert entries[0]["command"] == "DeleteDataset"
    assert {entry["resource"] for entry in entries[:2]} == {"projects/default/datasets/other"}
    assert all(entry["author"] and entry["create_time"] for entry in entries)
    (added,) = [entry for entry in entries if entry["event"] == "dataset.items_added"]
    assert (added["fact_count"], added["reason"]) == (600, "Q4 tickets")
    assert added["resource"] == "projects/default/datasets/support"


def test_the_audit_trail_of_one_resource_or_item_is_told_for_people(told: Server) -> None:
    whole = told.succeed("audit", "datasets/support").out
    item = told.succeed("audit", "datasets/support/items/i7").out

    assert "WHO" in whole
    assert "dataset.items_added × 600" in whole
    assert "Q4 tickets" in whole
    assert "other" not in whole
    assert item.count("items_added") == 1
    assert "datasets/support/items/i7" in item


def test_the_audit_trail_is_filtered_and_comes_as_csv(told: Server) -> None:
    out = told.succeed("audit", "--kind", "created", "--since", "1h", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))

    assert [row["event"] for row in rows] == ["dataset.created"] * 2
    assert rows[0]["reason"] == "for the nightly"
    assert told.succeed("audit", "--until", "1h", "--format", "json").json() == []
    assert told.succeed("audit", "--author", "nobody", "--format", "json").json() == []
    assert len(told.succeed("audit", "--limit", "1", "--format", "jsonl").lines()) == 1


def test_events_are_listed_one_by_one(told: Server) -> None:
    listed = told.succeed(
        "event", "list", "--noun", "dataset", "--kind", "items_added", "--limit", "700",
        "--format", "jsonl",
    ).lines()  # fmt: skip
    newest = told.succeed("event", "list", "--newest", "--limit", "1", "--format", "jsonl").lines()

    assert [event["data"]["input"] for event in listed] == list(range(600))
    assert newest[0]["kind"] == "deleted"
    assert "items_added" in told.succeed("event", "list", "--limit", "20").out


def test_a_follower_that_is_killed_goes_on_where_it_stood(server: Server, tmp_path: Path) -> None:
    for name in ("first", "second"):
        server.succeed("dataset", "create", name)
    arguments = ["event", "follow", "--consumer", "mirror", "--kind", "created"]
    out = tmp_path / "followed"
    with out.open("wb") as stdout:
        follower = subprocess.Popen(
            [*COMMAND_LINE, *arguments, "--format", "jsonl"],
            stdout=stdout,
            env=environment(TRIALBOOK_ADDRESS=server.address),
        )
        try:
            wait_until(lambda: len(out.read_bytes().splitlines()) == 2, what="the past is told")
            wait_until(
                lambda: server.succeed("event", "consumers", "--format", "jsonl").lines(),
                what="the consumer is stored",
            )
            server.succeed("dataset", "create", "live")
            wait_until(lambda: len(out.read_bytes().splitlines()) == 3, what="it is told live")
        finally:
            follower.send_signal(signal.SIGKILL)
            follower.wait()
    (stored,) = server.succeed("event", "consumers", "--format", "jsonl").lines()
    server.succeed("dataset", "create", "later")

    rest = server.succeed(*arguments, "--limit", "1", "--format", "jsonl").lines()

    assert stored["id"] == "mirror"
    assert stored["position"] > 0
    resources = [json.loads(line)["resource"] for line in out.read_text().splitlines()]
    assert [name.rpartition("/")[2] for name in resources] == ["first", "second", "live"]
    # What was told but not yet acknowledged when it died comes again.
    assert rest[0]["resource"].rpartition("/")[2] in ("live", "later")


def test_a_consumer_can_be_forgotten(server: Server) -> None:
    server.succeed("dataset", "create", "first")
    server.succeed("event", "follow", "--consumer", "mirror", "--limit", "1")
    assert "mirror" in server.succeed("event", "consumers").out

    server.succeed("event", "delete-consumer", "mirror")

    assert server.succeed("event", "consumers", "--format", "json").json() == []


def test_following_for_people_prints_a_line_for_each_event(told: Server) -> None:
    out = told.succeed("event", "follow", "--from-start", "--limit", "3").out

    assert len(out.splitlines()) == 3
    assert "dataset.created" in out.splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["audit", "support"], "datasets/support"),
        (["audit", "datasets/suport"], "did you mean support?"),
        (["audit", "--since", "yesterday"], "2026-11-20"),
        (["audit", "--kind", "item_added"], "items_added"),
        (["event", "list", "--after-position", "999999999"], "999999999"),
        (["event", "follow", "--from-start", "--after-position", "1"], "exclude"),
        (["event", "delete-consumer", "none"], "consumers/none"),
        (["dataset", "create", "x", "--reason", "y" * 501], "500"),
    ],
)
def test_mistakes_are_told_in_a_sentence(told: Server, arguments: list[str], part: str) -> None:
    finished = told.run(*arguments)

    assert finished.code == 1, finished
    assert finished.err.startswith("error: ")
    assert part in finished.err
    assert "Traceback" not in finished.err
