"""The client for asyncio: the same calls as coroutines."""

from trialbook.client.asynchronous.client import AsyncClient

__all__ = ["AsyncClient"]
