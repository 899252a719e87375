"""How the arguments of a call are compared with those expected."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from trialbook.services.scoring.pattern import Pattern
from trialbook.services.scoring.schema_validator import SchemaValidator


class ArgumentsMode(enum.StrEnum):
    """What makes arguments the expected ones.

    Values are equal as JSON: 1 is 1.0 but neither "1" nor true, and the order of keys means
    nothing.
    """

    EXACT = "exact"
    """They are equal."""
    SUPERSET = "superset"
    """Every property that is expected is there and equal, at any depth; there may be more."""
    SUBSET = "subset"
    """Every property that is there is expected and equal, at any depth; some may be absent."""
    IGNORE = "ignore"
    """They are not compared."""
    PATHS = "paths"
    """They are equal at some places."""
    SCHEMA = "schema"
    """They fit a JSON Schema."""
    REGEX = "regex"
    """Their values at some places match regular expressions."""
    PARTIAL = "partial"
    """The score is how many of their leaves are equal, out of all leaves of both."""


@dataclass(frozen=True, slots=True)
class ArgumentsRule:
    """A mode and what it needs; `paths` and the places of `patterns` are JSON Pointers."""

    mode: ArgumentsMode
    paths: tuple[str, ...] = ()
    schema: SchemaValidator | None = None
    patterns: tuple[tuple[str, str, Pattern], ...] = ()

    @property
    def stands_alone(self) -> bool:
        """Whether the rule judges arguments without any to compare with."""
        return self.mode in (ArgumentsMode.SCHEMA, ArgumentsMode.REGEX)
