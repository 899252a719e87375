"""The options that make up an experiment, and the definition or the change that they stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from trialbook.client import Client, Experiment, RunSettings, Target, TargetKind
from trialbook.services.cli.gate_options import gate_of, gate_options
from trialbook.services.cli.read_point import selection_of, selection_options
from trialbook.services.cli.run_options import (
    JSON_OPTIONS,
    payload_options,
    payloads_of,
    scorer_options,
    scorers_of,
    setting_options,
    settings_of,
    versioned,
)

Command = TypeVar("Command", bound=Callable[..., Any])
TARGET_KINDS = ("agent", "workflow", "scorer", "processor")
CLEARED = ("scorers", "gate", "selection", *JSON_OPTIONS)


def definition_options(command: Command) -> Command:
    """Give a command the options that make up an experiment's definition."""
    command = gate_options(setting_options(payload_options(selection_options(command))))
    for option in reversed(
        (
            click.option("--display-name", help="For people."),
            click.option("--description", help="For people."),
            scorer_options,
            click.option("--kind", type=click.Choice(TARGET_KINDS), help="Of the target.  [agent]"),
            click.option("--revision", help="Of the target.  [the one registered last]"),
        )
    ):
        command = option(command)
    return command


def clear_options(command: Command) -> Command:
    """Give a command the options that take parts of a definition away."""
    for name in reversed(CLEARED):
        words = name.replace("_", " ")
        option = click.option(
            f"--no-{name.replace('_', '-')}",
            f"no_{name}",
            is_flag=True,
            help=f"No {words} any more.",
        )
        command = option(command)
    return command


def definition_of(client: Client, given: dict[str, Any]) -> dict[str, Any]:
    """The whole definition, from the options of a new experiment."""
    return {
        **{name: given[name] for name in ("display_name", "description") if given[name]},
        **payloads_of(given),
        "dataset": versioned(given["dataset"]),
        "target": _target(given, Target("")),
        "scorers": scorers_of(given) or (),
        "settings": RunSettings(**settings_of(given)),
        "selection": selection_of(given),
        "gate": gate_of(client, given),
    }


def changes_of(client: Client, given: dict[str, Any], before: Experiment) -> dict[str, Any]:
    """What the options change. The etag has it refused if someone else came first."""
    changes: dict[str, Any] = {"etag": before.etag, **payloads_of(given)}
    for name in ("display_name", "description"):
        if given[name] is not None:
            changes[name] = given[name]
    if given["dataset"] is not None:
        changes["dataset"] = versioned(given["dataset"])
    if any(given[name] is not None for name in ("target", "kind", "revision")):
        changes["target"] = _target(given, before.target)
    parts = {
        "scorers": scorers_of(given),
        "selection": selection_of(given),
        "gate": gate_of(client, given, before.gate),
    }
    changes |= {name: part for name, part in parts.items() if part is not None}
    settings = settings_of(given)
    if settings:
        changes["settings"] = replace(before.settings, **settings)
    return changes | _cleared(given, changes)


def _cleared(given: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What is taken away. Raises UsageError for what is given too."""
    names = [name for name in CLEARED if given[f"no_{name}"]]
    for name in names:
        if name in changes:
            raise click.UsageError(f"--no-{name.replace('_', '-')} takes away what is given")
    return {name: () if name == "scorers" else None for name in names}


def _target(given: dict[str, Any], before: Target) -> Target:
    """The target that the options name; another target does not inherit the old revision."""
    name, revision, kind = given["target"], given["revision"], given["kind"]
    inherited = before.revision if name in (None, before.name) else ""
    return Target(
        before.name if name is None else name,
        inherited if revision is None else revision,
        before.kind if kind is None else TargetKind(kind),
    )
