"""The kinds of field that OTLP/JSON has, each read strictly, with a path to what is wrong."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

JsonObject: TypeAlias = dict[str, Any]
_Read = TypeVar("_Read")

# A message nests three deep for each level of a value, and protobuf parses 100 levels.
_MAX_DEPTH = 28
_UINT32_MAX = 2**32 - 1
_UINT64_MAX = 2**64 - 1
_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_LONGEST_NUMBER = 40


class Fault(Exception):
    """Something is no OTLP; the path to it grows from the inside out, only once it is needed."""

    def __init__(self, message: str, *path: str) -> None:
        """Start at the innermost segments that are known."""
        super().__init__(message)
        self._message = message
        self._path = list(path)

    def under(self, segment: str) -> Fault:
        """Put a segment before the path."""
        self._path.insert(0, segment)
        return self

    def __str__(self) -> str:
        """Say where and what."""
        return f"{'.'.join(self._path)}: {self._message}" if self._path else self._message


def each(given: JsonObject, camel: str, snake: str, read: Callable[[Any], _Read]) -> list[_Read]:
    """Read every object of a list."""
    entries = _field(given, camel, snake)
    if entries is None:
        return []
    if type(entries) is not list:
        raise Fault("must be a list", camel)
    results: list[_Read] = []
    for entry in entries:
        try:
            if type(entry) is not dict:
                raise Fault("must be an object")
            results.append(read(entry))
        except Fault as fault:
            raise fault.under(f"{camel}[{len(results)}]") from None
    return results


def child(given: JsonObject, name: str) -> JsonObject | None:
    """Return an object inside an object."""
    inner = given.get(name)
    if inner is None:
        return None
    if type(inner) is not dict:
        raise Fault("must be an object", name)
    return inner


def text(given: JsonObject, camel: str, snake: str = "") -> str:
    """Read a text, by default an empty one."""
    found = _field(given, camel, snake)
    if found is None:
        return ""
    if type(found) is not str:
        raise Fault("must be a text", camel)
    return found


def count(given: JsonObject, camel: str, snake: str) -> int:
    """Read an unsigned integer of 32 bits, by default 0."""
    found = _field(given, camel, snake)
    return 0 if found is None else _integer(found, camel, 0, _UINT32_MAX)


def nanoseconds(given: JsonObject, camel: str, snake: str) -> int:
    """Read an unsigned integer of 64 bits, by default 0."""
    found = _field(given, camel, snake)
    return 0 if found is None else _integer(found, camel, 0, _UINT64_MAX)


def named(given: JsonObject, camel: str, snake: str, names: Mapping[str, int]) -> Any:
    """Read an enum's number or name, by default 0. A number that has no name stays."""
    found = _field(given, camel, snake)
    if found is None:
        return 0
    if type(found) is str and found in names:
        return names[found]
    if type(found) is str and not found.lstrip("-").isdecimal():
        raise Fault("is a name that OTLP does not know", camel)
    return _integer(found, camel, _INT32_MIN, _INT32_MAX)


def identifier(given: JsonObject, camel: str, snake: str, size: int) -> bytes:
    """Read an id, hexadecimal or base64.

    One of a wrong length is returned as it is: it spoils its span alone, not the request.
    """
    found = _field(given, camel, snake)
    if found is None:
        return b""
    if type(found) is not str:
        raise Fault("must be an id in hexadecimal digits", camel)
    try:
        decoded = bytes.fromhex(found)
    except ValueError:
        decoded = b""
    if len(decoded) == size or not found:
        return decoded
    other = _base64(found)
    if other is not None and len(other) == size:
        return other
    if decoded:
        return decoded
    raise Fault("must be an id in hexadecimal digits", camel)


def attributes(given: JsonObject) -> list[KeyValue]:
    """Read the list `attributes`."""
    entries = given.get("attributes")
    return [] if entries is None else _key_values(entries, "attributes", 0)


