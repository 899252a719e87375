"""The store's conformance suite, on every backend there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trialbook.eventstore import conformance
from trialbook.eventstore.conformance.append import AppendCases
from trialbook.eventstore.conformance.archive import ArchiveCases
from trialbook.eventstore.conformance.atomicity import AtomicityCases
from trialbook.eventstore.conformance.blanking import BlankingCases
from trialbook.eventstore.conformance.commands import CommandsCases
from trialbook.eventstore.conformance.group_commit import GroupCommitCases
from trialbook.eventstore.conformance.opening import OpeningCases
from trialbook.eventstore.conformance.processes import ProcessesCases
from trialbook.eventstore.conformance.reading import ReadingCases
from trialbook.eventstore.conformance.rebuild import RebuildCases
from trialbook.eventstore.conformance.rows import RowsCases
from trialbook.eventstore.conformance.subscription import SubscriptionCases
from trialbook.eventstore.conformance.verification import VerificationCases


class TestAppend(AppendCases):
    pass


class TestArchive(ArchiveCases):
    pass


class TestAtomicity(AtomicityCases):
    pass


class TestBlanking(BlankingCases):
    pass


class TestCommands(CommandsCases):
    pass


class TestGroupCommit(GroupCommitCases):
    pass


class TestOpening(OpeningCases):
    pass


class TestProcesses(ProcessesCases):
    pass


class TestReading(ReadingCases):
    pass


class TestRebuild(RebuildCases):
    pass


class TestRows(RowsCases):
    pass


class TestSubscription(SubscriptionCases):
    pass


class TestVerification(VerificationCases):
    pass


SUITE = Path(conformance.__file__).parent
ROOT = Path(__file__).parents[3]
TRAPS = (SUITE / "README.md").read_text(encoding="utf-8").partition("| trap | held by |")[2]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w/.]+(?:::\w+)?)`", TRAPS))))
def test_what_holds_a_trap_exists(name: str) -> None:
    place, _, test = name.partition("::")
    candidates = [SUITE / f"{place}.py", Path(__file__).parent / place, ROOT / place]
    files = [path for path in candidates if path.exists()]

    assert files, name
    assert re.search(rf"(def|class) {test}\b", files[0].read_text("utf-8")) or not test
