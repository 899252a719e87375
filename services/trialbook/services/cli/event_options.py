"""The options that say which events are wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from trialbook.services.cli.moment import moment
from trialbook.services.cli.options import CommonOptions

Command = TypeVar("Command", bound=Callable[..., Any])

SINGLETONS = ("trace_viewers",)
"""What each project has one of, so that its name says all."""
_FILTERS = (
    click.option("--noun", "nouns", multiple=True, help="Only of this noun, say dataset."),
    click.option("--kind", "kinds", multiple=True, help="Only of this kind, say items_added."),
    click.option("--author", default="", metavar="NAME", help="Only what this author did."),
    click.option("--all-projects", is_flag=True, help="Of all projects."),
)
_TIMES = (
    click.option("--since", type=moment, metavar="TIME", help="2026-11-20, or how long ago: 12h."),
    click.option("--until", type=moment, metavar="TIME", help="Only what was before; as --since."),
)


def filter_options(command: Command) -> Command:
    """Give a command the options of a filter."""
    return _given(command, _FILTERS)


def time_options(command: Command) -> Command:
    """Give a command the options of a range of time."""
    return _given(command, _TIMES)


def full_resource(options: CommonOptions, resource: str | None) -> str | None:
    """Return the full name of `datasets/support` or the like; a full name stays as it is."""
    if resource is None or resource.startswith("projects/"):
        return resource
    if "/" not in resource and resource not in SINGLETONS:
        raise click.UsageError(
            f"{resource!r} does not say what it names; "
            f"say datasets/{resource}, experiments/{resource} or runs/{resource}"
        )
    return f"projects/{options.scope}/{resource}"


def short_resource(options: CommonOptions, resource: str) -> str:
    """Return a resource name without the project that the command works on."""
    return resource.removeprefix(f"projects/{options.scope}/")


def _given(command: Command, wanted: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(wanted):
        command = option(command)
    return command
