"""Random requests, all in one batch or one after another, on one backend or the other: the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.backends import KINDS, made_backend
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.batches import run_batches

EXAMPLES = {"sqlite": 100, "postgres": 25}


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_has_the_effect_of_its_requests_one_after_another(
    kind: str, tmp_path: Path
) -> None:
    numbers = count()
    with ExitStack() as stack:

        def maker(kind: str) -> Callable[[], Backend]:
            return lambda: stack.enter_context(made_backend(kind, tmp_path / str(next(numbers))))

        run_batches(maker(kind), maker("sqlite"), examples=EXAMPLES[kind])
