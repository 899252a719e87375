"""Selections of items from the wire."""

from __future__ import annotations

import math

from trialbook.services.application.item_filter import parse_filter
from trialbook.services.application.item_selection import ItemSelection, Sample
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.v1 import item_selection_pb2 as pb

MOST_IDS = 10_000
MOST_LABELS = 32
MOST_SAMPLED = 1_000_000


def read_selection(path: str, selection: pb.ItemSelection) -> ItemSelection:
    """Return what a request selects. Raises Invalid."""
    violations = [
        Violation(f"{path}.{name}", f"has {len(values):,}; name at most {most:,}")
        for name, values, most in (
            ("item_ids", selection.item_ids, MOST_IDS),
            ("splits", selection.splits, MOST_LABELS),
            ("tags", selection.tags, MOST_LABELS),
        )
        if len(values) > most
    ]
    violations += [
        Violation(f"{path}.{name}[{place}]", "has the character U+0000, which no text may have")
        for name, values in (("item_ids", selection.item_ids), ("splits", selection.splits))
        for place, text in enumerate(values[:MOST_IDS])
        if "\x00" in text
    ]
    if violations:
        raise Invalid(violations)
    text = selection.filter
    return ItemSelection(
        tuple(dict.fromkeys(selection.item_ids)),
        tuple(dict.fromkeys(selection.splits)),
        tuple(dict.fromkeys(selection.tags)),
        parse_filter(f"{path}.filter", text) if text.strip() else None,
        _sample(f"{path}.sample", selection.sample) if selection.HasField("sample") else None,
    )


def _sample(path: str, sample: pb.ItemSample) -> Sample:
    amount = sample.WhichOneof("amount")
    if amount == "count":
        if not 1 <= sample.count <= MOST_SAMPLED:
            raise Invalid.field(
                f"{path}.count", f"{sample.count:,} is not from 1 to {MOST_SAMPLED:,}"
            )
        return Sample(sample.seed, count=sample.count)
    if amount == "fraction":
        if math.isnan(sample.fraction) or not 0 < sample.fraction <= 1:
            raise Invalid.field(f"{path}.fraction", f"{sample.fraction} is not above 0 and up to 1")
        return Sample(sample.seed, fraction=sample.fraction)
    raise Invalid.field(path, "says neither count nor fraction; set one of them")
