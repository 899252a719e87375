"""Scorers as experiments, runs and items use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import EnumCodec, json_of
from trialbook.client.payload import decode, encode_field
from trialbook.v1 import experiment_pb2


class ScorerScope(StrEnum):
    """What a scorer judges: each result, one step of each, what was done, or the run as a whole."""

    UNSPECIFIED = "unspecified"
    ITEM = "item"
    STEP = "step"
    TRAJECTORY = "trajectory"
    RUN = "run"


SCORER_SCOPES: Final = EnumCodec(ScorerScope, experiment_pb2.ScorerScope, "SCORER_SCOPE")


@dataclass(frozen=True, slots=True, init=False)
class Scorer:
    """A scorer as an experiment uses it: `Scorer("levenshtein", threshold=0.8, alias="close")`.

    Parameters are given by name; `params` takes those whose names are not Python's, or are one of
    this constructor's own. `alias` names its scores; default: its own name.

    `scope` is "item", "step" or "run". With `step_id` the scope is step: it judges the output of
    that step of a workflow. `output_pointer` and `expected_pointer` name the parts that it judges
    as JSON Pointers, such as `/answer`. With `by_caller` the caller of a caller-driven run judges.

    The service fills in `version`, in runs `per_item` (only items that ask for it are judged) and
    `superseded` (the scores of another one of the same alias count in place of its own).
    """

    name: str
    alias: str
    params_json: str | None
    version: int
    scope: ScorerScope
    step_id: str
    output_pointer: str
    expected_pointer: str
    by_caller: bool
    per_item: bool
    superseded: bool

    def __init__(
        self,
        name: str,
        *,
        alias: str = "",
        params: Mapping[str, object] | None = None,
        scope: ScorerScope | str | None = None,
        step_id: str = "",
        output_pointer: str = "",
        expected_pointer: str = "",
        by_caller: bool = False,
        **parameters: object,
    ) -> None:
        merged = {**(params or {}), **parameters}
        default = ScorerScope.STEP if step_id else ScorerScope.ITEM
        _fill(
            self,
            name=name,
            alias=alias,
            params_json=encode_field(merged, f"scorer {name}: params") if merged else None,
            version=0,
            scope=ScorerScope(scope or default),
            step_id=step_id,
            output_pointer=output_pointer,
            expected_pointer=expected_pointer,
            by_caller=by_caller,
            per_item=False,
            superseded=False,
        )

    @property
    def params(self) -> dict[str, Any]:
        """The parameters; empty if there are none."""
        return decode(self.params_json) if self.params_json else {}

    def to_message(self) -> experiment_pb2.ScorerSpec:
        """Write it as the contract's message, without what the service fills in."""
        message = experiment_pb2.ScorerSpec(
            scorer=self.name,
            alias=self.alias,
            scope=SCORER_SCOPES.wire_name(self.scope),
            step_id=self.step_id,
            output_pointer=self.output_pointer,
            expected_pointer=self.expected_pointer,
            by_caller=self.by_caller,
        )
        if self.params_json is not None:
            message.params.json = self.params_json
        return message

    @classmethod
    def from_message(cls, message: experiment_pb2.ScorerSpec) -> Scorer:
        """Read it from the contract's message, in which no scope means item."""
        scorer = cls.__new__(cls)
        _fill(
            scorer,
            name=message.scorer,
            alias=message.alias,
            params_json=json_of(message.params),
            version=message.scorer_version,
            scope=SCORER_SCOPES.member(message.scope) if message.scope else ScorerScope.ITEM,
            step_id=message.step_id,
            output_pointer=message.output_pointer,
            expected_pointer=message.expected_pointer,
            by_caller=message.by_caller,
            per_item=message.per_item,
            superseded=message.superseded,
        )
        return scorer


def scorer_of(scorer: Scorer | str) -> Scorer:
    """Return a scorer that is given as such or by its name."""
    return Scorer(scorer) if isinstance(scorer, str) else scorer


def _fill(scorer: Scorer, **fields: object) -> None:
    """Set the fields of a scorer in the making: it is frozen, with a constructor of its own."""
    for name, value in fields.items():
        object.__setattr__(scorer, name, value)
