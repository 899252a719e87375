"""`trialbook trace viewers`: where the people of a project look at traces."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

import click

from trialbook.client import TraceViewer
from trialbook.services.cli.options import CommonOptions, common_options, pass_options
from trialbook.services.cli.output import Column, print_records
from trialbook.services.cli.records import record_of
from trialbook.services.cli.session import open_client

COLUMNS = (Column("NAME", "name"), Column("URL", "url_template", flexible=True))
_PARAMETER = re.compile(r",([a-z]+)=")
_PANE = (
    '{"t":{"datasource":"<datasource>","queries":[{"refId":"A","datasource":'
    '{"type":"tempo","uid":"<datasource>"},"queryType":"traceql","query":"{trace}"}],'
    '"range":{"from":"{start}","to":"{end}"}}}'
)
"""The state of Grafana's Explore, which is JSON in its URL."""


class Kind(NamedTuple):
    """A viewer that is known: its name, what it needs beside its address, and its template.

    In the template stand `<base>` for the address, and what it needs in the same way.
    """

    name: str
    needs: tuple[str, ...]
    template: str


def _quoted(pane: str) -> str:
    """Return JSON for a URL, in which what stands for parts of a trace can still be found."""
    text = quote(pane, safe="<>")
    for name in ("trace", "start", "end"):
        text = text.replace(f"%7B{name}%7D", f"{{{name}}}")
    return text


KINDS = {
    "jaeger": Kind("Jaeger", (), "<base>/trace/{trace}?uiFind={span}"),
    "tempo": Kind(
        "Tempo",
        ("datasource",),
        f"<base>/explore?schemaVersion=1&orgId=1&panes={_quoted(_PANE)}",
    ),
    "phoenix": Kind("Phoenix", (), "<base>/redirects/traces/{trace}"),
    "langfuse": Kind(
        "Langfuse", ("project",), "<base>/project/<project>/traces/{trace}?observation={span}"
    ),
    "honeycomb": Kind(
        "Honeycomb",
        ("team", "environment", "dataset"),
        "<base>/<team>/environments/<environment>/datasets/<dataset>/trace?trace_id={trace}"
        "&span={span}&trace_start_ts={start_seconds}&trace_end_ts={end_seconds}",
    ),
}


@click.command()
@click.option("--add", "added", multiple=True, metavar="VIEWER", help="Add or replace one.")
@click.option("--remove", "removed", multiple=True, metavar="NAME", help="Take one away.")
@click.option("--clear", is_flag=True, help="Take away all that there are, before adding.")
@common_options
@pass_options
def viewers(
    options: CommonOptions, *, added: Sequence[str], removed: Sequence[str], clear: bool
) -> None:
    """Show or change where the people of the project look at traces.

    VIEWER is one of

    \b
    jaeger=http://localhost:16686
    tempo=http://localhost:3000,datasource=UID
    phoenix=http://localhost:6006
    langfuse=https://cloud.langfuse.com,project=ID
    honeycomb=https://ui.honeycomb.io,team=T,environment=E,dataset=D

    or NAME=URL, where {trace} in the URL stands for the trace, {span} for the span, {start} and
    {end} for the time in milliseconds, {start_seconds} and {end_seconds} in seconds.
    """  # noqa: D301 — click's mark of lines that are to stay as they are
    given = [viewer_of(text) for text in added]
    with open_client(options) as client:
        before = client.traces.viewers()
        found = before
        if added or removed or clear:
            found = client.traces.set_viewers(changed(() if clear else before, given, removed))
        print_records(options.form, map(record_of, found), COLUMNS)
    if found == before and (added or removed or clear):
        print("nothing changed", file=sys.stderr)


def viewer_of(text: str) -> TraceViewer:
    """Return the viewer that an argument names. Raises BadParameter."""
    name, separator, rest = text.partition("=")
    if not separator or not name or not rest:
        raise click.BadParameter(f"{text!r} is no NAME=URL", param_hint="--add")
    kind = KINDS.get(name.lower())
    if kind is None or "{trace}" in rest:
        return TraceViewer(name, rest)
    base, *parts = _PARAMETER.split(rest)
    given = {key: quote(value, safe="") for key, value in zip(parts[::2], parts[1::2], strict=True)}
    if missing := [key for key in kind.needs if not given.get(key)]:
        form = "".join(f",{key}=…" for key in kind.needs)
        told = f"{name} needs {' and '.join(missing)}; write {name}={base}{form}"
        raise click.BadParameter(told, param_hint="--add")
    if strange := sorted(given.keys() - set(kind.needs)):
        raise click.BadParameter(f"{name} has no {strange[0]}", param_hint="--add")
    url = kind.template.replace("<base>", base.rstrip("/"))
    for key, value in given.items():
        url = url.replace(f"<{key}>", value)
    return TraceViewer(kind.name, url)


def changed(
    before: Sequence[TraceViewer], added: Sequence[TraceViewer], removed: Sequence[str]
) -> list[TraceViewer]:
    """Return the viewers after a change: one of the same name takes the place of the old one.

    Raises BadParameter for a name to remove that is not there.
    """
    found = {viewer.name: viewer for viewer in before}
    for name in removed:
        if name not in found:
            there = ", ".join(found) or "none"
            raise click.BadParameter(
                f"there is no viewer {name!r}; there are: {there}", param_hint="--remove"
            )
        del found[name]
    return [*(found | {viewer.name: viewer for viewer in added}).values()]
