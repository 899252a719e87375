"""The fields of a JSON object, each under any of its names."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec

from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation, wanted

MAXIMUM_NAME_LENGTH = 1000
"""How many code points a name may have."""

MAXIMUM_LIST_LENGTH = 1000
"""How many entries a list may have."""

_Word = TypeVar("_Word", bound=str)


class Fields:
    """What an object states. A field that is null counts as not stated, save where `raw` asks."""

    def __init__(self, value: object, path: str, names: Mapping[str, str]) -> None:
        """Take an object and what each of the names that it may use means.

        Raise `InvalidExpectation` if it is no object, or has a name that means nothing or a second
        name for the same.
        """
        if not isinstance(value, dict):
            raise wanted(path, "an object")
        self.path = path
        self.written = cast("dict[str, Any]", value)
        self._names: dict[str, str] = {}
        for name in self.written:
            meaning = names.get(name)
            if meaning is None:
                raise _unknown(_joined(path, name), name, names)
            if meaning in self._names:
                place = _joined(path, name)
                raise InvalidExpectation(
                    place, f"`{place}` says the same as `{self._names[meaning]}`; leave one out."
                )
            self._names[meaning] = name

    @property
    def stated(self) -> frozenset[str]:
        """The meanings of the fields that are stated."""
        return frozenset(meaning for meaning in self._names if self.states(meaning))

    def states(self, meaning: str) -> bool:
        """Tell whether a field is there and not null."""
        return self.raw(meaning) not in (None, msgspec.UNSET)

    def place(self, meaning: str) -> str:
        """Return the path of a field, by the name that it was given."""
        return _joined(self.path, self._names.get(meaning, meaning))

    def raw(self, meaning: str) -> Any:
        """Return a field's value as it stands, UNSET if it is not there."""
        name = self._names.get(meaning)
        return msgspec.UNSET if name is None else self.written[name]

    def text(self, meaning: str) -> str | None:
        """Return a field that is a text that is not blank."""
        return text_of(self.raw(meaning), self.place(meaning)) if self.states(meaning) else None

    def word(self, meaning: str, words: type[_Word]) -> _Word | None:
        """Return a field that is one of an enumeration's words."""
        if not self.states(meaning):
            return None
        return word_of(self.raw(meaning), self.place(meaning), words)

    def flag(self, meaning: str) -> bool | None:
        """Return a field that is true or false."""
        if not self.states(meaning):
            return None
        value = self.raw(meaning)
        if not isinstance(value, bool):
            raise wanted(self.place(meaning), "true or false")
        return value

    def amount(self, meaning: str) -> float | None:
        """Return a field that is a finite number of at least 0."""
        if not self.states(meaning):
            return None
        value = self.raw(meaning)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wanted(self.place(meaning), "a number of at least 0")
        if value < 0 or not math.isfinite(value):
            raise wanted(self.place(meaning), "a number of at least 0")
        return value

    def count(self, meaning: str) -> int | None:
        """Return a field that is a whole number of at least 0."""
        amount = self.amount(meaning)
        if amount is None:
            return None
        if amount != int(amount):
            raise wanted(self.place(meaning), "a whole number of at least 0")
        return int(amount)

    def list(self, meaning: str) -> list[object]:
        """Return a field that is a list, empty if it is not stated."""
        return list_of(self.raw(meaning), self.place(meaning)) if self.states(meaning) else []

    def texts(self, meaning: str) -> tuple[str, ...]:
        """Return a field that is a list of texts."""
        return texts_of(self.list(meaning), self.place(meaning))


def list_of(value: object, path: str) -> list[object]:
    """Return a list of bounded length. Raise `InvalidExpectation` if it is none."""
    if not isinstance(value, list):
        raise wanted(path, "a list")
    entries = cast("list[object]", value)
    if len(entries) > MAXIMUM_LIST_LENGTH:
        raise InvalidExpectation(
            path, f"`{path}` has {len(entries):,} entries; give at most {MAXIMUM_LIST_LENGTH:,}."
        )
    return entries


def texts_of(value: object, path: str) -> tuple[str, ...]:
    """Return a list of texts."""
    entries = list_of(value, path)
    return tuple(text_of(entry, f"{path}[{index}]") for index, entry in enumerate(entries))


def text_of(value: object, path: str) -> str:
    """Return a text that is neither blank nor very long."""
    if not isinstance(value, str) or not value.strip() or len(value) > MAXIMUM_NAME_LENGTH:
        raise wanted(path, f"a text of 1 to {MAXIMUM_NAME_LENGTH:,} characters")
    return value


def word_of(value: object, path: str, words: type[_Word]) -> _Word:
    """Return one of an enumeration's words."""
    known = [str(word) for word in cast("Any", words)]
    if not isinstance(value, str) or value not in known:
        near = difflib.get_close_matches(str(value)[:100], known, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else "."
        raise InvalidExpectation(path, f"`{path}` must be one of {', '.join(known)}{hint}")
    return words(value)


def _joined(path: str, name: str) -> str:
    shown = name[:100]
    return f"{path}.{shown}" if path else shown


def _unknown(path: str, name: str, names: Mapping[str, str]) -> InvalidExpectation:
    near = difflib.get_close_matches(name[:100], names, n=1)
    known = ", ".join(sorted(set(names.values())))
    hint = f"did you mean `{near[0]}`?" if near else f"there are: {known}."
    return InvalidExpectation(path, f"`{path}` is not a field here; {hint}")
