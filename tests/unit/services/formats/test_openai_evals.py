"""Samples of OpenAI's evals."""

from __future__ import annotations

import json

from tests.unit.services.formats.reading import bad_row, opened, row, value

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"}]


def test_a_sample_of_the_framework_is_read() -> None:
    found = row({"input": CHAT, "ideal": ["4", "four"], "choice": "A"})
    assert (value(found.input), value(found.expected)) == (CHAT, ["4", "four"])
    assert value(found.metadata) == {"openai_evals": {"choice": "A"}}


def test_a_sample_as_phoenix_writes_it_is_read() -> None:
    found = row({"messages": CHAT, "ideal": "4"})
    assert (value(found.input), found.expected) == (CHAT, '"4"')


def test_a_sample_of_the_hosted_service_is_read() -> None:
    sample = {"item": {"question": "2+2?", "answer": "4"}, "sample": {"output_text": "4"}}
    found = row(sample)
    assert opened(json.dumps(sample)).layout == "openai_evals"
    assert (value(found.input), found.expected) == (sample["item"], None)
    assert value(found.metadata) == {"openai_evals": {"sample": {"output_text": "4"}}}


def test_a_sample_without_input_is_refused() -> None:
    assert bad_row({"ideal": "4"}, layout="openai_evals").path == "input"
