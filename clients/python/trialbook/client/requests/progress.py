"""Tells how far an import has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from trialbook.v1.dataset_service_pb2 import ImportItemsRequest


def counted(
    messages: Iterable[ImportItemsRequest], progress: Callable[[int], object] | None
) -> Iterator[ImportItemsRequest]:
    """Yield the messages, telling after each one how many items have been handed over."""
    count = 0
    for message in messages:
        # Counted first: gRPC owns a message once it is handed over.
        count += len(message.items)
        yield message
        if progress is not None:
            progress(count)
