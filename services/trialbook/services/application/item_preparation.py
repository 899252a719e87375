"""Makes contents of what callers send: checked, pinned to their scorers, and fit for the schemas.

All of this rests on nothing that a transaction would have to hold still, so it is done before
one begins, away from the event loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from trialbook.services.application.dataset_schema import CheckedBodies, ItemChecker
from trialbook.services.application.item import MAX_VIOLATIONS, ItemDraft, check_draft
from trialbook.services.application.item_content import ItemContent, content_of
from trialbook.services.application.item_identity import GivenItem
from trialbook.services.application.ports import Queries
from trialbook.services.application.scorer import Holder, ScorerDraft, pin
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.experiment import ScorerSpec


@dataclass(frozen=True, slots=True)
class PinnedScorers:
    """The scorers of items by the place of the item, and why some cannot be pinned."""

    specs: dict[int, tuple[ScorerSpec, ...]] = field(default_factory=dict)
    problems: dict[int, list[Violation]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Items that can be written, their places among those sent, and what is wrong with others."""

    given: list[GivenItem]
    places: list[int]
    problems: dict[int, list[Violation]]

    def require_all(self) -> None:
        """Refuse all items if some are bad, naming the first 100 bad fields. Raises Invalid."""
        violations = [bad for place in sorted(self.problems) for bad in self.problems[place]]
        if violations:
            raise Invalid(violations[:MAX_VIOLATIONS])


def have_scorers(drafts: Sequence[ItemDraft]) -> bool:
    """Say whether there is anything to be pinned."""
    return any(draft.extras.scorers for draft in drafts)


def pin_scorers(
    queries: Queries, project: str, drafts: Sequence[ItemDraft], offset: int = 0
) -> PinnedScorers:
    """Pin the scorers of items to their versions."""
    pinned = PinnedScorers()
    seen: dict[tuple[ScorerDraft, ...], tuple[ScorerSpec, ...]] = {}
    for place, draft in enumerate(drafts):
        wanted = draft.extras.scorers
        if not wanted:
            continue
        try:
            if wanted not in seen:
                path = f"items[{place + offset}].scorers"
                seen[wanted] = pin(queries, project, wanted, path, Holder.ITEM)
        except Invalid as error:
            pinned.problems[place] = [replace(v, reason=error.reason) for v in error.violations]
        else:
            pinned.specs[place] = seen[wanted]
    return pinned


def prepare(
    drafts: Sequence[ItemDraft],
    pinned: PinnedScorers,
    checker: ItemChecker | None,
    *,
    offset: int = 0,
    stop_early: bool = True,
) -> Prepared:
    """Check items and make their contents; `offset` is how many came before in the same stream.

    With `stop_early`, no more is looked at once there are more problems than an error can name.
    """
    prepared = Prepared([], [], {})
    problem_count = 0
    for place, draft in enumerate(drafts):
        path = f"items[{place + offset}]"
        problems = check_draft(path, draft) + pinned.problems.get(place, [])
        if not problems:
            content = content_of(draft, pinned.specs.get(place, ()))
            problems = [] if checker is None else schema_violations(path, content, checker)
            if not problems:
                prepared.given.append(GivenItem(draft.item_id, draft.external_id, content))
                prepared.places.append(place)
                continue
        prepared.problems[place] = problems
        problem_count += len(problems)
        if stop_early and problem_count >= MAX_VIOLATIONS:
            break
    return prepared


def schema_violations(path: str, content: ItemContent, checker: ItemChecker) -> list[Violation]:
    """Return where a content does not fit the schemas, its fields named below `path`."""
    bodies = CheckedBodies(content.input, content.expected, content.context)
    return [
        Violation(f"{path}.{problem.path}", problem.message, "SCHEMA_VIOLATED")
        for problem in checker.problems(bodies)
    ]
