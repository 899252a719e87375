from __future__ import annotations

import time
import uuid

from trialbook.services.domain.identity import new_uid


def test_a_uid_is_a_uuid_of_version_7() -> None:
    before = time.time_ns() // 1_000_000
    found = uuid.UUID(hex=new_uid())
    after = time.time_ns() // 1_000_000

    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert before <= found.int >> 80 <= after


def test_uids_do_not_repeat() -> None:
    assert len({new_uid() for _ in range(10_000)}) == 10_000
