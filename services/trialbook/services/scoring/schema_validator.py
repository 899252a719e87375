"""Compiling a user's JSON Schema into a validator that stays local and bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from jsonschema import (
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    FormatChecker,
    SchemaError,
    ValidationError,
)
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import Schema, specification_with

from trialbook.services.scoring.pattern import InvalidPattern, compile_pattern
from trialbook.services.scoring.safe_keywords import (
    SAFE_KEYWORDS,
    STEPS,
    Steps,
    StepsExhausted,
    counted,
)

MAXIMUM_STEPS = 100_000
"""How many keywords one validation may apply; a step takes 10 to 20 microseconds."""

MAXIMUM_ERRORS = 50
"""How many errors of one output are collected."""

_DEFAULT_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DIALECTS: dict[str, Any] = {
    _DEFAULT_DIALECT: Draft202012Validator,
    "https://json-schema.org/draft/2019-09/schema": Draft201909Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
}
# None of the metaschema's formats is asserted: the patterns are checked with the engine that
# will run them.
_NO_FORMATS = FormatChecker(formats=())
# One instance of each type, to make a reference that leads back to itself show when compiled.
_PROBES: tuple[object, ...] = (None, True, 0, "", [], {})


class InvalidSchema(Exception):
    """A schema that cannot be used; ``path`` is a JSON Pointer into it, or empty."""

    def __init__(self, path: str, message: str) -> None:
        """Take the place and a sentence that says what to do."""
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class SchemaValidator:
    """A checked schema."""

    _validator: Any

    def errors(self, instance: object) -> list[ValidationError]:
        """Return what is wrong with a decoded JSON value, at most `MAXIMUM_ERRORS` + 1 errors.

        Raise `StepsExhausted` or `RecursionError` if the schema makes too much of the value.
        """
        token = STEPS.set(Steps(MAXIMUM_STEPS))
        try:
            return list(islice(self._validator.iter_errors(instance), MAXIMUM_ERRORS + 1))
        finally:
            STEPS.reset(token)


def compile_schema(schema: object) -> SchemaValidator:
    """Check a schema and prepare it. Raise `InvalidSchema` if it cannot be used.

    Dialects: draft 2020-12 (the default), 2019-09 and 7, told apart by ``$schema``. A reference
    must lead to a place in the schema itself; nothing is ever retrieved.
    """
    dialect, root = _dialect(schema)
    stock = _DIALECTS[dialect]
    try:
        _check_syntax(root, stock)
        _check_reachable(root, dialect)
        validator = SchemaValidator(_bounded(stock)(root, registry=_empty_registry()))
        for probe in _PROBES:
            validator.errors(probe)
    except StepsExhausted as error:
        raise InvalidSchema("", "Its references multiply without bound; simplify them.") from error
    except RecursionError as error:
        raise InvalidSchema(
            "", "It nests too deeply, or a reference in it leads back to itself; flatten it."
        ) from error
    return validator


def pointer(error: ValidationError | SchemaError) -> str:
    """Return the place of an error as a JSON Pointer; the root is the empty text."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in error.absolute_path)
    return "".join(f"/{part}" for part in parts)


def _dialect(schema: object) -> tuple[str, object]:
    """Return the dialect, and the schema without its ``$schema``.

    The library looks ``$schema`` up again wherever it meets it, and would go back to its own
    unbounded keywords.
    """
    if not isinstance(schema, dict):
        return _DEFAULT_DIALECT, schema
    root = dict(cast("Mapping[str, object]", schema))
    named = str(root.pop("$schema", _DEFAULT_DIALECT)).removesuffix("#")
    if named not in _DIALECTS:
        known = ", ".join(_DIALECTS)
        raise InvalidSchema("/$schema", f"Its dialect is not supported; use one of {known}.")
    return named, root


def _check_syntax(schema: object, stock: Any) -> None:
    try:
        stock.check_schema(schema, format_checker=_NO_FORMATS)
    except SchemaError as error:
        raise InvalidSchema(
            pointer(error), f"It is not a valid JSON Schema: {error.message}."
        ) from error


def _bounded(stock: Any) -> Any:
    keywords = stock.VALIDATORS | {
        name: keyword for name, keyword in SAFE_KEYWORDS.items() if name in stock.VALIDATORS
    }
    untyped_extend: Any = extend
    return untyped_extend(stock, {name: counted(keyword) for name, keyword in keywords.items()})


def _empty_registry() -> Registry[Schema]:
    return Registry()


def _check_reachable(root: object, dialect: str) -> None:
    seen_keywords: set[str] = set()
    for schema in _reachable(root, dialect):
        if "$schema" in schema:
            raise InvalidSchema(
                "", "Only the outermost schema may have `$schema`; remove the rest."
            )
        seen_keywords |= schema.keys()
        expressions = [*schema.get("patternProperties", ())]
        if "pattern" in schema:
            expressions.append(schema["pattern"])
        for expression in expressions:
            _check_pattern(expression)
    # The library's bookkeeping for this pair is the one place left that would match with
    # the backtracking engine.
    if {"patternProperties", "unevaluatedProperties"} <= seen_keywords:
        raise InvalidSchema(
            "",
            "`unevaluatedProperties` cannot go with `patternProperties`: "
            "use `additionalProperties`.",
        )


def _check_pattern(expression: str) -> None:
    try:
        compile_pattern(expression)
    except InvalidPattern as error:
        raise InvalidSchema("", f"The pattern {expression!r} cannot be used: {error}.") from error


def _reachable(root: object, dialect: str) -> Iterator[Mapping[str, Any]]:
    """Yield every object schema under ``root`` or referred to from there.

    Raise `InvalidSchema` at a reference that leads nowhere.
    """
    specification = specification_with(dialect)
    resource = specification.create_resource(cast("Schema", root))
    start = _empty_registry().resolver_with_root(resource)
    pending: list[tuple[Resource[Schema], Any]] = [(resource, start)]
    seen: set[int] = set()
    while pending:
        resource, resolver = pending.pop()
        schema = resource.contents
        if not isinstance(schema, Mapping) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema
        pending.extend((part, resolver.in_subresource(part)) for part in resource.subresources())
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if keyword in schema:
                target = _resolve(resolver, str(schema[keyword]))
                if id(target.contents) not in seen:
                    # It may stand where the metaschema did not look.
                    _check_syntax(target.contents, _DIALECTS[dialect])
                pending.append((specification.create_resource(target.contents), target.resolver))


def _resolve(resolver: Any, reference: str) -> Any:
    try:
        return resolver.lookup(reference)
    except (Unresolvable, ValueError) as error:
        raise InvalidSchema(
            "",
            f"The reference {reference!r} leads to no place in the schema; put what it means "
            "under `$defs` (nothing is fetched).",
        ) from error
