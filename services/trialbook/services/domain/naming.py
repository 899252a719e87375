"""Resource names (`projects/p/datasets/d/versions/7`) and the ids in them."""

from __future__ import annotations

import re

from trialbook.services.domain.errors import Invalid, Violation

RESOURCE_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
RESOURCE_ID_RULE = "1 to 63 characters of a-z 0-9 . _ -, beginning with a letter or digit"
ITEM_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
ITEM_ID_RULE = "1 to 128 characters of A-Z a-z 0-9 . _ - :"
EXECUTABLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
EXECUTABLE_NAME_RULE = "1 to 128 characters of A-Z a-z 0-9 . _ -, beginning with a letter or digit"
ALIAS = re.compile(r"[A-Za-z0-9._-]{1,64}")
ALIAS_RULE = "1 to 64 characters of A-Z a-z 0-9 . _ -"

LABEL_ID = re.compile(r"(?=.*[a-z])[a-z0-9][a-z0-9._-]{0,62}")
LABEL_ID_RULE = (
    "1 to 63 characters of a-z 0-9 . _ -, beginning with a letter or digit, a letter among them"
)
LATEST = "latest"
"""The label that always names the current version."""

ALL_PROJECTS = "-"
"""Stands in resource names for every project."""

TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
TRACE_ID_RULE = "32 hex digits in lower case, not all 0"

_LARGEST_NUMBER = 2**62


def project_name(project: str) -> str:
    """`projects/{project}`."""
    return f"projects/{project}"


def dataset_name(project: str, dataset_id: str) -> str:
    """`projects/{project}/datasets/{dataset}`."""
    return f"projects/{project}/datasets/{dataset_id}"


def dataset_version_name(project: str, dataset_id: str, version: int | str) -> str:
    """`projects/{project}/datasets/{dataset}/versions/{version}`."""
    return f"projects/{project}/datasets/{dataset_id}/versions/{version}"


def label_name(project: str, dataset_id: str, label_id: str) -> str:
    """`projects/{project}/datasets/{dataset}/labels/{label}`."""
    return f"projects/{project}/datasets/{dataset_id}/labels/{label_id}"


def item_name(project: str, dataset_id: str, item_id: str) -> str:
    """`projects/{project}/datasets/{dataset}/items/{item}`."""
    return f"projects/{project}/datasets/{dataset_id}/items/{item_id}"


def experiment_name(project: str, experiment_id: str) -> str:
    """`projects/{project}/experiments/{experiment}`."""
    return f"projects/{project}/experiments/{experiment_id}"


def experiment_version_name(project: str, experiment_id: str, version: int) -> str:
    """`projects/{project}/experiments/{experiment}/versions/{version}`."""
    return f"projects/{project}/experiments/{experiment_id}/versions/{version}"


def run_name(project: str, run_id: str) -> str:
    """`projects/{project}/runs/{run}`."""
    return f"projects/{project}/runs/{run_id}"


def result_name(project: str, run_id: str, number: int) -> str:
    """`projects/{project}/runs/{run}/results/{number}`."""
    return f"projects/{project}/runs/{run_id}/results/{number}"


def trace_name(project: str, trace_id: str) -> str:
    """`projects/{project}/traces/{trace_id}`."""
    return f"projects/{project}/traces/{trace_id}"


def score_name(project: str, run_id: str, number: int, score_id: str) -> str:
    """`projects/{project}/runs/{run}/results/{number}/scores/{score}`."""
    return f"{result_name(project, run_id, number)}/scores/{score_id}"


def scorer_name(project: str, scorer_id: str) -> str:
    """`projects/{project}/scorers/{scorer}`."""
    return f"projects/{project}/scorers/{scorer_id}"


def consumer_name(project: str, consumer_id: str) -> str:
    """`projects/{project}/consumers/{consumer}`; an empty project stands for all of them."""
    return f"projects/{project or ALL_PROJECTS}/consumers/{consumer_id}"


def check_id(path: str, value: str, pattern: re.Pattern[str], rule: str) -> list[Violation]:
    """Return the violation of an id's rule, if there is one."""
    if pattern.fullmatch(value):
        return []
    problem = "is required" if not value else f"{value[:80]!r} is not allowed"
    return [Violation(path, f"{problem}: {rule}")]


def _split(path: str, name: str, form: str) -> list[str]:
    """Return the variable parts of `name`, whose form is like `projects/{project}/runs/{run}`."""
    parts, wanted = name.split("/"), form.split("/")
    fits = len(parts) == len(wanted) and all(
        part == want or want.startswith("{") for part, want in zip(parts, wanted, strict=True)
    )
    if not fits:
        problem = "is required" if not name else f"{name[:120]!r} is not such a name"
        raise Invalid.field(path, f"{problem}; write {form}")
    return [part for part, want in zip(parts, wanted, strict=True) if want.startswith("{")]


def _checked(path: str, values: list[str], pattern: re.Pattern[str], rule: str) -> list[str]:
    violations = [bad for value in values for bad in check_id(path, value, pattern, rule)]
    if violations:
        raise Invalid(violations)
    return values


def parse_project(path: str, name: str) -> str:
    """Return the project id of `projects/{project}`. Raises Invalid."""
    return _checked(path, _split(path, name, "projects/{project}"), RESOURCE_ID, RESOURCE_ID_RULE)[
        0
    ]


def parse_projects(path: str, name: str) -> str:
    """Return the project id of `projects/{project}`; empty for `projects/-`. Raises Invalid."""
    return "" if name == project_name(ALL_PROJECTS) else parse_project(path, name)


