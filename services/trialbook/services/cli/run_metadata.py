"""What should be known of a run: what the command names, and what a CI server tells."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence

import click

# By what is told: the variables of GitHub's and GitLab's jobs, the first one that is set.
VARIABLES: Mapping[str, Sequence[str]] = {
    "commit": ("GITHUB_SHA", "CI_COMMIT_SHA"),
    "branch": (
        "GITHUB_HEAD_REF",
        "GITHUB_REF_NAME",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
        "CI_COMMIT_REF_NAME",
    ),
    "repository": ("GITHUB_REPOSITORY", "CI_PROJECT_PATH"),
    "change": ("CI_MERGE_REQUEST_IID",),
    "job": ("CI_JOB_URL",),
    "event": ("GITHUB_EVENT_NAME", "CI_PIPELINE_SOURCE"),
    "actor": ("GITHUB_ACTOR", "GITLAB_USER_LOGIN"),
}
PULL_REQUEST = "refs/pull/"


def metadata_of(pairs: Sequence[str], *, from_ci: bool) -> dict[str, object] | None:
    """Return the metadata that the options give; None if they give none."""
    metadata: dict[str, object] = dict(ci_metadata(os.environ)) if from_ci else {}
    if from_ci and not metadata:
        print("no CI server tells of a commit here; --ci-metadata adds nothing", file=sys.stderr)
    metadata.update(map(_pair, pairs))
    return metadata or None


def ci_metadata(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what GitHub's or GitLab's job tells of itself."""
    told = {
        name: next((environment[v] for v in variables if environment.get(v)), "")
        for name, variables in VARIABLES.items()
    }
    reference = environment.get("GITHUB_REF", "")
    if reference.startswith(PULL_REQUEST):
        told["change"] = reference.removeprefix(PULL_REQUEST).partition("/")[0]
    if environment.get("GITHUB_RUN_ID"):
        server, repository = environment.get("GITHUB_SERVER_URL", ""), told["repository"]
        told["job"] = f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"
    return {name: value for name, value in told.items() if value}


def _pair(text: str) -> tuple[str, object]:
    """`KEY=VALUE`, where the value is JSON if it can be read as such, and else text."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise click.UsageError(f"--metadata {text!r} is not of the form KEY=VALUE")
    try:
        return key, json.loads(value, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return key, value


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
