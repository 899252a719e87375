"""Commands about worker sessions."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import msgspec

from trialbook.services.application.experiment import check_target
from trialbook.services.application.hosting import is_built_in
from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.views import HostedScorer, Session
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.experiment import Target
from trialbook.services.domain.naming import (
    EXECUTABLE_NAME,
    EXECUTABLE_NAME_RULE,
    check_id,
)
from trialbook.services.scoring import catalogue
from trialbook.services.scoring.schema_validator import InvalidSchema, compile_schema

MAX_CAPABILITIES = 256
MAX_CONCURRENT_TASKS = 10_000
_MAX_WORKER_ID = 128


@dataclass(frozen=True, slots=True)
class Registration:
    """What a worker says of itself."""

    worker_id: str
    capabilities: tuple[Target | HostedScorer, ...]
    max_concurrent_tasks: int

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets among the capabilities, in their order."""
        return tuple(one for one in self.capabilities if isinstance(one, Target))

    @property
    def scorers(self) -> tuple[HostedScorer, ...]:
        """The scorers among the capabilities."""
        return tuple(one for one in self.capabilities if isinstance(one, HostedScorer))


class OpenedSession(msgspec.Struct, frozen=True):
    """A new session and its secret, which is stored only as a digest."""

    token: str
    session: Session


def digest(token: str) -> bytes:
    """Return what is stored of a session token."""
    return hashlib.sha256(token.encode()).digest()


def register(
    uow: UnitOfWork, project: str, registration: Registration, expires_at: int
) -> OpenedSession:
    """Open a session, and put the worker's scorers into the catalogue. Raises Invalid."""
    violations = check(registration)
    if violations:
        raise Invalid(violations)
    session = Session(
        number=0,
        worker_id=registration.worker_id,
        project=project,
        targets=registration.targets,
        scorers=frozenset(scorer.scorer_id for scorer in registration.scorers),
        max_concurrent_tasks=registration.max_concurrent_tasks,
        expires_at=expires_at,
    )
    token = secrets.token_urlsafe(24)
    uow.workers.open_session(digest(token), session)
    uow.workers.declare_scorers(project, registration.scorers, uow.now)
    stored = uow.workers.session(digest(token))
    if stored is None:
        raise RuntimeError("a session that was just opened must be there")
    return OpenedSession(token, stored)


def check(registration: Registration) -> list[Violation]:
    """Return what is wrong with a registration."""
    found = []
    if not 1 <= len(registration.worker_id) <= _MAX_WORKER_ID:
        found.append(Violation("worker_id", f"must have 1 to {_MAX_WORKER_ID} characters"))
    if not 1 <= len(registration.capabilities) <= MAX_CAPABILITIES:
        found.append(
            Violation("capabilities", f"must name 1 to {MAX_CAPABILITIES} targets or scorers")
        )
    if not 1 <= registration.max_concurrent_tasks <= MAX_CONCURRENT_TASKS:
        found.append(Violation("max_concurrent_tasks", f"must be 1 to {MAX_CONCURRENT_TASKS:,}"))
    for index, capability in enumerate(registration.capabilities):
        if isinstance(capability, Target):
            found += _check_target(f"capabilities[{index}].target", capability)
        else:
            found += _check_scorer(f"capabilities[{index}].scorer", capability)
    return found


def _check_target(path: str, target: Target) -> list[Violation]:
    found = check_target(path, target)
    if not found and is_built_in(target):
        found.append(Violation(f"{path}.name", f"{target.name!r} is built in; choose another"))
    return found


def _check_scorer(path: str, scorer: HostedScorer) -> list[Violation]:
    found = check_id(f"{path}.scorer_id", scorer.scorer_id, EXECUTABLE_NAME, EXECUTABLE_NAME_RULE)
    if catalogue.describe(scorer.scorer_id) is not None:
        found.append(
            Violation(f"{path}.scorer_id", f"{scorer.scorer_id!r} is built in; choose another")
        )
    if scorer.version < 0:
        found.append(Violation(f"{path}.version", "must not be negative"))
    if scorer.params_schema:
        schema_path = f"{path}.params_schema.json"
        bad_json = check_json(
            schema_path, scorer.params_schema, limit=METADATA_LIMIT, must_be_object=True
        )
        found += bad_json or _check_schema(schema_path, scorer.params_schema)
    return found


def _check_schema(path: str, schema: str) -> list[Violation]:
    try:
        compile_schema(msgspec.json.decode(schema))
    except (InvalidSchema, msgspec.ValidationError) as error:
        return [Violation(path, str(error))]
    return []
