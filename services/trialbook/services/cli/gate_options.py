"""The options that make up a gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import click

from trialbook.client import Client, Gate, NotFound
from trialbook.services.cli.definition_file import read_gate
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.gate_condition import condition_text, gate_condition

Command = TypeVar("Command", bound=Callable[..., Any])


def gate_options(command: Command) -> Command:
    """Give a command the options that make up a gate."""
    for option in reversed(
        (
            click.option(
                "--gate",
                "conditions",
                type=gate_condition,
                multiple=True,
                metavar="CONDITION",
                help="What a run must come to, say 'mean(exact_match)>=0.8'. May be repeated.",
            ),
            click.option(
                "--gate-file", metavar="FILE", help="A gate as JSON, before those conditions."
            ),
            click.option(
                "--baseline",
                metavar="RUN|EXPERIMENT",
                help="What conditions compare with; of an experiment, its newest completed run.",
            ),
            click.option(
                "--confidence", type=float, metavar="SHARE", help="Of the gate's intervals.  [0.95]"
            ),
        )
    ):
        command = option(command)
    return command


def gate_of(client: Client, given: Mapping[str, Any], before: Gate | None = None) -> Gate | None:
    """Return the gate that the options make up; None if they say nothing of conditions.

    Where they give a baseline or a confidence alone, they change the gate that was there `before`.
    """
    gate = read_gate(given["gate_file"]) if given["gate_file"] else None
    conditions = (*(gate.conditions if gate else ()), *given["conditions"])
    if gate is None and conditions:
        gate = Gate(conditions)
    elif gate is None and (given["baseline"] or given["confidence"] is not None):
        gate, conditions = before, tuple(before.conditions) if before else ()
    if gate is None:
        return None
    baseline = given["baseline"] or gate.baseline
    return replace(
        gate,
        conditions=conditions,
        baseline=baseline_name(client, baseline) if baseline else "",
        confidence=gate.confidence if given["confidence"] is None else given["confidence"],
    )


def baseline_name(client: Client, text: str) -> str:
    """Return the full name of a run or an experiment that is given by its id.

    Of a run and an experiment of one id the run is meant; `experiments/ID` names the other.
    """
    if text.startswith("projects/"):
        return text
    if text.startswith("runs/"):
        return client.runs.get(text.removeprefix("runs/")).name
    if not text.startswith("experiments/"):
        try:
            return client.runs.get(text).name
        except NotFound:
            pass
    try:
        return client.experiments.get(text.removeprefix("experiments/")).name
    except NotFound as error:
        raise CommandFailure(
            f"the baseline {text!r} is neither a run nor an experiment",
            hint="trialbook run list and trialbook experiment list tell which there are",
        ) from error


def gate_text(gate: Gate | None) -> str:
    """Return the conditions of a gate in the form in which the command line takes them."""
    if gate is None:
        return ""
    conditions = ", ".join(map(condition_text, gate.conditions))
    return f"{conditions} (baseline {gate.baseline})" if gate.baseline else conditions
