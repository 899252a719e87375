"""Labels: movable names for versions, which can be frozen."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.services.application.dataset import head_of, require, require_version
from trialbook.services.application.item import check_note
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.views import DatasetView, LabelView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.errors import Invalid, LabelFrozen, NotFound, Stale
from trialbook.services.domain.naming import (
    LABEL_ID,
    LABEL_ID_RULE,
    LATEST,
    check_id,
    label_name,
)


@dataclass(frozen=True, slots=True)
class LabelDraft:
    """A label as it is to be. `before` is the version that it must name now; 0 for none."""

    label_id: str
    version: int
    frozen: bool = False
    message: str = ""
    before: int | None = None

    def check(self) -> None:
        """Refuse what cannot be set. Raises Invalid."""
        violations = check_id("label.label_id", self.label_id, LABEL_ID, LABEL_ID_RULE)
        if violations:
            raise Invalid(violations)
        if self.label_id == LATEST:
            raise Invalid.field("label.label_id", _own(LATEST))
        if self.version < 1:
            raise Invalid.field("label.version", "is required; name a version from 1")
        check_note(self.message, "label.message")


def set_label(uow: UnitOfWork, project: str, dataset_id: str, draft: LabelDraft) -> LabelView:
    """Let a label name a version; what it says already is no event.

    Raises NotFound, VersionNotFound, Stale, LabelFrozen.
    """
    view = require(uow, project, dataset_id)
    now = uow.datasets.label(view.number, draft.label_id)
    _require_before(view, now, draft)
    require_version(uow, view, draft.version)
    if now is not None and now.frozen:
        if (draft.version, draft.frozen) != (now.version, True):
            raise LabelFrozen(_name(view, now.label_id), now.version)
        return now
    wanted = (draft.version, draft.frozen, draft.message)
    if now is not None and (now.version, now.frozen, now.message) == wanted:
        return now
    head, version = head_of(uow, view.uid)
    event = domain.LabelSet(view.uid, draft.label_id, *wanted)
    uow.append(domain.stream_of(head.uid), [event], expected_version=version)
    return LabelView(draft.label_id, *wanted, uow.actor, uow.now)


def delete_label(uow: UnitOfWork, project: str, dataset_id: str, label_id: str) -> DatasetView:
    """Forget a label. Raises Invalid, NotFound, LabelFrozen."""
    if label_id == LATEST:
        raise Invalid.field("name", _own(LATEST))
    view = require(uow, project, dataset_id)
    now = uow.datasets.label(view.number, label_id)
    if now is None:
        raise NotFound(_name(view, label_id))
    if now.frozen:
        raise LabelFrozen(_name(view, label_id), now.version)
    head, version = head_of(uow, view.uid)
    event = domain.LabelDeleted(view.uid, label_id)
    uow.append(domain.stream_of(head.uid), [event], expected_version=version)
    return view


def labels(queries: Queries, view: DatasetView, after: str, limit: int) -> list[LabelView]:
    """Return labels by id, `latest` among them, after an id."""
    found = queries.datasets.labels(view.number, after, limit)
    if after < LATEST:
        found = sorted([*found, _latest(queries, view)], key=lambda label: label.label_id)
    return found[:limit]


def _latest(queries: Queries, view: DatasetView) -> LabelView:
    made = queries.datasets.version(view.number, view.version)
    author, at = ("", view.created_at) if made is None else (made.author, made.created_at)
    return LabelView(LATEST, view.version, frozen=False, message="", author=author, updated_at=at)


def _require_before(view: DatasetView, now: LabelView | None, draft: LabelDraft) -> None:
    version = 0 if now is None else now.version
    if draft.before is not None and draft.before != version:
        raise Stale(
            _name(view, draft.label_id),
            f"version {draft.before}" if draft.before else "no label",
            f"version {version}" if version else "no label",
        )


def _own(label_id: str) -> str:
    return f"{label_id!r} always names the current version; choose another label"


def _name(view: DatasetView, label_id: str) -> str:
    return label_name(view.project, view.dataset_id, label_id)
