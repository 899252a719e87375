"""Selections of items from the wire."""

from __future__ import annotations

import math

from trialbook.services.application.item_filter import parse_filter
from trialbook.services.application.item_selection import ItemSelection
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.selection import SampleTerms, SelectionTerms
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


def read_terms(path: str, selection: pb.ItemSelection) -> SelectionTerms | None:
    """Return what a request selects, to be kept; None for everything. Raises Invalid."""
    chosen = read_selection(path, selection)
    if chosen.everything:
        return None
    return SelectionTerms(
        chosen.item_ids, chosen.splits, chosen.tags, selection.filter.strip(), chosen.sample
    )


def to_terms(terms: SelectionTerms | None) -> pb.ItemSelection | None:
    """Return a selection for the wire; None for everything."""
    if terms is None:
        return None
    sample = terms.sample
    return pb.ItemSelection(
        item_ids=terms.item_ids,
        splits=terms.splits,
        tags=terms.tags,
        filter=terms.filter,
        sample=None
        if sample is None
        else pb.ItemSample(seed=sample.seed, count=sample.count, fraction=sample.fraction),
    )


def _sample(path: str, sample: pb.ItemSample) -> SampleTerms:
    amount = sample.WhichOneof("amount")
    if amount == "count":
        if not 1 <= sample.count <= MOST_SAMPLED:
            raise Invalid.field(
                f"{path}.count", f"{sample.count:,} is not from 1 to {MOST_SAMPLED:,}"
            )
        return SampleTerms(sample.seed, count=sample.count)
    if amount == "fraction":
        if math.isnan(sample.fraction) or not 0 < sample.fraction <= 1:
            raise Invalid.field(f"{path}.fraction", f"{sample.fraction} is not above 0 and up to 1")
        return SampleTerms(sample.seed, fraction=sample.fraction)
    raise Invalid.field(path, "says neither count nor fraction; set one of them")
