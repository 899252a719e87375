"""Which state of a dataset is read, and which of its items, on the command line."""

from __future__ import annotations

from typing import Any

import click
import pytest

from trialbook.client import ItemSample, ItemSelection
from trialbook.services.cli.read_point import read_point_of, sample_size, selection_of

NO_SELECTION: dict[str, Any] = {
    "item_ids": (),
    "splits": (),
    "tags": (),
    "condition": "",
    "sample": None,
    "seed": 0,
}


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        ("100", ItemSample(count=100)),
        ("10%", ItemSample(fraction=0.1)),
        ("2.5%", ItemSample(fraction=0.025)),
    ],
)
def test_samples(text: str, sample: ItemSample) -> None:
    assert sample_size(text) == sample


@pytest.mark.parametrize("text", ["", "-1", "%", "1.5", "ten", "1e3"])
def test_what_is_no_sample_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        sample_size(text)


def test_one_state_at_most_is_read() -> None:
    assert read_point_of({"version": 3, "label": None, "as_of": None})["version"] == 3
    with pytest.raises(click.UsageError, match="only one of"):
        read_point_of({"version": 3, "label": "golden", "as_of": None})


def test_nothing_given_selects_everything() -> None:
    assert selection_of(NO_SELECTION) is None


def test_the_seed_goes_with_the_sample() -> None:
    given = {**NO_SELECTION, "tags": ("hard",), "sample": ItemSample(count=5), "seed": 7}

    assert selection_of(given) == ItemSelection(tags=("hard",), sample=ItemSample(5, None, 7))
