"""Who tells a collector of the scores that are recorded, and how far that has come."""

from __future__ import annotations

import msgspec

from trialbook.services.application.event import ConsumerView
from trialbook.services.application.ports import UnitOfWork

CONSUMER = "gen_ai.evaluation.result"
"""The reader of the log that tells how far the sending of scores has come, of all projects."""
_ALL_PROJECTS = ""
_NOBODY = "trialbook"


def claim(uow: UnitOfWork, server: str, lifetime: int) -> int | None:
    """Return after which position a server goes on to send scores; None if it is another's work.

    The claim holds for `lifetime` microseconds from now. The first one begins at the end of the
    log: what was recorded before anybody wanted to be told is not sent. Where no other server can
    be, the claim of a former one does not hold.
    """
    found = uow.consumers.find(_ALL_PROJECTS, CONSUMER)
    if found is None:
        position = uow.events.last_position()
    else:
        # A claim from the future was made by a clock that was put back since.
        is_held = found.author != _NOBODY and abs(uow.now - found.updated_at) < lifetime
        if is_held and found.author != server:
            return None
        position = found.position
    uow.consumers.put(ConsumerView(_ALL_PROJECTS, CONSUMER, position, server, uow.now))
    return position


def store_reached(uow: UnitOfWork, server: str, reached: int) -> bool:
    """Store up to where scores were sent. False if another server has taken over, or all begins."""
    found = uow.consumers.find(_ALL_PROJECTS, CONSUMER)
    if found is None or found.author != server:
        return False
    uow.consumers.put(ConsumerView(_ALL_PROJECTS, CONSUMER, reached, server, uow.now))
    return True


def release(uow: UnitOfWork, server: str) -> None:
    """Let any other server go on at once, if it is this one's work."""
    found = uow.consumers.find(_ALL_PROJECTS, CONSUMER)
    if found is not None and found.author == server:
        uow.consumers.put(msgspec.structs.replace(found, author=_NOBODY))
