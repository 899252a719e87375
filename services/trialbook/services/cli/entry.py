"""The entry point of the command line: runs a command and ends with its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from trialbook.services.cli.failures import EXIT_INTERRUPTED, EXIT_REFUSED, report_failure
from trialbook.services.cli.root import trialbook


def main() -> NoReturn:
    """Run what the process was started with and exit."""
    # gRPC's own lines on stderr repeat, in its words, what we say in a sentence.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    try:
        code = trialbook.main(list(arguments), prog_name="trialbook", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return EXIT_REFUSED  # as click ends when it meets the broken pipe first
    except Exception as error:  # noqa: BLE001 - the last place that can word it
        return report_failure(error)
    return code if isinstance(code, int) else 0


def _discard_output() -> None:
    """The reader has gone: keep the interpreter from complaining when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
