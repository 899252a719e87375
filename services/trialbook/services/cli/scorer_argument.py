"""A scorer with its parameters, as it stands on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from trialbook.client import Scorer, ScorerScope
from trialbook.services.cli.output import encode

SCORER = re.compile(
    r"""
    (?: (?P<alias>[\w.-]+) = )?
    (?P<name>[\w.-]+)
    (?: @ (?P<place> item | trajectory | run | caller | step: (?P<step>[^:{}]+) ) )?
    (?: : (?P<params>\{.*\}) )?
    """,
    re.ASCII | re.DOTALL | re.VERBOSE,
)
SCORER_FORM = "[ALIAS=]NAME[@run|@step:ID][:JSON]"
_SCOPES = {
    "run": ScorerScope.RUN,
    "step": ScorerScope.STEP,
    "trajectory": ScorerScope.TRAJECTORY,
}


@dataclass(frozen=True, slots=True)
class ScorerArgument:
    """A scorer as it stands on the command line; an empty alias is the scorer's name."""

    name: str
    alias: str
    params: dict[str, Any]
    scope: ScorerScope = ScorerScope.ITEM
    step_id: str = ""
    by_caller: bool = False

    @property
    def scorer(self) -> Scorer:
        """The scorer as the client takes it."""
        return Scorer(
            self.name,
            alias=self.alias,
            params=self.params,
            scope=self.scope,
            step_id=self.step_id,
            by_caller=self.by_caller,
        )


def scorer_argument(text: str) -> ScorerArgument:
    """Return the parts of `levenshtein`, `near=levenshtein:{"threshold":0.8}` and their like.

    `agreement@run` judges the run as a whole, `exact_match@step:fetch` that step of a workflow, and
    with `@caller` the caller of a caller-driven run judges. The server checks the parameters
    against the scorer's declaration.
    """
    parts = SCORER.fullmatch(text)
    if parts is None:
        raise click.BadParameter(
            f"{text!r} is not of the form {SCORER_FORM}, "
            'for example levenshtein:{"threshold":0.8} or exact_match@step:fetch'
        )
    try:
        params = json.loads(parts["params"] or "{}")
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(
            f"the parameters of {parts['name']} are not JSON: {error}"
        ) from error
    place = parts["place"] or ""
    return ScorerArgument(
        parts["name"],
        parts["alias"] or "",
        params,
        _SCOPES.get(place.partition(":")[0], ScorerScope.ITEM),
        parts["step"] or "",
        by_caller=place == "caller",
    )


def scorer_text(scorer: Mapping[str, Any]) -> str:
    """Return the record of a scorer in the form in which the command line takes it."""
    alias = "" if scorer["alias"] in ("", scorer["name"]) else f"{scorer['alias']}="
    params = "" if scorer["params"] is None else f":{encode(scorer['params'])}"
    return f"{alias}{scorer['name']}{_place_text(scorer)}{params}"


def _place_text(scorer: Mapping[str, Any]) -> str:
    if scorer["by_caller"]:
        return "@caller"
    if scorer["step_id"]:
        return f"@step:{scorer['step_id']}"
    scope = scorer["scope"]
    return f"@{scope}" if scope in (ScorerScope.RUN, ScorerScope.TRAJECTORY) else ""
