"""The catalogue of scorers: those of the service, and those that workers declare."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import msgspec

from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import HostedScorer
from trialbook.services.domain.errors import Invalid, NotFound, Violation
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.domain.naming import ALIAS, ALIAS_RULE, check_id, scorer_name
from trialbook.services.scoring import catalogue
from trialbook.services.scoring.catalogue import ScorerDescription
from trialbook.services.scoring.schema_validator import compile_schema

MAX_SCORERS = 32


@dataclass(frozen=True, slots=True)
class ScorerDraft:
    """A scorer as an experiment asks for it. `params` is JSON text, empty for none."""

    scorer: str
    alias: str
    params: str


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
    queries: Queries, project: str, drafts: tuple[ScorerDraft, ...], path: str
) -> tuple[ScorerSpec, ...]:
    """Check an experiment's scorers and pin them to their versions. Raises Invalid."""
    if len(drafts) > MAX_SCORERS:
        raise Invalid.field(path, f"has more than {MAX_SCORERS} scorers")
    specs: list[ScorerSpec] = []
    for index, draft in enumerate(drafts):
        spec = _pin_one(queries, project, draft, f"{path}[{index}]")
        if any(spec.alias == other.alias for other in specs):
            raise Invalid.field(
                f"{path}[{index}].alias", f"{spec.alias!r} is used twice; give each its own alias"
            )
        specs.append(spec)
    return tuple(specs)


def _pin_one(queries: Queries, project: str, draft: ScorerDraft, path: str) -> ScorerSpec:
    alias = draft.alias or draft.scorer
    violations = check_id(f"{path}.alias", alias, ALIAS, ALIAS_RULE)
    if not draft.scorer:
        violations = [Violation(f"{path}.scorer", "is required; name a scorer")]
    if draft.params:
        violations += check_json(
            f"{path}.params.json", draft.params, limit=METADATA_LIMIT, must_be_object=True
        )
    if violations:
        raise Invalid(violations)
    built_in = catalogue.describe(draft.scorer)
    if built_in is not None:
        _check_built_in(draft, path)
        return ScorerSpec(draft.scorer, alias, draft.params, built_in.version, built_in=True)
    hosted = _hosted(queries, project, draft.scorer, path)
    _check_hosted(hosted, draft, path)
    return ScorerSpec(draft.scorer, alias, draft.params, hosted.version, built_in=False)


def _check_built_in(draft: ScorerDraft, path: str) -> None:
    try:
        catalogue.configure(draft.scorer, draft.params or "{}")
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
