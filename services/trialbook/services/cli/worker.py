"""`trialbook worker`: runs a worker that is defined in a Python file or module."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

import click

from trialbook.client import Worker
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.options import (
    CommonOptions,
    address_option,
    pass_options,
    project_option,
    token_option,
)
from trialbook.services.cli.session import server_failures

EXAMPLE = "for example my_worker.py:worker or my_package.evaluation:worker"


@click.group()
def worker() -> None:
    """Run a worker that hosts targets and scorers."""


@worker.command()
@click.argument("reference", metavar="MODULE:ATTRIBUTE")
@address_option
@token_option
@project_option
@click.option(
    "--traces/--no-traces",
    default=None,
    help="Trace what targets do, and send the spans to the service; needs "
    "trialbook-client[traces].  [default: if a tracer provider is set]",
)
@pass_options
def run(options: CommonOptions, reference: str, traces: bool | None) -> None:
    """Run a worker until SIGTERM or Ctrl-C.

    What it is at is finished and reported first.

    MODULE is a Python file or an importable module, ATTRIBUTE the trialbook.client.Worker in it,
    for example my_worker.py:worker. The options reach workers that do not name a server, token or
    project themselves, or whether they trace.
    """
    os.environ.update(_given(options))
    if traces is not None:
        os.environ["TRIALBOOK_TRACES"] = "1" if traces else "0"
    with server_failures(options):
        found = load_worker(reference)
        print(f"worker {reference} for {options.server}; Ctrl-C stops it", file=sys.stderr)
        found.run()


def load_worker(reference: str) -> Worker:
    """Import the worker that `path/to/file.py:name` or `package.module:name` names."""
    source, separator, attribute = reference.rpartition(":")
    if not separator or not source or not attribute:
        raise CommandFailure(f"{reference!r} does not say where the worker is", hint=EXAMPLE)
    module = _load_file(Path(source)) if source.endswith(".py") else _load_module(source)
    found = getattr(module, attribute, None)
    if isinstance(found, Worker):
        return found
    workers = [name for name, value in vars(module).items() if isinstance(value, Worker)]
    raise CommandFailure(
        f"{source} has no trialbook.client.Worker named {attribute!r}",
        hint=f"it has: {', '.join(workers)}" if workers else EXAMPLE,
    )


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise CommandFailure(f"there is no file {path}", hint=EXAMPLE)
    # As when Python runs a script: modules beside the file can be imported.
    sys.path.insert(0, str(path.parent.absolute()))
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[path.stem] = module
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise _broken_module(str(path), error) from error
    return module


def _load_module(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and name.startswith(error.name):
            raise CommandFailure(f"there is no module {name}", hint=EXAMPLE) from error
        raise _broken_module(name, error) from error
    except Exception as error:
        raise _broken_module(name, error) from error


def _broken_module(name: str, error: Exception) -> CommandFailure:
    return CommandFailure(
        f"{name} cannot be imported: {type(error).__name__}: {error}{_place_of(error)}",
        hint="TRIALBOOK_DEBUG=1 shows the traceback",
    )


def _place_of(error: Exception) -> str:
    """Where the error was raised, unless its message says so itself."""
    if isinstance(error, SyntaxError):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""


def _given(options: CommonOptions) -> dict[str, str]:
    """What the options say, as the environment in which workers look for what they are not told."""
    values = {
        "TRIALBOOK_ADDRESS": options.address,
        "TRIALBOOK_TOKEN": options.token,
        "TRIALBOOK_PROJECT": options.project,
    }
    return {name: value for name, value in values.items() if value is not None}
