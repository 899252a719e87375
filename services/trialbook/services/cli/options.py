"""The options that every verb takes: which server, which project, and in which form to answer."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
FORMATS = ("table", "json", "jsonl", "csv")
DEFAULT_ADDRESS = "127.0.0.1:50051"
DEFAULT_PROJECT = "default"
LARGEST_PAGE = 1_000


@dataclass(slots=True)
class CommonOptions:
    """What the common options say. None: not given, so the environment or the default counts."""

    address: str | None = None
    token: str | None = None
    project: str | None = None
    format: str | None = None
    embedded: str | None = None
    reason: str | None = None

    @property
    def server(self) -> str:
        """The address that calls go to."""
        return self.address or os.environ.get("TRIALBOOK_ADDRESS") or DEFAULT_ADDRESS

    @property
    def scope(self) -> str:
        """The project that names belong to."""
        return self.project or os.environ.get("TRIALBOOK_PROJECT") or DEFAULT_PROJECT

    @property
    def form(self) -> str:
        """The form of the data on stdout."""
        return self.format or "table"


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Keep an option beside those that were given further left; the last one counts."""
    options = context.ensure_object(CommonOptions)
    if value is not None:
        assert parameter.name is not None
        setattr(options, parameter.name, value)


def _common(name: str, **settings: Any) -> Callable[[Command], Command]:
    return click.option(name, expose_value=False, callback=_remember, **settings)


address_option = _common(
    "--address", metavar="HOST:PORT", help=f"Server; TRIALBOOK_ADDRESS.  [{DEFAULT_ADDRESS}]"
)
token_option = _common(
    "--token", metavar="TEXT", help="Access token; better kept in TRIALBOOK_TOKEN."
)
project_option = _common(
    "--project", metavar="ID", help=f"Project; TRIALBOOK_PROJECT.  [{DEFAULT_PROJECT}]"
)
embedded_option = _common(
    "--embedded",
    metavar="FOLDER",
    help="No server: work on the database in this folder, say .trialbook.",
)


def format_option_of(*forms: str) -> Callable[[Command], Command]:
    """The option `--format` with these forms."""
    return _common(
        "--format", type=click.Choice(forms), help="Form of the data on stdout.  [table]"
    )


format_option = format_option_of(*FORMATS)
reason_option = _common(
    "--reason", metavar="TEXT", help="Why a change is made; trialbook audit tells it."
)


def common_options(command: Command) -> Command:
    """Give a command the common options, so that they may stand before or after a verb."""
    return _with_options(command, format_option)


def report_options(*more_forms: str) -> Callable[[Command], Command]:
    """The common options for a command that knows more forms, such as `junit`."""
    option = format_option_of(*FORMATS, *more_forms)
    return lambda command: _with_options(command, option)


def _with_options(command: Command, its_format: Callable[[Command], Command]) -> Command:
    first = (address_option, embedded_option, token_option, project_option)
    for option in reversed((*first, its_format, reason_option)):
        command = option(command)
    return command


def change_options(command: Command) -> Command:
    """Give a command the options of those that make a version of a dataset."""
    note = click.option(
        "-m", "--message", default="", metavar="TEXT", help="Note that the version keeps."
    )
    expected = click.option(
        "--expected-version",
        type=click.IntRange(min=0),
        metavar="N",
        help="Refuse unless this is the current version.",
    )
    return note(expected(command))


pass_options = click.make_pass_decorator(CommonOptions, ensure=True)


def page_size(limit: int | None) -> int:
    """How many to ask for at a time when `limit` of them are wanted; None: all."""
    return LARGEST_PAGE if limit is None else min(limit, LARGEST_PAGE)
