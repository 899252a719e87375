"""A short way to configure a scorer and to judge one sample."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from trialbook.services.scoring.catalogue import configure
from trialbook.services.scoring.judgement import Judgement, Sample

MISSING = object()


def judge_values(
    scorer: str, output: object, expected: object = MISSING, **parameters: object
) -> Judgement:
    """Judge decoded values; an expected value of ``None`` is JSON null, left out it is missing."""
    sample = Sample(
        output=json.dumps(output, ensure_ascii=False),
        expected=None if expected is MISSING else json.dumps(expected, ensure_ascii=False),
        input="null",
    )
    return configure(scorer, json.dumps(parameters))(sample)


@pytest.fixture
def judge() -> Callable[..., Judgement]:
    """``judge(scorer, output, expected, **parameters)``."""
    return judge_values
