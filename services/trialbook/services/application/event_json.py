"""Facts as JSON for those who read the log: objects with field names, payloads as they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, get_args, get_type_hints

import msgspec

from trialbook.services.domain.content import BlobReference

_JSON_TEXTS = frozenset({"metadata", "params", "input_schema", "expected_schema", "context_schema"})
"""Fields of plain text that hold JSON; empty where there is none."""

Bodies = Mapping[bytes, str]
_Convert = Callable[[Any, Bodies], Any]


def fact_json(fact: msgspec.Struct, bodies: Bodies) -> str:
    """Return a fact as a JSON object; large payloads in full as far as `bodies` has them."""
    return msgspec.json.encode(_object(fact, bodies)).decode()


def references(fact: msgspec.Struct) -> Iterator[BlobReference]:
    """Yield what stands for large payloads in a fact."""
    for name in fact.__struct_fields__:
        value = getattr(fact, name)
        if isinstance(value, BlobReference):
            yield value


def _object(struct: msgspec.Struct, bodies: Bodies) -> dict[str, Any]:
    return {name: convert(getattr(struct, name), bodies) for name, convert in _plan(type(struct))}


@lru_cache
def _plan(kind: type[msgspec.Struct]) -> tuple[tuple[str, _Convert], ...]:
    hints = get_type_hints(kind)
    return tuple((name, _converter(name, hints[name])) for name in kind.__struct_fields__)


def _converter(name: str, hint: Any) -> _Convert:
    if BlobReference in get_args(hint):
        return _body
    return _text if hint is str and name in _JSON_TEXTS else _plain


def _body(value: str | BlobReference | None, bodies: Bodies) -> Any:
    if not isinstance(value, BlobReference):
        return _text(value, bodies)
    text = bodies.get(value.digest)
    if text is None:
        return {"sha256": value.digest.hex(), "size": value.size}
    return _text(text, bodies)


def _text(value: str | None, _: Bodies) -> msgspec.Raw | None:
    return msgspec.Raw(value.encode()) if value else None


def _plain(value: Any, bodies: Bodies) -> Any:
    if isinstance(value, msgspec.Struct):
        return _object(value, bodies)
    if isinstance(value, tuple):
        return [_plain(member, bodies) for member in value]
    return value.hex() if isinstance(value, bytes) else value
