"""Run the command line as `python -m trialbook.services.cli`."""

from __future__ import annotations

from trialbook.services.cli import main

main()
