"""The catalogue of scorers: those of the service, and those that workers declare."""

from __future__ import annotations

import difflib
import enum
from dataclasses import dataclass, replace

import msgspec

from trialbook.services.application.json_pointer import parse_pointer
from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import HostedScorer
from trialbook.services.domain.errors import Invalid, NotFound, Violation
from trialbook.services.domain.experiment import ScorerScope, ScorerSpec
from trialbook.services.domain.naming import (
    ALIAS,
    ALIAS_RULE,
    EXECUTABLE_NAME,
    EXECUTABLE_NAME_RULE,
    check_id,
    scorer_name,
)
from trialbook.services.scoring import catalogue
from trialbook.services.scoring.catalogue import ScorerDescription
from trialbook.services.scoring.schema_validator import compile_schema

MAX_SCORERS = 32
MAX_STEP_ID = 200
MAX_POINTER = 500


class Holder(enum.Enum):
    """What has scorers. Only runs, and experiments for them, have such as the caller judges by."""

    RUN = enum.auto()
    DATASET = enum.auto()
    ITEM = enum.auto()


_JUDGES = {
    ScorerScope.ITEM: "judges results by their output: use the scope item or step",
    ScorerScope.TRAJECTORY: "judges what targets did: use the scope trajectory",
    ScorerScope.RUN: "judges runs as a whole: set the scope run",
}


@dataclass(frozen=True, slots=True)
class ScorerDraft:
    """A scorer as an experiment asks for it. `params` is JSON text, empty for none."""

    scorer: str
    alias: str
    params: str
    scope: ScorerScope = ScorerScope.ITEM
    step_id: str = ""
    output_pointer: str = ""
    expected_pointer: str = ""
    by_caller: bool = False


def listing(queries: Queries, project: str) -> list[ScorerDescription | HostedScorer]:
    """Return all scorers of a project by id."""
    found: list[ScorerDescription | HostedScorer] = [*catalogue.descriptions()]
    found += queries.workers.declared_scorers(project)
    return sorted(found, key=scorer_id)


def scorer_id(scorer: ScorerDescription | HostedScorer) -> str:
    """Return the id under which experiments name a scorer."""
    return scorer.name if isinstance(scorer, ScorerDescription) else scorer.scorer_id


def describe(queries: Queries, project: str, name: str) -> ScorerDescription | HostedScorer:
    """Return one scorer. Raises NotFound."""
    for scorer in listing(queries, project):
        if scorer_id(scorer) == name:
            return scorer
    raise NotFound(scorer_name(project, name), _suggestion(queries, project, name))


def pin(
    queries: Queries,
    project: str,
    drafts: tuple[ScorerDraft, ...],
    path: str,
    holder: Holder = Holder.RUN,
) -> tuple[ScorerSpec, ...]:
    """Check the scorers of a holder and pin them to their versions. Raises Invalid."""
    if len(drafts) > MAX_SCORERS:
        raise Invalid.field(path, f"has more than {MAX_SCORERS} scorers")
    specs: list[ScorerSpec] = []
    for index, draft in enumerate(drafts):
        spec = _pin_one(queries, project, draft, f"{path}[{index}]", holder)
        if any(spec.alias == other.alias for other in specs):
            raise Invalid.field(
                f"{path}[{index}].alias", f"{spec.alias!r} is used twice; give each its own alias"
            )
        specs.append(spec)
    return tuple(specs)


def require_driver(specs: tuple[ScorerSpec, ...], path: str, *, caller_driven: bool) -> None:
    """Refuse scorers that a caller stands for where no caller drives the run. Raises Invalid."""
    for index, spec in enumerate(specs):
        if spec.by_caller and not caller_driven:
            raise Invalid.field(
                f"{path}[{index}].by_caller",
                f"{spec.alias!r} is judged by the caller, and nobody drives this run; "
                "start it as a caller-driven one, or leave the scorer out",
            )


def _pin_one(
    queries: Queries, project: str, draft: ScorerDraft, path: str, holder: Holder
) -> ScorerSpec:
    alias = draft.alias or draft.scorer
    violations = check_id(f"{path}.alias", alias, ALIAS, ALIAS_RULE)
    if not draft.scorer:
        violations = [Violation(f"{path}.scorer", "is required; name a scorer")]
    if draft.params:
        violations += check_json(
            f"{path}.params.json", draft.params, limit=METADATA_LIMIT, must_be_object=True
        )
    violations += _check_parts(draft, path) + _check_holder(draft, path, holder)
    if draft.by_caller:
        violations += _check_by_caller(draft, path)
    if violations:
        raise Invalid(violations)
    if draft.by_caller:
        return _spec(draft, alias, version=1, built_in=False)
    built_in = catalogue.describe(draft.scorer)
    if built_in is not None:
        draft = _scoped(draft, built_in.scope, path)
        _check_built_in(draft, path)
        return _spec(draft, alias, version=built_in.version, built_in=True)
    hosted = _hosted(queries, project, draft.scorer, path)
    draft = _scoped(draft, hosted.scope, path)
    _check_hosted(hosted, draft, path)
    return _spec(draft, alias, version=hosted.version, built_in=False)


