"""Whether items fit the JSON Schemas of their dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import msgspec
from jsonschema import ValidationError

from trialbook.services.application.json_text import check_json
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.errors import Violation
from trialbook.services.scoring.abridged import abridged
from trialbook.services.scoring.safe_keywords import StepsExhausted
from trialbook.services.scoring.schema_validator import (
    InvalidSchema,
    SchemaValidator,
    compile_schema,
)

SCHEMA_LIMIT = 256 * 1024
"""Bytes of UTF-8 that a schema may have."""
SCHEMAS = ("input_schema", "expected_schema", "context_schema")

_COMPILED = 64
_MAX_ERRORS = 10
_LONGEST_MESSAGE = 200


class SchemaProblem(NamedTuple):
    """Where a body does not fit, as `input.messages[2].role`, and why not."""

    path: str
    message: str


class CheckedBodies(NamedTuple):
    """The bodies of an item that schemas can be for, as JSON texts; None where absent."""

    input: str | None
    expected: str | None
    context: str | None


@dataclass(frozen=True, slots=True)
class ItemChecker:
    """The compiled schemas of a dataset; None where there is none."""

    input: SchemaValidator | None = None
    expected: SchemaValidator | None = None
    context: SchemaValidator | None = None

    def problems(self, bodies: CheckedBodies) -> list[SchemaProblem]:
        """Return where bodies do not fit, the first places of each. Absent ones always fit."""
        found: list[SchemaProblem] = []
        for name in CheckedBodies._fields:
            validator: SchemaValidator | None = getattr(self, name)
            text: str | None = getattr(bodies, name)
            if validator is not None and text is not None:
                found += _problems(name, validator, text)
        return found


def has_schemas(settings: DatasetSettings) -> bool:
    """Say whether there is anything to be checked."""
    return any(getattr(settings, name) for name in SCHEMAS)


def same_schemas(one: DatasetSettings, other: DatasetSettings) -> bool:
    """Say whether what fits the one fits the other."""
    return all(getattr(one, name) == getattr(other, name) for name in SCHEMAS)


def checker_of(settings: DatasetSettings) -> ItemChecker | None:
    """Return what checks items; None without schemas. Slow the first time."""
    if not has_schemas(settings):
        return None
    return ItemChecker(
        *(_compiled(text) if (text := getattr(settings, name)) else None for name in SCHEMAS)
    )


def check_schemas(path: str, schemas: Iterable[tuple[str, str]]) -> list[Violation]:
    """Return what is wrong with schemas, given by field; empty texts are none. Slow."""
    found: list[Violation] = []
    for name, text in schemas:
        if text:
            found += _check_schema(f"{path}.{name}", text)
    return found


def _check_schema(path: str, text: str) -> list[Violation]:
    found = check_json(f"{path}.json", text, limit=SCHEMA_LIMIT)
    if found:
        return found
    try:
        _compiled(text)
    except InvalidSchema as error:
        place = error.path.replace("/", ".")
        return [Violation(f"{path}{place}", str(error), "INVALID_SCHEMA")]
    except msgspec.DecodeError as error:
        return [Violation(f"{path}.json", f"cannot be read: {error}", "INVALID_JSON")]
    return []


# The key is the schema's text itself, so that no change of a schema can leave an older one in use.
@lru_cache(maxsize=_COMPILED)
def _compiled(text: str) -> SchemaValidator:
    return compile_schema(msgspec.json.decode(text))


def _problems(name: str, validator: SchemaValidator, text: str) -> list[SchemaProblem]:
    try:
        errors = validator.errors(abridged(msgspec.json.decode(text)))
    except StepsExhausted:
        return [SchemaProblem(name, "takes too many steps to be checked; make it smaller")]
    except RecursionError:
        return [SchemaProblem(name, "nests too deeply to be checked; make it flatter")]
    except msgspec.DecodeError as error:
        return [SchemaProblem(name, f"cannot be checked: {error}")]
    return [
        SchemaProblem(name + _place(error), _shortened(error.message))
        for error in errors[:_MAX_ERRORS]
    ]


def _place(error: ValidationError) -> str:
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST_MESSAGE:
        return text
    return text[: _LONGEST_MESSAGE - 1] + "…"
