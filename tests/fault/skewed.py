"""The command line with a clock that is wrong by as many seconds as a file says.

Started as `python -m tests.fault.skewed ARGUMENTS`; FAULT_CLOCK names the file.
"""

from __future__ import annotations

import os
from pathlib import Path

from trialbook.services.application import clock
from trialbook.services.cli import main

_WRONG_BY = Path(os.environ["FAULT_CLOCK"])
_right = clock.now


def _wrong() -> int:
    return _right() + int(float(_WRONG_BY.read_text()) * 1_000_000)


if __name__ == "__main__":
    clock.now = _wrong
    main()
