"""What the README's second page tells, by the command line."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.processes import (
    COMMAND_LINE,
    ROOT,
    Server,
    environment,
    interruptible,
    run_command,
    stop_process,
    wait_until,
)

EXAMPLES = ROOT / "clients" / "python" / "examples"
both_databases = pytest.mark.parametrize("server", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def worker(server: Server, processes: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """The twenty-line worker."""
    process = subprocess.Popen(
        [*COMMAND_LINE, "worker", "run", f"{EXAMPLES / 'twenty_lines.py'}:worker"],
        env=environment(TRIALBOOK_ADDRESS=server.address),
    )
    processes.append(process)
    return process


@pytest.fixture
def experiment(server: Server) -> str:
    server.succeed("dataset", "import", str(EXAMPLES / "euros.jsonl"))
    server.succeed(
        "experiment", "create", "euros", "--dataset", "euros", "--target", "euros",
        "--scorer", "exact_match", "--scorer", 'near=levenshtein:{"threshold":0.8}',
        "--max-retries", "0",
    )  # fmt: skip
    return "euros"


@both_databases
def test_import_run_watch_show_results(
    server: Server, worker: subprocess.Popen[bytes], experiment: str
) -> None:
    arguments = ["run", "start", experiment, "--id", "first", "--wait", "--wait-for-worker"]
    waited = server.succeed(*arguments)
    assert "exact_match" in waited.out
    assert "a-crown" in waited.out.partition("failed items")[2]
    assert "KeyError" in waited.out
    assert "5/5" in waited.err

    shown = server.succeed("run", "show", "first", "--format", "json").json()
    assert shown["status"] == "completed"
    assert shown["completed_with_errors"]
    assert shown["counts"] == {"planned": 5, "succeeded": 4, "failed": 1, "skipped": 0}
    assert [(score["scorer"], score["passed"]) for score in shown["scores"]] == [
        ("exact_match", 4),
        ("near", 4),
    ]
    assert shown["latency"]["p95"] >= shown["latency"]["p50"] > 0

    facts = server.succeed("run", "watch", "first", "--format", "jsonl").lines()
    assert [fact["position"] for fact in facts] == list(range(1, len(facts) + 1))
    assert facts[0]["kind"] == "run_started"
    assert facts[-1]["kind"] == "run_ended"
    later = server.succeed(
        "run", "watch", "first", "--after-position", "3", "--format", "jsonl"
    ).lines()
    assert later == facts[3:]

    failed = server.succeed(
        "run", "results", "first", "--status", "failed", "--include-items", "--format", "jsonl"
    ).lines()
    assert [result["item_id"] for result in failed] == ["a-crown"]
    assert failed[0]["input"] == {"amount": 100, "currency": "SEK"}
    assert failed[0]["error"]["kind"] == "KeyError"


def test_data_goes_to_stdout_and_talk_to_stderr(
    server: Server, worker: subprocess.Popen[bytes], experiment: str
) -> None:
    arguments = ["run", "start", experiment, "--wait", "--wait-for-worker", "--format", "json"]
    waited = server.succeed(*arguments)
    assert waited.json()["counts"]["planned"] == 5
    started = server.succeed("run", "start", experiment)
    assert len(started.out.split()) == 1
    server.succeed("run", "wait", started.out.strip())


def test_payloads_come_back_byte_for_byte(server: Server, tmp_path: Path) -> None:
    text = '{"z":1.0,  "a": 12345678901234567890123456789,"e":1e2, "s":"\\u00e9é"}'
    file = tmp_path / "odd.jsonl"
    file.write_text(f'{{"input": {text}, "expected":  null}}\n', encoding="utf-8")
    server.succeed("dataset", "import", str(file))
    listed = server.succeed("dataset", "items", "odd", "--format", "jsonl").out
    assert f'"input":{text}' in listed
    assert '"expected":null' in listed


def test_an_import_from_standard_input(server: Server) -> None:
    lines = '{"input": 1}\n{"input": 2}\n'
    server.succeed("dataset", "import", "-", "--dataset", "piped", stdin=lines)
    versions = server.succeed("dataset", "versions", "piped", "--format", "json").json()
    assert [(version["version"], version["item_count"]) for version in versions] == [(1, 2)]


def test_an_update_makes_a_version_and_runs_can_name_an_old_one(
    server: Server, worker: subprocess.Popen[bytes], experiment: str
) -> None:
    server.succeed("experiment", "update", experiment, "--trials", "2")
    versions = server.succeed("experiment", "versions", experiment, "--format", "json").json()
    assert [version["version"] for version in versions] == [2, 1]
    assert versions[0]["experiment"]["scorers"] == versions[1]["experiment"]["scorers"]
    for definition, planned in ((experiment, 10), (f"{experiment}/versions/1", 5)):
        arguments = ["run", "start", definition, "--wait", "--wait-for-worker", "--format", "json"]
        assert server.succeed(*arguments).json()["counts"]["planned"] == planned


def test_a_cancelled_run_ends_the_wait_with_3(server: Server, experiment: str) -> None:
    server.succeed("run", "start", experiment, "--id", "lonely", "--wait-for-worker")
    listed = server.succeed("run", "list", "--format", "json").json()
    assert [(run["id"], run["status"]) for run in listed] == [("lonely", "pending")]
    server.succeed("run", "cancel", "lonely", "--reason", "nobody comes")
    waited = server.run("run", "wait", "lonely", "--format", "json")
    assert waited.code == 3
    assert waited.json()["counts"]["skipped"] == 5


def test_ctrl_c_ends_the_waiting_and_not_the_run(server: Server, experiment: str) -> None:
    with interruptible():
        waiting = subprocess.Popen(
            [
                *COMMAND_LINE,
                "run",
                "start",
                experiment,
                "--id",
                "long",
                "--wait",
                "--wait-for-worker",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(TRIALBOOK_ADDRESS=server.address),
        )
    assert waiting.stderr is not None
    first_line = waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=30)
    assert "long" in first_line
    assert waiting.returncode == 130
    assert "trialbook run watch long" in said
    assert "trialbook run cancel long" in said
    assert "Traceback" not in said
    assert server.succeed("run", "show", "long", "--format", "json").json()["status"] == "pending"


@both_databases
def test_the_database_is_the_same_after_a_restart_and_after_a_rebuild(
    server: Server, worker: subprocess.Popen[bytes], experiment: str
) -> None:
    server.succeed("run", "start", experiment, "--id", "kept", "--wait", "--wait-for-worker")
    before = server.succeed("run", "results", "kept", "--format", "jsonl").out
    assert server.stop() == 0
    server.admin("rebuild")
    server.start()
    assert server.succeed("run", "results", "kept", "--format", "jsonl").out == before


def test_a_worker_and_a_server_end_with_0_on_sigterm(
    server: Server, worker: subprocess.Popen[bytes], experiment: str
) -> None:
    arguments = ["run", "start", experiment, "--wait", "--wait-for-worker"]
    server.succeed(*arguments)
    assert stop_process(worker, signal.SIGTERM) == 0
    assert server.stop() == 0


def test_the_command_line_tells_its_version_and_verbs() -> None:
    assert run_command("--version").out.startswith("trialbook ")
    told = run_command("--help").out
    verbs = ("serve", "worker", "dataset", "experiment", "run", "scorer", "admin")
    assert all(verb in told for verb in verbs)


def test_scorers_are_listed_with_those_of_live_workers(
    server: Server, processes: list[subprocess.Popen[bytes]]
) -> None:
    agent = EXAMPLES / "demo" / "support_agent.py"
    processes.append(
        subprocess.Popen(
            [*COMMAND_LINE, "worker", "run", f"{agent}:worker"],
            env=environment(TRIALBOOK_ADDRESS=server.address),
        )
    )

    def hosted() -> list[str]:
        listed = server.succeed("scorer", "list", "--format", "json").json()
        return [scorer["id"] for scorer in listed if scorer["origin"] == "worker"]

    assert wait_until(hosted, what="the worker has registered") == ["key_facts"]
    shown = server.succeed("scorer", "show", "levenshtein").out
    assert "threshold" in shown
    assert json.loads(server.succeed("scorer", "show", "key_facts", "--format", "json").out)
