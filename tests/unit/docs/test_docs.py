"""The documents are complete, and what they point at is there."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import trialbook.client
from trialbook.services.domain.history import EVENT_TYPES
from trialbook.services.scoring.catalogue import descriptions
from trialbook.services.settings import Settings
from trialbook.v1.error_reason_pb2 import ErrorReason

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "docs" / "reference"
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The names under which headings can be linked, as code hosts make them."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(prose(page))
    }


def headings(page: Path) -> set[str]:
    return set(HEADING.findall(prose(page)))


def programs(page: Path) -> Iterator[str]:
    for language, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            yield text


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    dead = []
    for link in LINK.findall(prose(page)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    records = ROOT / "docs" / "adr" / "README.md"
    linked = {
        (source.parent / link.partition("#")[0]).resolve()
        for source in (index, records)
        for link in LINK.findall(prose(source))
    }
    assert set(ROOT.glob("docs/**/*.md")) - linked == {index}


def test_every_error_reason_is_documented() -> None:
    reasons = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()}  # noqa: SIM118
    assert reasons - headings(REFERENCE / "errors.md") == set()


def test_every_event_is_documented() -> None:
    assert EVENT_TYPES.keys() - headings(REFERENCE / "events.md") == set()


def test_every_built_in_scorer_is_documented() -> None:
    names = {description.name for description in descriptions()}
    assert names - headings(REFERENCE / "scorers.md") == set()


def test_every_setting_is_documented_with_its_variable() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    missing = [
        field.name
        for field in dataclasses.fields(Settings)
        if f"| `{field.name}` | `TRIALBOOK_{field.name.upper()}` |" not in text
    ]
    assert missing == []


def test_the_readme_stays_short() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 90
    assert len(text.split()) <= 900


@pytest.mark.parametrize("page", [page for page in PAGES if any(programs(page))], ids=page_id)
def test_every_program_compiles_and_imports_what_there_is(page: Path) -> None:
    for program in programs(page):
        tree = ast.parse(program, page.name)
        names = [
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "trialbook.client"
            for alias in node.names
        ]
        assert set(names) <= set(trialbook.client.__all__)


def test_the_readme_has_one_program() -> None:
    (program,) = programs(README)
    compile(program, README.name, "exec")
