"""`trialbook serve`: runs the server until it is told to stop."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from trialbook.services.bootstrap import Addresses
from trialbook.services.bootstrap import run as run_server
from trialbook.services.cli.arguments import time_span
from trialbook.services.cli.database import database_failures, database_options
from trialbook.services.settings import Settings


@click.command()
@database_options
@click.option(
    "--address",
    metavar="HOST:PORT",
    help="Where to listen; port 0 takes a free one; TRIALBOOK_ADDRESS.  [127.0.0.1:50051]",
)
@click.option(
    "--http-address",
    metavar="HOST:PORT|none",
    help="Where to answer HTTP, for OTLP; TRIALBOOK_HTTP_ADDRESS.  [the port after --address]",
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the token that callers must bring; or TRIALBOOK_TOKEN.",
)
@click.option(
    "--tls-certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file; with --tls-key.",
)
@click.option(
    "--tls-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM file."
)
@click.option(
    "--durability",
    type=click.Choice(["full", "normal"]),
    help="full: what is acknowledged survives a power cut; normal: a crash of the server.  [full]",
)
@click.option(
    "--lease-duration",
    type=time_span,
    metavar="TIME",
    help="How long a silent worker keeps its tasks, for example 30s.  [30s]",
)
@click.option(
    "--trace-retention",
    type=float,
    metavar="DAYS",
    help="How long traces are kept of which nothing comes any more; 0: for ever.  [30]",
)
@click.option(
    "--tee-endpoint",
    metavar="URL",
    help="Pass received OTLP on, to http(s)://host:4318 or grpc(s)://host:4317; its headers: "
    "TRIALBOOK_TEE_HEADERS.",
)
@click.option(
    "--port-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the bound address into this file when calls are accepted.",
)
def serve(token_file: Path | None, port_file: Path | None, **given: Any) -> None:
    """Run the server on a database until SIGTERM or Ctrl-C.

    Runs that were under way when the server last stopped go on by themselves.
    """
    if token_file is not None:
        given["token"] = token_file.read_text(encoding="utf-8").strip()
    with database_failures():
        settings = Settings.from_environment(**given)
    if port_file is not None:
        port_file.unlink(missing_ok=True)  # a reader must not find a former server's address

    def announce(addresses: Addresses) -> None:
        if port_file is not None:
            _write_whole(port_file, addresses.grpc)
        print(f"listening on {addresses.grpc}", file=sys.stderr)
        print(f"HTTP         {_url(addresses.http, settings)}", file=sys.stderr)
        print(f"database     {_place(settings)}", file=sys.stderr, flush=True)

    with database_failures(settings.database):
        run_server(settings, on_ready=announce)


def _url(http: str | None, settings: Settings) -> str:
    if http is None:
        return "none"
    return f"{'http' if settings.tls_key is None else 'https'}://{http}"


def _place(settings: Settings) -> str:
    if isinstance(settings.database, Path):
        return str(settings.database.absolute())
    return f"{settings.database}, namespace {settings.namespace}"


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader finds either nothing or all of it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)
