"""Checks rules of the house that no linter knows. Run by ``make check``.

Namespace folders have no ``__init__.py``, every distribution ships its types and the same version,
and a function is short enough to read at one glance.
"""

from __future__ import annotations

import ast
import itertools
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Distribution folder, and its package inside it.
PACKAGES = {
    "proto": "gen/python/trialbook/v1",
    "eventstore": "trialbook/eventstore",
    "clients/python": "trialbook/client",
    "services": "trialbook/services",
}
LONGEST_FUNCTION = 50  # lines, decorators and docstring not counted


def main() -> int:
    """Prints each breach; the exit code says whether there was one."""
    breaches = [*namespace_breaches(), *version_breaches(), *long_functions()]
    for breach in breaches:
        print(breach, file=sys.stderr)
    if not breaches:
        print("house: in order")
    return 1 if breaches else 0


def namespace_breaches() -> Iterator[str]:
    """Namespace folders that are packages, and packages that are none or have no types."""
    for folder, package in PACKAGES.items():
        path = ROOT / folder / package
        if path.parent.joinpath("__init__.py").exists():
            yield f"{path.parent.relative_to(ROOT)}: a namespace folder must have no __init__.py"
        for name in ("__init__.py", "py.typed"):
            if not path.joinpath(name).exists():
                yield f"{path.relative_to(ROOT)}: {name} is missing"


def version_breaches() -> Iterator[str]:
    """Versions, and pins between the distributions, that are not all the same."""
    projects = {
        folder: tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
        for folder in PACKAGES
    }
    version = projects["services"]["version"]
    ours = {project["name"] for project in projects.values()}
    for folder, project in projects.items():
        if project["version"] != version:
            yield f"{folder}: version {project['version']}, services has {version}"
        extras = project.get("optional-dependencies", {}).values()
        for requirement in itertools.chain(project["dependencies"], *extras):
            name, _, pin = requirement.partition("==")
            if name in ours and pin != version:
                yield f"{folder}: {requirement} must be pinned to {name}=={version}"


def long_functions() -> Iterator[str]:
    """Functions of ours with more than `LONGEST_FUNCTION` lines of code."""
    folders = ["eventstore", "clients/python", "services", "tests", "deploy"]
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = code_lines(node)
                if lines > LONGEST_FUNCTION:
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    yield f"{where}: {node.name} has {lines} lines, the limit is {LONGEST_FUNCTION}"


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring's."""
    return node_lines(function) - (node_lines(function.body[0]) if has_docstring(function) else 0)


def node_lines(node: ast.stmt) -> int:
    """Lines that a statement covers."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def has_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the function's first statement is its docstring."""
    return ast.get_docstring(function, clean=False) is not None


if __name__ == "__main__":
    sys.exit(main())
