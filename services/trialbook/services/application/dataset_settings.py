"""Changes of what holds for a dataset as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from trialbook.services.application.dataset_schema import SCHEMAS, check_schemas
from trialbook.services.application.item import check_tags
from trialbook.services.application.ports import Queries
from trialbook.services.application.scorer import Holder, ScorerDraft, pin
from trialbook.services.domain.canonical import canonical_json
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.errors import Violation

_PATH = "dataset.settings"


@dataclass(frozen=True, slots=True)
class SettingsDraft:
    """Settings to come; None keeps what there is. Schemas are JSON texts, empty to have none."""

    input_schema: str | None = None
    expected_schema: str | None = None
    context_schema: str | None = None
    scorers: tuple[ScorerDraft, ...] | None = None
    tags: tuple[str, ...] | None = None

    def check(self) -> list[Violation]:
        """Return what is wrong with tags and schemas. Slow: schemas are compiled."""
        tags = self.tags or ()
        found = check_tags(f"{_PATH}.tags", tags)
        found += [
            Violation(f"{_PATH}.tags[{index}]", f"{tag[:80]!r} stands there twice; leave one out")
            for index, tag in enumerate(tags)
            if tag in tags[:index]
        ]
        return found + check_schemas(_PATH, [(name, getattr(self, name) or "") for name in SCHEMAS])

    def merged(self, queries: Queries, project: str, before: DatasetSettings) -> DatasetSettings:
        """Return the settings to come, scorers pinned to their versions. Raises Invalid."""
        changes: dict[str, object] = {
            name: _chosen(new, getattr(before, name))
            for name in SCHEMAS
            if (new := getattr(self, name)) is not None
        }
        if self.tags is not None:
            changes["tags"] = self.tags
        if self.scorers is not None:
            path = f"{_PATH}.default_scorers"
            changes["scorers"] = pin(queries, project, self.scorers, path, Holder.DATASET)
        return msgspec.structs.replace(before, **changes)


def _chosen(new: str, old: str) -> str:
    """Return the new schema; the old one if that says the same."""
    return old if new and old and canonical_json(new) == canonical_json(old) else new
