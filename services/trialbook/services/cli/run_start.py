"""`trialbook run start`: starts a run of an experiment, with what holds for this run alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from trialbook.client import Client, Gate, Run, RunSettings
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.gate_condition import FORMS
from trialbook.services.cli.gate_options import baseline_name, gate_of, gate_options
from trialbook.services.cli.options import CommonOptions, pass_options, report_options
from trialbook.services.cli.output import print_record
from trialbook.services.cli.read_point import item_selection_options, selection_of
from trialbook.services.cli.records import record_of
from trialbook.services.cli.run_metadata import metadata_of
from trialbook.services.cli.run_options import (
    payload_options,
    payloads_of,
    scorer_options,
    scorers_of,
    setting_options,
    settings_of,
    versioned,
)
from trialbook.services.cli.run_report.form import REPORT_FORMS
from trialbook.services.cli.run_wait import Waiting, check_waiting, wait_and_report, waiting_options
from trialbook.services.cli.session import open_client

Command = TypeVar("Command", bound=Callable[..., Any])


def override_options(command: Command) -> Command:
    """Give the command the options that hold in place of what the experiment says."""
    command = gate_options(setting_options(payload_options(item_selection_options(command))))
    for option in reversed(
        (
            click.option("--name", "display_name", default="", help="For people, say pr-1234."),
            click.option("--revision", default="", help="Of the target."),
            click.option(
                "--dataset", metavar="NAME[@VERSION]", help="Other cases; or @LABEL of a version."
            ),
            scorer_options,
            click.option("--no-scorers", is_flag=True, help="Judge by none at all."),
            click.option(
                "--metadata",
                multiple=True,
                metavar="KEY=VALUE",
                help="What should be known of the run. May be repeated.",
            ),
            click.option(
                "--ci-metadata",
                is_flag=True,
                help="With commit, branch and job as GitHub and GitLab tell them.",
            ),
        )
    ):
        command = option(command)
    return command


@click.command(epilog=FORMS)
@click.argument("experiment", metavar="EXPERIMENT[@VERSION]")
@click.option("--id", "run_id", help="Id of the run.  [assigned]")
@click.option(
    "--wait/--detach", "wait", help="Show the progress, then the report; or go away.  [detach]"
)
@click.option("--wait-for-worker", is_flag=True, help="Start although no worker hosts the target.")
@waiting_options
@override_options
@report_options(*REPORT_FORMS)
@pass_options
def start(
    options: CommonOptions,
    /,
    experiment: str,
    run_id: str | None,
    *,
    wait: bool,
    wait_for_worker: bool,
    **given: Any,
) -> int:
    """Run an experiment. What the options do not say is the experiment's.

    --gate replaces the experiment's gate; --baseline alone changes what it compares with. With
    --wait the exit code is 0 if the run completed and its gate, if it has one, passed; 2 if the
    gate failed; 3 if the run failed or was cancelled; 4 if it did not end in time, and goes on; and
    1 otherwise, also if the gate is inconclusive.
    """
    waiting = Waiting.of(given)
    check_waiting(options, waiting, wait=wait)
    definition = versioned(experiment)
    with open_client(options) as client:
        started = client.runs.start(
            definition,
            run_id=run_id,
            wait_for_worker=wait_for_worker,
            **_overrides(client, definition, given),
        )
        if wait:
            return wait_and_report(options, client, started, waiting)
        print_record(options.form, record_of(started), lambda _: say_started(started))
    return 0


def say_started(run: Run) -> None:
    """Tell of a run that has begun: its id on stdout, what to do next on stderr."""
    print(run.id)
    print(f"started; follow it with trialbook run watch {run.id}", file=sys.stderr)
    if run.waiting_for:
        print(f"waiting for {run.waiting_for}", file=sys.stderr)


def _overrides(client: Client, definition: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    overrides: dict[str, Any] = {
        "display_name": given["display_name"],
        "target_revision": given["revision"],
        "scorers": _scorers(given),
        "selection": selection_of(given),
        "metadata": metadata_of(given["metadata"], from_ci=given["ci_metadata"]),
        **payloads_of(given),
        **_gate(client, definition, given),
    }
    settings = settings_of(given)
    if settings:
        overrides["settings"] = RunSettings(**settings)
    if given["dataset"] is not None:
        overrides["dataset"] = versioned(given["dataset"])
    return overrides


def _scorers(given: Mapping[str, Any]) -> Any:
    scorers = scorers_of(given)
    if given["no_scorers"] and scorers:
        raise click.UsageError("give scorers or --no-scorers")
    return [] if given["no_scorers"] else scorers


def _gate(client: Client, definition: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The gate, or the baseline alone, of this run.

    The contract takes a run as the baseline; that of an experiment is part of a gate.
    """
    if given["conditions"] or given["gate_file"]:
        return {"gate": gate_of(client, given)}
    if given["confidence"] is None:
        baseline = given["baseline"] and baseline_name(client, given["baseline"])
        if not baseline:
            return {}
        if "/runs/" in baseline:
            return {"baseline": baseline}
    return {"gate": gate_of(client, given, _gate_of_experiment(client, definition))}


def _gate_of_experiment(client: Client, definition: str) -> Gate:
    gate = client.experiments.get(definition).gate
    if gate is None:
        raise CommandFailure(
            "the experiment has no gate that --baseline or --confidence could be for",
            hint="say what the run must come to: --gate 'mean(exact_match)>=baseline'",
        )
    return gate
