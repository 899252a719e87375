"""JSON values on their way to and from the service, exactly as they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any, Final, Literal, TypeAlias

import msgspec

from trialbook.client.errors import invalid_field


class Missing(Enum):
    """Tells a value that was not given from one that is None, which is JSON's null."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING
MissingType: TypeAlias = Literal[Missing.MISSING]


class Json:
    """JSON text that is sent as it stands, byte for byte, wherever a value is expected."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"Json({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Json) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def value(self) -> Any:
        """The value that the text stands for."""
        return decode(self.text)


class UnencodableValue(ValueError):
    """A value has no JSON form. The text says which part of it, and why."""


def _foreign(value: object) -> object:
    """Return the form in which a value of an unknown class is sent."""
    if isinstance(value, Json):
        return msgspec.Raw(value.text.encode())
    dump: Callable[..., object] | None = getattr(value, "model_dump", None)  # pydantic
    if dump is not None:
        return dump(mode="json")
    plain: Callable[[], object] | None = getattr(value, "tolist", None)  # numpy
    if plain is not None:
        return plain()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")


_encoder: Final = msgspec.json.Encoder(enc_hook=_foreign)
decode_bytes: Final = msgspec.json.decode


def decode(text: str) -> Any:
    """Return the value of JSON text. Integers of any size stay what they are."""
    return decode_bytes(text)


def encode_bytes(value: object) -> bytes:
    """Return a value as UTF-8 JSON.

    Dataclasses, named tuples, enums, dates, UUIDs, Decimals, bytes (as base64), pydantic models,
    numpy values and `Json` have a form. Raises `UnencodableValue` for anything else, and for NaN
    and infinities, which JSON does not have.
    """
    try:
        data = _encoder.encode(value)
        # The encoder writes NaN and infinities as null, so only a null can hide one.
        if b"null" in data:
            _refuse_nan(msgspec.to_builtins(value, enc_hook=_without_text), "")
    except UnencodableValue:
        raise
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise UnencodableValue(f"cannot be written as JSON: {error}") from error
    return data


def encode(value: object) -> str:
    """Return a value as JSON text. Forms and errors as in `encode_bytes`."""
    if isinstance(value, Json):
        return value.text
    return encode_bytes(value).decode()


def encode_field(value: object, field: str) -> str:
    """Return a value as JSON text, or raise `InvalidArgument` for that field."""
    try:
        return encode(value)
    except UnencodableValue as error:
        raise invalid_field(field, str(error), reason="INVALID_JSON") from error


def _without_text(value: object) -> object:
    return None if isinstance(value, Json) else _foreign(value)


def _refuse_nan(value: object, path: str) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            where = f"contains {value} at {path}" if path else f"is {value}"
            raise UnencodableValue(f"{where}, which JSON does not have")
    elif isinstance(value, dict):
        for key, member in value.items():
            _refuse_nan(member, f"{path}[{key!r}]")
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            _refuse_nan(member, f"{path}[{index}]")