def _spec(draft: ScorerDraft, alias: str, *, version: int, built_in: bool) -> ScorerSpec:
    return ScorerSpec(
        draft.scorer,
        alias,
        draft.params,
        version,
        built_in,
        draft.scope,
        draft.step_id,
        draft.output_pointer,
        draft.expected_pointer,
        draft.by_caller,
    )


def _check_parts(draft: ScorerDraft, path: str) -> list[Violation]:
    """Return what is wrong with the parts that are to be judged."""
    found = []
    is_step = draft.scope is ScorerScope.STEP
    if is_step and not draft.step_id:
        found.append(Violation(f"{path}.step_id", "is required for the scope step; name the step"))
    if draft.step_id and not is_step:
        found.append(
            Violation(f"{path}.step_id", "is only for the scope step; set that, or leave it out")
        )
    if len(draft.step_id) > MAX_STEP_ID:
        found.append(Violation(f"{path}.step_id", f"has more than {MAX_STEP_ID} characters"))
    for name in ("output_pointer", "expected_pointer"):
        pointer: str = getattr(draft, name)
        if len(pointer) > MAX_POINTER:
            found.append(Violation(f"{path}.{name}", f"has more than {MAX_POINTER} characters"))
        elif parse_pointer(pointer) is None:
            found.append(
                Violation(
                    f"{path}.{name}",
                    f"{pointer[:80]!r} is no JSON Pointer; write it as in RFC 6901, "
                    "such as /answer/0",
                )
            )
    return found


def _check_holder(draft: ScorerDraft, path: str, holder: Holder) -> list[Violation]:
    found = []
    if draft.by_caller and holder in (Holder.DATASET, Holder.ITEM):
        found.append(
            Violation(f"{path}.by_caller", "is for experiments and runs; leave it out here")
        )
    if draft.scope is ScorerScope.RUN and holder is Holder.ITEM:
        found.append(
            Violation(f"{path}.scope", "an item has no scorers of the scope run; use item or step")
        )
    return found


def _check_by_caller(draft: ScorerDraft, path: str) -> list[Violation]:
    found = check_id(f"{path}.scorer", draft.scorer, EXECUTABLE_NAME, EXECUTABLE_NAME_RULE)
    if draft.params:
        found.append(
            Violation(f"{path}.params", "is not for scorers of the caller, who knows them already")
        )
    if draft.scope is not ScorerScope.ITEM or draft.output_pointer or draft.expected_pointer:
        found.append(
            Violation(
                f"{path}.by_caller", "the caller judges whole results: leave out scope and pointers"
            )
        )
    return found


def _scoped(draft: ScorerDraft, declared: ScorerScope, path: str) -> ScorerDraft:
    """Return a draft with the scope that its scorer has. Raises Invalid if it asks for another.

    A scorer of trajectories needs no scope to be named: it has no other.
    """
    if declared is ScorerScope.TRAJECTORY and draft.scope is ScorerScope.ITEM:
        return replace(draft, scope=declared)
    asked = ScorerScope.ITEM if draft.scope is ScorerScope.STEP else draft.scope
    if asked is declared:
        return draft
    raise Invalid.field(f"{path}.scope", f"{draft.scorer!r} {_JUDGES[declared]}")


def _check_built_in(draft: ScorerDraft, path: str) -> None:
    try:
        catalogue.check_parameters(draft.scorer, draft.params or "{}")
    except catalogue.InvalidParameters as error:
        raise _bad_parameters(
            draft.scorer, path, [(bad.path, bad.message) for bad in error.violations]
        ) from error


def _check_hosted(hosted: HostedScorer, draft: ScorerDraft, path: str) -> None:
    if not hosted.params_schema:
        return
    validator = compile_schema(msgspec.json.decode(hosted.params_schema))
    errors = validator.errors(msgspec.json.decode(draft.params or "{}"))
    if errors:
        found = [(error.json_path.removeprefix("$").lstrip("."), error.message) for error in errors]
        raise _bad_parameters(draft.scorer, path, found)


def _bad_parameters(scorer: str, path: str, found: list[tuple[str, str]]) -> Invalid:
    return Invalid(
        [
            Violation(f"{path}.params{'.' + where if where else ''}", message)
            for where, message in found
        ],
        reason="INVALID_SCORER_PARAMETERS",
        metadata={"scorer": scorer},
    )


def _hosted(queries: Queries, project: str, name: str, path: str) -> HostedScorer:
    for hosted in queries.workers.declared_scorers(project):
        if hosted.scorer_id == name:
            return hosted
    hint = _suggestion(queries, project, name)
    raise Invalid(
        [
            Violation(
                f"{path}.scorer",
                f"{name[:80]!r} is neither built in nor declared by a worker"
                f"{'; ' + hint if hint else ''}",
            )
        ],
        reason="UNKNOWN_SCORER",
        metadata={"scorer": name},
    )


def _suggestion(queries: Queries, project: str, name: str) -> str:
    known = [scorer_id(scorer) for scorer in listing(queries, project)]
    close = difflib.get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(known)}"
