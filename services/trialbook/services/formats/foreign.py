"""The fields of a row of somebody else's layout, taken out one by one, and what is left."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.formats.row import FieldProblem, IgnoredFields, Record, problem_of

_Object = dict[str, msgspec.Raw]
_decoder = msgspec.json.Decoder(_Object)
_encode = msgspec.json.Encoder().encode


class ForeignFields:
    """Gives a row's fields by name; JSON null is taken for a field that is absent.

    Each field is given once: what is not asked for is left, see `metadata`.
    """

    def __init__(self, data: bytes, path: str = "") -> None:
        """Take a JSON object apart; `path` is where it stands. Raises FieldProblem."""
        try:
            data.decode()  # what is passed on unread would not be checked otherwise
            fields = _decoder.decode(data)
        except (ValueError, RecursionError) as error:
            raise FieldProblem(path, problem_of(error).message) from error
        self._fields = {name: raw for name, raw in fields.items() if bytes(raw) != b"null"}
        self._path = path

    @classmethod
    def of(cls, record: Record) -> ForeignFields:
        """Take a record apart. Raises FieldProblem."""
        return cls(record.data)

    def json(self, name: str) -> str | None:
        """Return a field's JSON text."""
        raw = self._fields.pop(name, None)
        return None if raw is None else bytes(raw).decode()

    def required_json(self, name: str) -> str:
        """Return the JSON text of a field that must be there. Raises FieldProblem."""
        text = self.json(name)
        if text is None:
            raise FieldProblem(self._at(name), "is missing or null, and is the item's input")
        return text

    def text(self, name: str) -> str:
        """Return a text, or a number as text. Raises FieldProblem for anything else."""
        value = self._typed(name, str | int)
        return "" if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts. Raises FieldProblem for anything else."""
        return self._typed(name, tuple[str, ...]) or ()

    def text_or_texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, or one text as such a list. Raises FieldProblem."""
        value = self._typed(name, str | tuple[str, ...])
        if value is None:
            return ()
        return (value,) if isinstance(value, str) else value

    def boolean(self, name: str) -> bool:
        """Return a yes or no; no if it is absent. Raises FieldProblem for anything else."""
        return bool(self._typed(name, bool))

    def object(self, name: str) -> ForeignFields | None:
        """Return the fields of an object. Raises FieldProblem for anything else."""
        raw = self._fields.pop(name, None)
        return None if raw is None else ForeignFields(bytes(raw), self._at(name))

    def objects(self, name: str) -> list[ForeignFields]:
        """Return the fields of each object of a list. Raises FieldProblem for anything else."""
        found = self._typed(name, list[msgspec.Raw]) or []
        return [
            ForeignFields(bytes(raw), f"{self._at(name)}[{place}]")
            for place, raw in enumerate(found)
        ]

    def has(self, name: str) -> bool:
        """Say whether a field is still there."""
        return name in self._fields

    def is_object(self, name: str) -> bool:
        """Say whether a field that is still there is an object."""
        return bytes(self._fields.get(name, b""))[:1] == b"{"

    def drop(self, names: tuple[str, ...], ignored: IgnoredFields) -> None:
        """Leave out fields that mean nothing here, and note them."""
        for name in names:
            if self._fields.pop(name, None) is not None:
                ignored.add(self._at(name))

    def put(self, name: str, value: Any) -> None:
        """Add a field to what is left."""
        self._fields[name] = msgspec.Raw(_encode(value))

    def rest(self) -> dict[str, msgspec.Raw]:
        """Return the fields that were not asked for."""
        return self._fields

    def metadata(self, layout: str) -> str | None:
        """Return `metadata`, with all that is left, so that none of it is lost, under `layout`.

        Without anything left it is byte for byte what it was. Metadata that is no object goes
        under `layout` too.
        """
        whole = self.json("metadata") if self.is_object("metadata") else None
        if not self._fields:
            return whole
        members: dict[str, Any] = _decoder.decode(whole) if whole else {}
        members[_free_name(layout, members)] = self._fields
        return _encode(members).decode()

    def _typed(self, name: str, kind: Any) -> Any:
        raw = self._fields.pop(name, None)
        if raw is None:
            return None
        try:
            return msgspec.json.decode(raw, type=kind)
        except (ValueError, RecursionError) as error:
            problem = problem_of(error)
            inner = f".{problem.path}" if problem.path[:1] not in {"", "["} else problem.path
            message = "has the wrong type" if not problem.path else problem.message
            raise FieldProblem(self._at(name) + inner, message) from error

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _free_name(layout: str, members: dict[str, Any]) -> str:
    name = layout
    while name in members:
        name += "_"
    return name
