"""`trialbook dataset label`: names for versions of a dataset."""

from __future__ import annotations

import sys

import click

from trialbook.client import Client
from trialbook.services.cli.options import CommonOptions, common_options, pass_options
from trialbook.services.cli.output import Column, print_record, print_records
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client

LABEL_COLUMNS = (
    Column("LABEL", "id"),
    Column("VERSION", "version", right=True),
    Column("FROZEN", lambda label: "frozen" if label["frozen"] else ""),
    Column("SET", "update_time"),
    Column("AUTHOR", "author"),
    Column("MESSAGE", "message", flexible=True),
)


@click.group()
def label() -> None:
    """Name versions of a dataset: golden, 2026-q4. Every read takes a label for a version."""


@label.command("set")
@click.argument("name")
@click.argument("label_id", metavar="LABEL")
@click.option("--version", metavar="N|LABEL", help="What it is to name.  [the current version]")
@click.option("--freeze", is_flag=True, help="For good: it can be neither moved nor deleted.")
@click.option("-m", "--message", default="", metavar="TEXT", help="Why.")
@click.option(
    "--expected-version",
    type=click.IntRange(min=0),
    metavar="N",
    help="Refuse unless it names this version now; 0: unless it is new.",
)
@common_options
@pass_options
def set_(
    options: CommonOptions,
    name: str,
    label_id: str,
    *,
    version: str | None,
    freeze: bool,
    message: str,
    expected_version: int | None,
) -> None:
    """Let a label name a version, or another than before.

    With --freeze and no --version, a label that exists stays where it is.
    """
    with open_client(options) as client:
        done = client.datasets.set_label(
            name,
            label_id,
            _number(client, name, version, label_id if freeze else ""),
            frozen=freeze,
            message=message,
            expected_version=expected_version,
        )
    frozen = ", for good" if done.frozen else ""
    print_record(
        options.form,
        record_of(done),
        lambda _: print(f"{done.id} names version {done.version}{frozen}", file=sys.stderr),
    )


@label.command("list")
@click.argument("name")
@common_options
@pass_options
def list_(options: CommonOptions, name: str) -> None:
    """List the labels of a dataset. latest is set by the service alone."""
    with open_client(options) as client:
        print_records(options.form, map(record_of, client.datasets.labels(name)), LABEL_COLUMNS)


@label.command()
@click.argument("name")
@click.argument("label_id", metavar="LABEL")
@common_options
@pass_options
def delete(options: CommonOptions, name: str, label_id: str) -> None:
    """Delete a label. The version stays."""
    with open_client(options) as client:
        client.datasets.delete_label(name, label_id)
    print(f"deleted label {label_id} of {name}", file=sys.stderr)


def _number(client: Client, name: str, version: str | None, frozen_label: str) -> int:
    """The number of the version to be named, which may be given by another label."""
    if version is not None:
        return (
            int(version) if version.isdecimal() else client.datasets.version(name, version).version
        )
    if frozen_label:
        for known in client.datasets.labels(name):
            if known.id == frozen_label:
                return known.version
    return client.datasets.get(name).version
