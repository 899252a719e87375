"""The command line: one module per noun, built on the client library; serve and admin apart."""

from __future__ import annotations

from trialbook.services.cli.entry import main

__all__ = ["main"]
