"""The client for plain code: every call blocks until it is answered."""

from trialbook.client.blocking.client import Client

__all__ = ["Client"]
