from __future__ import annotations

import msgspec
import pytest

from trialbook.services.domain import experiment as domain
from trialbook.services.domain.errors import NotFound, Stale
from trialbook.services.domain.experiment import (
    Definition,
    ExperimentCreated,
    ExperimentDeleted,
    RunSettings,
    Target,
    TargetKind,
)

AGENT = Target(TargetKind.AGENT, "t", "1")
DEFINITION = Definition("D", "", "u", "d", 0, AGENT, (), RunSettings())
HEAD = domain.evolve(None, ExperimentCreated("e", "p", "x", DEFINITION))


def test_a_new_experiment_is_at_version_one() -> None:
    assert (HEAD.version, HEAD.definition, HEAD.name) == (1, DEFINITION, "projects/p/experiments/x")


def test_a_change_is_the_next_version() -> None:
    changed = msgspec.structs.replace(DEFINITION, description="new")

    (event,) = domain.change(HEAD, changed)
    after = domain.evolve(HEAD, event)

    assert (after.version, after.definition) == (2, changed)
    assert after.etag != HEAD.etag


def test_no_change_is_no_event() -> None:
    assert domain.change(HEAD, msgspec.structs.replace(DEFINITION)) == []


def test_a_deleted_experiment_is_not_there() -> None:
    with pytest.raises(NotFound):
        domain.require_current(domain.evolve(HEAD, ExperimentDeleted("e")), "")


def test_an_etag_is_compared_if_there_is_one() -> None:
    domain.require_current(HEAD, "")
    domain.require_current(HEAD, HEAD.etag)
    with pytest.raises(Stale):
        domain.require_current(HEAD, "7")


def test_a_history_begins_with_its_creation() -> None:
    with pytest.raises(ValueError, match="begins with"):
        domain.evolve(None, ExperimentDeleted("e"))


@pytest.mark.parametrize(
    ("hosted", "serves_pinned", "serves_any"),
    [
        (AGENT, True, True),
        (Target(TargetKind.AGENT, "t", "2"), False, True),
        (Target(TargetKind.AGENT, "t"), False, True),
        (Target(TargetKind.AGENT, "other", "1"), False, False),
        (Target(TargetKind.WORKFLOW, "t", "1"), False, False),
    ],
    ids=["same", "other revision", "no revision", "other name", "other kind"],
)
def test_a_pinned_target_is_served_by_its_revision_only(
    hosted: Target, serves_pinned: bool, serves_any: bool
) -> None:
    assert AGENT.served_by(hosted) is serves_pinned
    assert Target(TargetKind.AGENT, "t").served_by(hosted) is serves_any
