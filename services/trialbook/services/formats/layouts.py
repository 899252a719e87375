"""All layouts by name, and how to tell from the fields of its first rows which one a file has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple

from trialbook.services.formats import (
    braintrust,
    langfuse,
    langsmith,
    mastra,
    native,
    openai_evals,
    phoenix,
)
from trialbook.services.formats.cells import Column, native_columns
from trialbook.services.formats.row import IgnoredFields, Record, Row

LayoutName = Literal[
    "trialbook",
    "mastra",
    "langfuse",
    "langsmith",
    "braintrust",
    "phoenix",
    "openai_evals",
    "columns",
]


class Layout(NamedTuple):
    """How to read rows, what a table's columns mean, and whether rows have these fields."""

    name: LayoutName
    read: Callable[[Record, IgnoredFields], Row]
    columns: Callable[[Sequence[str]], list[Column]]
    recognises: Callable[[Collection[str]], bool]


def _either(names: Sequence[str]) -> list[Column]:
    """Others write JSON into the cells of tables where a value is no plain text."""
    return [Column(name, "either") for name in names]


LAYOUTS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout("trialbook", native.read, native_columns, native.recognises),
        Layout("openai_evals", openai_evals.read, _either, openai_evals.recognises),
        Layout("mastra", mastra.read, _either, mastra.recognises),
        Layout("langfuse", langfuse.read, _either, langfuse.recognises),
        Layout("langsmith", langsmith.read, _either, langsmith.recognises),
        Layout("braintrust", braintrust.read, _either, braintrust.recognises),
        Layout("phoenix", phoenix.read, _either, phoenix.recognises),
    )
}


def recognised(fields: Collection[str]) -> Layout | None:
    """Return the first layout that rows with these fields may have."""
    return next((layout for layout in LAYOUTS.values() if layout.recognises(fields)), None)
