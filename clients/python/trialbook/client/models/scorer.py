"""The catalogue of scorers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import EnumCodec, json_of, optional_number
from trialbook.client.models.scorer_spec import SCORER_SCOPES, ScorerScope
from trialbook.client.payload import decode
from trialbook.v1 import scorer_pb2


class ScorerOrigin(StrEnum):
    """Where a scorer comes from."""

    UNSPECIFIED = "unspecified"
    BUILT_IN = "built_in"
    WORKER = "worker"


class ScoreDirection(StrEnum):
    """Which values are better; unspecified if neither."""

    UNSPECIFIED = "unspecified"
    HIGHER_IS_BETTER = "higher_is_better"
    LOWER_IS_BETTER = "lower_is_better"


SCORER_ORIGINS: Final = EnumCodec(ScorerOrigin, scorer_pb2.ScorerOrigin, "SCORER_ORIGIN")
SCORE_DIRECTIONS: Final = EnumCodec(ScoreDirection, scorer_pb2.ScoreDirection, "SCORE_DIRECTION")


@dataclass(frozen=True, slots=True)
class ScorerDescription:
    """What a scorer is, and what it accepts."""

    name: str
    id: str
    version: int
    description: str
    origin: ScorerOrigin
    params_schema_json: str | None
    direction: ScoreDirection
    minimum: float | None
    maximum: float | None
    needs_expected: bool
    scope: ScorerScope = ScorerScope.ITEM
    """What it judges: results and steps (item), or runs as a whole."""

    @property
    def params_schema(self) -> dict[str, Any]:
        """The JSON Schema (2020-12) of its parameters; empty if it declares none."""
        return decode(self.params_schema_json) if self.params_schema_json else {}

    @classmethod
    def from_message(cls, message: scorer_pb2.Scorer) -> ScorerDescription:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            id=message.scorer_id,
            version=message.version,
            description=message.description,
            origin=SCORER_ORIGINS.member(message.origin),
            params_schema_json=json_of(message.params_schema),
            direction=SCORE_DIRECTIONS.member(message.direction),
            minimum=optional_number(message, "minimum"),
            maximum=optional_number(message, "maximum"),
            needs_expected=message.needs_expected,
            scope=SCORER_SCOPES.member(message.scope) if message.scope else ScorerScope.ITEM,
        )