def parse_consumer(path: str, name: str) -> tuple[str, str]:
    """Return project, empty for all, and consumer id. Raises Invalid."""
    project, consumer = _split(path, name, "projects/{project}/consumers/{consumer}")
    found = parse_projects(path, project_name(project))
    _checked(path, [consumer], RESOURCE_ID, RESOURCE_ID_RULE)
    return found, consumer


def _parse_two(path: str, name: str, form: str) -> tuple[str, str]:
    project, resource = _checked(path, _split(path, name, form), RESOURCE_ID, RESOURCE_ID_RULE)
    return project, resource


def parse_dataset(path: str, name: str) -> tuple[str, str]:
    """Return project and dataset id. Raises Invalid."""
    return _parse_two(path, name, "projects/{project}/datasets/{dataset}")


def parse_experiment(path: str, name: str) -> tuple[str, str]:
    """Return project and experiment id. Raises Invalid."""
    return _parse_two(path, name, "projects/{project}/experiments/{experiment}")


def parse_run(path: str, name: str) -> tuple[str, str]:
    """Return project and run id. Raises Invalid."""
    return _parse_two(path, name, "projects/{project}/runs/{run}")


def parse_scorer(path: str, name: str) -> tuple[str, str]:
    """Return project and scorer id. Raises Invalid."""
    project, scorer = _split(path, name, "projects/{project}/scorers/{scorer}")
    _checked(path, [project], RESOURCE_ID, RESOURCE_ID_RULE)
    _checked(path, [scorer], EXECUTABLE_NAME, EXECUTABLE_NAME_RULE)
    return project, scorer


def parse_item(path: str, name: str) -> tuple[str, str, str]:
    """Return project, dataset and item id. Raises Invalid."""
    project, dataset, item = _split(
        path, name, "projects/{project}/datasets/{dataset}/items/{item}"
    )
    _checked(path, [project, dataset], RESOURCE_ID, RESOURCE_ID_RULE)
    _checked(path, [item], ITEM_ID, ITEM_ID_RULE)
    return project, dataset, item


def parse_label(path: str, name: str) -> tuple[str, str, str]:
    """Return project, dataset and label id. Raises Invalid."""
    project, dataset, label = _split(
        path, name, "projects/{project}/datasets/{dataset}/labels/{label}"
    )
    _checked(path, [project, dataset], RESOURCE_ID, RESOURCE_ID_RULE)
    _checked(path, [label], LABEL_ID, LABEL_ID_RULE)
    return project, dataset, label


def parse_result(path: str, name: str) -> tuple[str, str, int]:
    """Return project, run id and the result's number. Raises Invalid."""
    project, run, number = _split(path, name, "projects/{project}/runs/{run}/results/{number}")
    _checked(path, [project, run], RESOURCE_ID, RESOURCE_ID_RULE)
    return project, run, _number(path, number)


def parse_trace(path: str, name: str) -> tuple[str, str]:
    """Return project and trace id. Raises Invalid."""
    project, trace_id = _split(path, name, "projects/{project}/traces/{trace_id}")
    _checked(path, [project], RESOURCE_ID, RESOURCE_ID_RULE)
    _checked(path, [trace_id], TRACE_ID, TRACE_ID_RULE)
    return project, trace_id


def parse_score(path: str, name: str) -> tuple[str, str, int, str, int | None]:
    """Return project, run id, the result's number, the scorer's alias, and its place from 1.

    The number is 0 for a score of the run as a whole, the place None where the name has none.
    Raises Invalid.
    """
    project, run, number, score = _split(
        path, name, "projects/{project}/runs/{run}/results/{number}/scores/{score}"
    )
    _checked(path, [project, run], RESOURCE_ID, RESOURCE_ID_RULE)
    alias, at, place = score.partition("@")
    _checked(path, [alias], ALIAS, ALIAS_RULE)
    return (
        project,
        run,
        0 if number == "0" else _number(path, number),
        alias,
        _number(path, place) if at else None,
    )


def parse_versioned(path: str, name: str, noun: str) -> tuple[str, str, int | None]:
    """Return project, id and version of a dataset's or experiment's name.

    The version is None where the name has none. `noun` is "dataset" or "experiment".
    Raises Invalid.
    """
    form = f"projects/{{project}}/{noun}s/{{{noun}}}"
    if "/versions/" not in name:
        return *_parse_two(path, name, form), None
    project, resource, version = _split(path, name, form + "/versions/{version}")
    _checked(path, [project, resource], RESOURCE_ID, RESOURCE_ID_RULE)
    return project, resource, _number(path, version)


def parse_dataset_version(path: str, name: str) -> tuple[str, str, int | str]:
    """Return project, dataset id, and the version's number or the label that stands for it.

    Raises Invalid.
    """
    project, dataset, version = _split(
        path, name, "projects/{project}/datasets/{dataset}/versions/{version}"
    )
    _checked(path, [project, dataset], RESOURCE_ID, RESOURCE_ID_RULE)
    return project, dataset, parse_version(path, version)


def parse_version(path: str, text: str, *, lowest: int = 1) -> int | str:
    """Return the number of a dataset version, or the label that stands for it. Raises Invalid."""
    if LABEL_ID.fullmatch(text):
        return text
    if text == "0" and lowest == 0:
        return 0
    return _number(path, text)


def _number(path: str, text: str) -> int:
    # isdecimal alone would let through digits of other scripts, which are no name of ours.
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
    if not 1 <= number <= _LARGEST_NUMBER:
        raise Invalid.field(path, f"{text[:40]!r} is not a number from 1")
    return number
