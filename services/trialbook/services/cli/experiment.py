"""`trialbook experiment`: defines what is evaluated, on which cases, and how it is judged."""

from __future__ import annotations

import sys
from typing import Any

import click

from trialbook.client import Experiment
from trialbook.services.cli.experiment_definition import (
    changes_of,
    clear_options,
    definition_of,
    definition_options,
)
from trialbook.services.cli.gate_condition import FORMS
from trialbook.services.cli.gate_options import gate_text
from trialbook.services.cli.options import CommonOptions, common_options, pass_options
from trialbook.services.cli.output import (
    Column,
    Record,
    as_text,
    duration_text,
    print_fields,
    print_record,
    print_records,
)
from trialbook.services.cli.read_point import selection_text
from trialbook.services.cli.records import record_of
from trialbook.services.cli.scorer_argument import scorer_text
from trialbook.services.cli.session import open_client
from trialbook.services.cli.trend import trend


def _scorer_names(experiment: Record) -> str:
    return ", ".join(scorer["alias"] for scorer in experiment["scorers"])


COLUMNS = (
    Column("EXPERIMENT", "id"),
    Column("VERSION", "version", right=True),
    Column("DATASET", lambda experiment: experiment["dataset"].partition("/datasets/")[2]),
    Column("TARGET", lambda experiment: experiment["target"]["name"]),
    Column("SCORERS", _scorer_names, flexible=True),
    Column("UPDATED", "update_time"),
)
VERSION_COLUMNS = (
    Column("VERSION", "version", right=True),
    Column("DATASET", lambda version: version["experiment"]["dataset"].partition("/datasets/")[2]),
    Column("TARGET", lambda version: version["experiment"]["target"]["name"]),
    Column("SCORERS", lambda version: _scorer_names(version["experiment"]), flexible=True),
    Column("CREATED", "create_time"),
    Column("AUTHOR", "author"),
)
LABELS = {
    "name": "experiment",
    "display_name": "display name",
    "description": "description",
    "version": "version",
    "dataset": "dataset",
    "target": "target",
    "scorers": "scorers",
    "settings": "settings",
    "target_options": "target options",
    "context": "context",
    "selection": "items",
    "gate": "gate",
    "create_time": "created",
    "update_time": "updated",
}
TIME_SPANS = ("attempt_timeout", "initial_backoff", "max_backoff", "run_deadline")
DATASET_HELP = "Its cases; NAME@VERSION or NAME@LABEL keeps to a version."


@click.group()
def experiment() -> None:
    """Define what is evaluated, on which cases, and how it is judged."""


@experiment.command(epilog=FORMS)
@click.argument("name")
@click.option("--dataset", required=True, metavar="NAME[@VERSION]", help=DATASET_HELP)
@click.option("--target", required=True, help="Name under which workers host what is evaluated.")
@definition_options
@common_options
@pass_options
def create(options: CommonOptions, /, name: str, **given: Any) -> None:
    """Create an experiment. Runs of it take the dataset's current version."""
    with open_client(options) as client:
        created = client.experiments.create(name, **definition_of(client, given))
    _print_experiment(options, created)


@experiment.command(epilog=FORMS)
@click.argument("name")
@click.option("--dataset", metavar="NAME[@VERSION]", help=DATASET_HELP)
@click.option("--target", help="Name under which workers host what is evaluated.")
@definition_options
@clear_options
@common_options
@pass_options
def update(options: CommonOptions, /, name: str, **given: Any) -> None:
    """Change an experiment.

    What is not given stays; --scorer replaces all scorers, --gate the whole gate with its baseline
    and confidence. Makes a new version of the definition.
    """
    with open_client(options) as client:
        before = client.experiments.get(name)
        changed = client.experiments.update(name, **changes_of(client, given, before))
    _print_experiment(options, changed)


@experiment.command("list")
@common_options
@pass_options
def list_(options: CommonOptions) -> None:
    """List the experiments of the project."""
    with open_client(options) as client:
        print_records(options.form, map(record_of, client.experiments.list()), COLUMNS)


@experiment.command()
@click.argument("name")
@click.option("--version", type=click.IntRange(min=1), help="Version to show.  [the current one]")
@common_options
@pass_options
def show(options: CommonOptions, name: str, version: int | None) -> None:
    """Show an experiment, or an old version of it."""
    with open_client(options) as client:
        found = client.experiments.get(name if version is None else f"{name}/versions/{version}")
    _print_experiment(options, found)


@experiment.command()
@click.argument("name")
@common_options
@pass_options
def versions(options: CommonOptions, name: str) -> None:
    """List the versions of an experiment, the newest first."""
    with open_client(options) as client:
        found = map(record_of, client.experiments.versions(name))
        print_records(options.form, found, VERSION_COLUMNS)


@experiment.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
@pass_options
def delete(options: CommonOptions, name: str, yes: bool) -> None:
    """Delete an experiment. Its runs stay."""
    with open_client(options) as client:
        client.experiments.get(name)
        if not yes:
            click.confirm(f"Delete experiment {name}?", abort=True, err=True)
        client.experiments.delete(name)
    print(f"deleted experiment {name}", file=sys.stderr)


experiment.add_command(trend)


def _print_experiment(options: CommonOptions, found: Experiment) -> None:
    print_record(options.form, record_of(found), lambda record: _show(found, record))


def _show(found: Experiment, record: Record) -> None:
    target = record["target"]
    shown = {
        **record,
        "target": " ".join(filter(None, (target["name"], target["revision"], target["kind"]))),
        "scorers": ", ".join(map(scorer_text, record["scorers"])),
        "settings": _settings_text(record["settings"]),
        "selection": selection_text(found.selection),
        "gate": gate_text(found.gate),
    }
    print_fields(shown, LABELS)


def _settings_text(settings: Record) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} "
        + (duration_text(value) if name in TIME_SPANS else as_text(value))
        for name, value in settings.items()
        if value is not None
    )
