"""What options of experiments and runs stand for."""

from __future__ import annotations

import click
import pytest

from trialbook.client import ItemSample, ItemSelection
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.json_argument import json_object
from trialbook.services.cli.read_point import selection_text
from trialbook.services.cli.run_metadata import ci_metadata, metadata_of
from trialbook.services.cli.run_options import settings_of, versioned
from trialbook.services.cli.trend import sparkline

GITHUB = {
    "GITHUB_SHA": "abc",
    "GITHUB_REF": "refs/pull/12/merge",
    "GITHUB_REF_NAME": "12/merge",
    "GITHUB_HEAD_REF": "feature",
    "GITHUB_REPOSITORY": "team/agent",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_RUN_ID": "77",
    "GITHUB_ACTOR": "",
}
GITLAB = {
    "CI_COMMIT_SHA": "def",
    "CI_COMMIT_REF_NAME": "main",
    "CI_PROJECT_PATH": "team/agent",
    "CI_JOB_URL": "https://gitlab.example/jobs/1",
}


def test_a_version_or_a_label_follows_an_at_sign() -> None:
    assert versioned("support") == "support"
    assert versioned("support@7") == "support/versions/7"
    assert versioned("support@golden") == "support/versions/golden"
    for text in ("support@", "@7", "@"):
        with pytest.raises(click.UsageError, match="NAME@VERSION"):
            versioned(text)


def test_what_a_ci_server_tells() -> None:
    assert ci_metadata(GITHUB) == {
        "commit": "abc",
        "branch": "feature",
        "repository": "team/agent",
        "change": "12",
        "job": "https://github.com/team/agent/actions/runs/77",
    }
    assert ci_metadata(GITLAB) == {
        "commit": "def",
        "branch": "main",
        "repository": "team/agent",
        "job": "https://gitlab.example/jobs/1",
    }
    assert ci_metadata({}) == {}


def test_metadata_is_json_or_text() -> None:
    pairs = ["n=3", "text=a=b", 'list=["x"]', "name=NaN", "empty="]
    assert metadata_of(pairs, from_ci=False) == {
        "n": 3,
        "text": "a=b",
        "list": ["x"],
        "name": "NaN",
        "empty": "",
    }
    assert metadata_of([], from_ci=False) is None
    with pytest.raises(click.UsageError, match="KEY=VALUE"):
        metadata_of(["=x"], from_ci=False)


def test_what_is_given_wins_over_what_a_ci_server_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SHA", "abc")
    told = metadata_of(["commit=def"], from_ci=True)
    assert told is not None
    assert told["commit"] == "def"


def test_json_options_are_objects() -> None:
    assert json_object(' {"a": 1.0} ', "--context").text == '{"a": 1.0}'
    for text in ("[1]", "{", "3"):
        with pytest.raises(CommandFailure, match="--context"):
            json_object(text, "--context")


def test_the_seed_of_a_sample_is_not_that_of_the_run() -> None:
    names = ("concurrency", "attempt_timeout", "max_retries", "initial_backoff", "max_backoff",
             "trials", "run_deadline", "rate_limit", "max_failures")  # fmt: skip
    given = {**dict.fromkeys(names), "run_seed": 7, "seed": 3, "trials": 2}
    assert settings_of(given) == {"trials": 2, "seed": 7}


def test_a_selection_is_told_as_the_options_that_make_it() -> None:
    sample = ItemSample(fraction=0.025, seed=3)
    selection = ItemSelection(["a"], ["test"], ["hard"], 'input.n > "3"', sample)
    assert selection_text(selection) == (
        "--id a --split test --tag hard --filter 'input.n > \"3\"' --sample 2.5% --seed 3"
    )
    assert selection_text(None) == ""


@pytest.mark.parametrize(
    ("values", "line"),
    [([0.0, 0.5, 1.0], "▁▅█"), ([0.5, 0.5], "▅▅"), ([None, 1.0, 2.0], " ▁█"), ([], "")],
)
def test_a_sparkline_spans_what_there_is(values: list[float | None], line: str) -> None:
    assert sparkline(values) == line
