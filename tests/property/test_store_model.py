"""The store beside lists in memory, on every backend, whatever is done to both."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.backends import KINDS, made_backend
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.model import run_model

EXAMPLES = {"sqlite": 40, "postgres": 10}


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_holds_what_a_list_would(kind: str, tmp_path: Path) -> None:
    numbers = count()
    with ExitStack() as stack:

        def make_backend() -> Backend:
            return stack.enter_context(made_backend(kind, tmp_path / str(next(numbers))))

        run_model(make_backend, examples=EXAMPLES[kind], steps=25)
