"""The seeds that targets draw from."""

from __future__ import annotations

import hashlib


def seed_of(seed: int, item_id: str, trial: int) -> int:
    """Return the seed of an (item, trial) in runs of this seed: 63 bits, not negative.

    It follows from nothing else, so that whoever runs an item anew draws the same.
    """
    digest = hashlib.blake2b(f"{seed}:{trial}:{item_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
