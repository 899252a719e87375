"""The chain of digests over the log: each event's digest covers all events before it."""

from __future__ import annotations

from hashlib import sha256

ORIGIN = bytes(32)
"""Stands for the digest before the first event."""


def state_hash(state: bytes) -> bytes:
    """Return the SHA-256 digest of a stored state."""
    return sha256(state).digest()


def next_digest(  # noqa: PLR0917  # in the order in which they are digested
    previous: bytes, position: int, stream: str, version: int, topic: str, hashed_state: bytes
) -> bytes:
    """Return the digest of the event at ``position``, given the digest of the event before it.

    It is the SHA-256 of the previous digest, the position, the stream, the version, the topic and
    the state's own SHA-256. Numbers take 8 bytes, big endian; texts are UTF-8 behind their length
    in 4 bytes, so that no two events give the same bytes. Raises UnicodeEncodeError for a lone
    surrogate, OverflowError for a number that 8 bytes do not hold.
    """
    name, kind = stream.encode(), topic.encode()
    return sha256(
        b"".join(
            (
                previous,
                position.to_bytes(8, "big"),
                len(name).to_bytes(4, "big"),
                name,
                version.to_bytes(8, "big"),
                len(kind).to_bytes(4, "big"),
                kind,
                hashed_state,
            )
        )
    ).digest()
