"""`trialbook admin` on both databases, and the way of a log from one to the other."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shlex import quote

import pytest

from tests.e2e.processes import COMMAND_LINE, Finished, Server, environment, run_command
from tests.postgres import fresh_namespace, postgres_url
from trialbook.client import Client

ITEMS = 40


@pytest.fixture
def namespace() -> Iterator[str]:
    with fresh_namespace() as name:
        yield name


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server on an empty database of either kind."""
    folder = tmp_path / "first"
    folder.mkdir()
    running = Server(folder)
    if request.param == "postgres":
        running.postgres = postgres_url()
        running.namespace = request.getfixturevalue("namespace")
    yield running.start()
    running.stop()


@pytest.fixture
def used(server: Server) -> Server:
    """A stopped server whose database has a dataset."""
    with Client(server.address) as client:
        client.datasets.create("numbers")
        client.datasets.add_items("numbers", [{"input": number} for number in range(ITEMS)])
    server.stop()
    return server


def refused(finished: Finished) -> str:
    assert finished.code == 1, finished
    assert finished.err.startswith("error: ")
    assert "Traceback" not in finished.err
    assert "defect" not in finished.err
    return finished.err


def test_every_verb_tells_people_and_programs_what_it_did(used: Server, tmp_path: Path) -> None:
    archive = str(tmp_path / "archive")

    assert used.admin("migrate", "--format", "json").json() == {"steps": []}
    assert "of this release" in used.admin("migrate").out
    rebuilt = used.admin("rebuild", "--format", "json").json()
    assert (rebuilt["events"], rebuilt["facts"]) == (3, ITEMS + 2)
    assert "replayed 3 events with 42 facts" in used.admin("rebuild").out
    verified = used.admin("verify", "--read-models", "--format", "json").json()
    assert verified["sound"] is True
    assert verified["log_findings"] == verified["read_model_findings"] == []
    assert used.admin("verify").out.startswith("sound: 3 events in 2 streams")
    written = used.admin("export-log", archive, "--format", "json").json()
    assert (written["events"], written["digest"]) == (3, verified["digest"])
    assert "is there already" in refused(run_command("admin", "export-log", archive, *used.place))
    assert "wrote 3 events" in used.admin("export-log", archive, "--force").out
    assert "empty" in refused(run_command("admin", "import-log", archive, *used.place))


def test_a_log_goes_through_pipes_to_another_kind_of_database_and_back(
    used: Server, tmp_path: Path
) -> None:
    with fresh_namespace() as name:
        other = Server(tmp_path / "other", postgres=postgres_url(), namespace=name)
        back = Server(tmp_path / "back")
        pipe(used, other, tmp_path / "there")
        pipe(other, back, tmp_path / "again")
        other.admin("verify", "--read-models")
    back.admin("verify", "--read-models")

    assert (tmp_path / "there").read_bytes() == (tmp_path / "again").read_bytes()


def pipe(source: Server, target: Server, copy: Path) -> None:
    """Export from one database into another, and keep what goes through."""
    trialbook = " ".join([*COMMAND_LINE, "admin"])
    export = f"{trialbook} export-log - {' '.join(map(quote, source.place))}"
    import_ = f"{trialbook} import-log - {' '.join(map(quote, target.place))}"
    line = f"set -o pipefail; {export} | tee {quote(str(copy))} | {import_}"
    subprocess.run(["bash", "-c", line], check=True, capture_output=True, env=environment())


def test_findings_are_told_and_end_with_exit_code_1(tmp_path: Path) -> None:
    server = Server(tmp_path).start()
    with Client(server.address) as client:
        client.datasets.create("numbers")
        client.datasets.add_items("numbers", [{"input": 1}, {"input": 2}])
    server.stop()
    with closing(sqlite3.connect(server.database)) as connection:
        connection.execute("UPDATE item SET input = '0' WHERE ordinal = 2")
        connection.commit()

    found = run_command("admin", "verify", "--read-models", *server.place)

    assert found.code == 1
    assert "is wrong in input" in found.out
    assert "1 findings" in found.out
    server.admin("rebuild")
    server.admin("verify", "--read-models")


def test_a_database_in_use_is_not_rebuilt(server: Server) -> None:
    told = refused(run_command("admin", "rebuild", *server.place))

    assert "in use" in told
    assert "hint: " in told


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for verb in ("migrate", "verify"):
        assert "there is no database" in refused(
            run_command("admin", verb, "--database", str(tmp_path / "none.db"))
        )
    assert list(tmp_path.iterdir()) == []


def test_a_password_in_the_command_is_refused_and_not_repeated() -> None:
    done = run_command("serve", "--database", "postgresql://u:sesame@127.0.0.1:1/x")

    assert done.code == 1
    assert "TRIALBOOK_DATABASE_PASSWORD" in done.err
    assert "sesame" not in done.err + done.out


def test_a_password_in_the_environment_shows_up_nowhere() -> None:
    done = subprocess.run(
        [*COMMAND_LINE, "serve", "--address", "127.0.0.1:0"],
        env=environment(
            TRIALBOOK_DATABASE="postgresql://u:sesame@127.0.0.1:1/x",
            TRIALBOOK_DATABASE_PASSWORD="open-sesame",
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "postgresql://u@127.0.0.1:1/x" in done.stderr
    assert "sesame" not in done.stderr + done.stdout