def value(given: object, field: str, depth: int = 0) -> AnyValue:
    """Read an AnyValue; an empty one says null."""
    try:
        if type(given) is not dict:
            raise Fault("must be an object")
        if depth > _MAX_DEPTH:
            raise Fault("is nested too deeply")
        read: AnyValue | None = None
        for name, content in given.items():
            kind = _KINDS.get(name)
            if kind is None or content is None:
                continue
            if read is not None:
                raise Fault("must have one value only")
            read = kind(content, name, depth)
        return AnyValue() if read is None else read
    except Fault as fault:
        raise fault.under(field) from None


def _key_values(entries: object, field: str, depth: int) -> list[KeyValue]:
    if type(entries) is not list:
        raise Fault("must be a list", field)
    results: list[KeyValue] = []
    for entry in entries:
        try:
            results.append(_key_value(entry, depth))
        except Fault as fault:
            raise fault.under(f"{field}[{len(results)}]") from None
    return results


def _key_value(entry: object, depth: int) -> KeyValue:
    if type(entry) is not dict:
        raise Fault("must be an object")
    key, content = entry.get("key"), entry.get("value")
    if type(key) is not str:
        raise Fault("must be a text", "key")
    if content is None:
        return KeyValue(key=key)
    return KeyValue(key=key, value=value(content, "value", depth))


def _string(content: object, name: str, _depth: int) -> AnyValue:
    if type(content) is not str:
        raise Fault("must be a text", name)
    return AnyValue(string_value=content)


def _boolean(content: object, name: str, _depth: int) -> AnyValue:
    if type(content) is not bool:
        raise Fault("must be true or false", name)
    return AnyValue(bool_value=content)


def _whole(content: object, name: str, _depth: int) -> AnyValue:
    return AnyValue(int_value=_integer(content, name, _INT64_MIN, _INT64_MAX))


def _double(content: object, name: str, _depth: int) -> AnyValue:
    if type(content) is float or type(content) is int or type(content) is str:
        try:
            return AnyValue(double_value=float(content))
        except (ValueError, OverflowError):
            pass
    raise Fault("must be a number", name)


def _bytes(content: object, name: str, _depth: int) -> AnyValue:
    decoded = _base64(content) if type(content) is str else None
    if decoded is None:
        raise Fault("must be base64", name)
    return AnyValue(bytes_value=decoded)


def _array(content: object, name: str, depth: int) -> AnyValue:
    values = content.get("values", []) if type(content) is dict else None
    if type(values) is not list:
        raise Fault("must be an object with a list of values", name)
    try:
        read = [value(entry, f"values[{at}]", depth + 1) for at, entry in enumerate(values)]
    except Fault as fault:
        raise fault.under(name) from None
    return AnyValue(array_value=ArrayValue(values=read))


def _key_value_list(content: object, name: str, depth: int) -> AnyValue:
    if type(content) is not dict:
        raise Fault("must be an object with a list of values", name)
    try:
        read = _key_values(content.get("values", []), "values", depth + 1)
    except Fault as fault:
        raise fault.under(name) from None
    return AnyValue(kvlist_value=KeyValueList(values=read))


_KINDS: Mapping[str, Callable[[object, str, int], AnyValue]] = {
    "stringValue": _string,
    "string_value": _string,
    "boolValue": _boolean,
    "bool_value": _boolean,
    "intValue": _whole,
    "int_value": _whole,
    "doubleValue": _double,
    "double_value": _double,
    "bytesValue": _bytes,
    "bytes_value": _bytes,
    "arrayValue": _array,
    "array_value": _array,
    "kvlistValue": _key_value_list,
    "kvlist_value": _key_value_list,
}


def _field(given: JsonObject, camel: str, snake: str) -> Any:
    found = given.get(camel)
    return given.get(snake) if found is None else found


def _integer(given: object, name: str, smallest: int, largest: int) -> int:
    number: int | None = None
    if type(given) is int:
        number = given
    elif type(given) is float and given.is_integer():
        number = int(given)
    elif type(given) is str and len(given) <= _LONGEST_NUMBER:
        try:
            number = int(given)
        except ValueError:
            number = None
    if number is None:
        raise Fault("must be an integer", name)
    if not smallest <= number <= largest:
        raise Fault(f"must be between {smallest} and {largest}", name)
    return number


def _base64(given: str) -> bytes | None:
    padded = given + "=" * (-len(given) % 4)
    try:
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
