"""Which scorers a run has: its own, else the experiment's, else those of its items and dataset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from trialbook.services.application.item_extras import scorers_of
from trialbook.services.application.ports import Queries
from trialbook.services.application.scorer import MAX_SCORERS
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import Definition, ScorerScope, ScorerSpec
from trialbook.services.domain.run import ScorerSource

_SLICE = 2000
_LONGEST_ALIAS = 64
_SUFFIX = re.compile(r"-[1-9][0-9]*")

Kind = tuple[object, ...]
"""What tells scorers of one alias apart: everything but their parameters."""


def choose_scorers(
    queries: Queries,
    dataset_number: int,
    version: int,
    definition: Definition,
    override: tuple[ScorerSpec, ...] | None,
) -> tuple[tuple[ScorerSpec, ...], ScorerSource]:
    """Return the scorers of a run, and where they come from.

    `override` are those that the run names, None if it names none. Without them and the
    experiment's, each item is judged by its own scorers, where it has some, else by the dataset's
    default ones: what all items together ask for are the run's places then. That looks at every
    item that has something of its own, so do it before the command. Raises Invalid for more than
    32 places.
    """
    if override is not None:
        return override, ScorerSource.RUN
    if definition.scorers:
        return definition.scorers, ScorerSource.EXPERIMENT
    defaults = queries.datasets.settings(dataset_number, version).scorers
    own = _own_scorers(queries, dataset_number, version)
    if not own:
        return defaults, ScorerSource.DATASET
    return _shared_places((*defaults, *own)), ScorerSource.DATASET


class PlaceBook:
    """Finds the place that a scorer of an item has among the scorers of its run."""

    def __init__(self, scorers: Sequence[ScorerSpec]) -> None:
        self._scorers = scorers
        self._known: dict[tuple[str, Kind], int | None] = {}

    def places(self, asked: Iterable[ScorerSpec]) -> dict[int, ScorerSpec]:
        """Return what an item asks for, by place."""
        found: dict[int, ScorerSpec] = {}
        for spec in asked:
            key = (spec.alias, kind_of(spec))
            if key not in self._known:
                self._known[key] = self._find(*key)
            place = self._known[key]
            if place is not None:
                found.setdefault(place, spec)
        return found

    def _find(self, alias: str, kind: Kind) -> int | None:
        """Return the place of an alias, or of the alias with a suffix.

        Where a run was rescored, that of a newer version stands for the one that it supersedes.
        """
        version, *rest = kind
        alike = [
            (place, spec)
            for place, spec in enumerate(self._scorers)
            if spec.per_item and not spec.superseded and [*kind_of(spec)][1:] == rest
        ]
        same = [found for found in alike if found[1].version == version]
        named = [place for place, spec in same or alike if spec.alias == alias]
        stem = _stem(alias)
        suffixed = [
            place
            for place, spec in same or alike
            if spec.alias.startswith(stem) and _SUFFIX.fullmatch(spec.alias[len(stem) :])
        ]
        return next(iter(named + suffixed), None)


def kind_of(spec: ScorerSpec) -> Kind:
    """Return what tells scorers of one alias apart."""
    return (
        spec.version,
        spec.scorer,
        spec.scope,
        spec.step_id,
        spec.output_pointer,
        spec.expected_pointer,
    )


def _own_scorers(queries: Queries, number: int, version: int) -> list[ScorerSpec]:
    """Return the different scorers that items have of their own, whatever their parameters."""
    found: dict[tuple[str, Kind], ScorerSpec] = {}
    seen: set[tuple[ScorerSpec, ...]] = set()
    for text in _texts_with_scorers(queries, number, version):
        specs = scorers_of(text)
        if specs in seen:
            continue
        if len(seen) < _SLICE:
            seen.add(specs)
        for spec in specs:
            found.setdefault((spec.alias, kind_of(spec)), spec)
        if len(found) > MAX_SCORERS:
            raise _too_many()
    return list(found.values())


def _texts_with_scorers(queries: Queries, number: int, version: int) -> Iterator[str]:
    after, more = 0, True
    while more:
        page = queries.datasets.extras_with_scorers(number, version, after, _SLICE)
        for ordinal, text in page.rows:
            after = ordinal
            yield text
        more = page.more


def _shared_places(specs: Sequence[ScorerSpec]) -> tuple[ScorerSpec, ...]:
    """Return a place for each different scorer; a second one of an alias gets a suffix."""
    different: dict[tuple[str, Kind], ScorerSpec] = {}
    for spec in specs:
        different.setdefault((spec.alias, kind_of(spec)), spec)
    if len(different) > MAX_SCORERS:
        raise _too_many()
    taken = {spec.alias for spec in different.values()}
    first: set[str] = set()
    places: list[ScorerSpec] = []
    for spec in different.values():
        alias = spec.alias
        if alias in first:
            alias = _free_alias(alias, taken)
            taken.add(alias)
        first.add(alias)
        per_item = spec.scope is not ScorerScope.RUN
        places.append(
            msgspec.structs.replace(
                spec, alias=alias, params="" if per_item else spec.params, per_item=per_item
            )
        )
    return tuple(places)


def _free_alias(alias: str, taken: set[str]) -> str:
    stem, number = _stem(alias), 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def _stem(alias: str) -> str:
    """Return as much of an alias as leaves room for a suffix."""
    return alias[: _LONGEST_ALIAS - len(f"-{MAX_SCORERS}")]


def _too_many() -> Invalid:
    return Invalid.field(
        "experiment",
        f"its items ask for more than {MAX_SCORERS} different scorers together; name the scorers "
        "of the run or of the experiment instead",
    )
