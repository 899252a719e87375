"""Commands and queries about the named readers of the log."""

from __future__ import annotations

from trialbook.services.application.event import ConsumerView, require_reached
from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.domain.errors import Invalid, NotFound, Stale
from trialbook.services.domain.naming import consumer_name


def require(queries: Queries, project: str, consumer_id: str) -> ConsumerView:
    """Return a consumer. Raises NotFound."""
    found = queries.consumers.find(project, consumer_id)
    if found is None:
        raise NotFound(consumer_name(project, consumer_id))
    return found


def position(queries: Queries, project: str, consumer_id: str) -> int:
    """Return after which position a consumer goes on; 0 if it has not acknowledged anything."""
    found = queries.consumers.find(project, consumer_id)
    return 0 if found is None else found.position


def acknowledge(uow: UnitOfWork, project: str, consumer_id: str, reached: int) -> ConsumerView:
    """Store how far a consumer has come. Raises Invalid, PositionOutOfRange, Stale."""
    if reached == 0:
        raise Invalid.field("position", "is required; give the last position that is done")
    require_reached(uow.events, reached, "position")
    before = uow.consumers.find(project, consumer_id)
    if before is not None and reached < before.position:
        name = consumer_name(project, consumer_id)
        raise Stale(name, f"position {reached}", f"position {before.position}")
    if before is not None and reached == before.position:
        return before
    after = ConsumerView(project, consumer_id, reached, uow.actor, uow.now)
    uow.consumers.put(after)
    return after


def delete(uow: UnitOfWork, project: str, consumer_id: str) -> ConsumerView:
    """Forget a consumer. Raises NotFound."""
    found = require(uow, project, consumer_id)
    uow.consumers.remove(project, consumer_id)
    return found
