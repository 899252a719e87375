"""The JSON of the pages on trajectories is what the service reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.unit.docs.test_docs import FENCE, ROOT
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.catalogue import check_parameters, describe
from trialbook.services.scoring.expectation.reading import read_expectation

GUIDE = ROOT / "docs" / "guides" / "trajectories.md"
SCORERS = ROOT / "docs" / "reference" / "scorers.md"


def examples(page: Path) -> Iterator[Any]:
    """The JSON documents of a page; JSON lines one by one."""
    for language, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "json":
            try:
                yield json.loads(text)
            except ValueError:
                yield from map(json.loads, text.splitlines())


def test_every_expectation_of_the_guide_can_be_read() -> None:
    written = [one for one in examples(GUIDE) if isinstance(one, dict)]
    expectations = [one.get("expected_trajectory", one) for one in written]

    read = [read_expectation(json.dumps(one)) for one in expectations]

    assert len(read) == 4
    assert all(one.steps for one in read)


def test_the_guide_has_an_example_of_each_scorer_of_ours() -> None:
    (judges,) = (one for one in examples(GUIDE) if isinstance(one, list))
    for judge in judges:
        check_parameters(judge["name"], json.dumps(judge.get("params", {})))
    described = [describe(judge["name"]) for judge in judges]

    assert len(judges) == 13
    assert all(one is not None and one.scope is ScorerScope.TRAJECTORY for one in described)


def test_the_parameters_in_the_reference_are_accepted() -> None:
    (assertions,) = examples(SCORERS)
    check_parameters("structured_assertions", json.dumps(assertions))
