"""Generates the Python code of the contract, or checks that the committed code is what it gives.

The protos name their Python package already (``trialbook.v1``), so nothing is rewritten.
Both generators work without a network.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "proto"
PACKAGE = Path("trialbook/v1")
COMMITTED = SOURCES / "gen/python" / PACKAGE
# Written by hand, so kept: uv_build wants the one, type checkers the other.
HAND_WRITTEN = frozenset({"__init__.py", "py.typed"})


def main() -> int:
    """Generates into a temporary folder, then compares or replaces."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder)
        generate(output)
        fresh = output / PACKAGE
        differences = differing_files(fresh, COMMITTED)
        if not arguments.check:
            replace(fresh, COMMITTED, differences)
    return report(differences, checking=arguments.check)


def generate(output: Path) -> None:
    """Writes messages, their stubs, gRPC code and its stubs below `output`."""
    services = sorted(SOURCES.joinpath(PACKAGE).glob("*_service.proto"))
    # buf finds the plugins, and the Python that runs them, beside the Python that runs this.
    binaries = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": binaries + os.pathsep + os.environ["PATH"]}
    subprocess.run(
        [f"{binaries}/buf", "generate", "--output", output],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    for stub in output.joinpath(PACKAGE).glob("*_pb2_grpc.pyi"):
        if not stub.name.endswith("_service_pb2_grpc.pyi"):
            stub.unlink()  # a file without a service gives an empty stub
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"--proto_path={SOURCES}",
            f"--grpc_python_out={output}",
            *services,
        ],
        check=True,
    )


def differing_files(fresh: Path, committed: Path) -> list[str]:
    """Names of generated files that are missing, changed or stale in `committed`, sorted."""
    wanted = {path.name for path in fresh.iterdir()}
    present = {path.name for path in committed.glob("*.py*")} - HAND_WRITTEN
    _, changed, unreadable = filecmp.cmpfiles(
        fresh, committed, sorted(wanted & present), shallow=False
    )
    return sorted((wanted ^ present) | set(changed) | set(unreadable))


def replace(fresh: Path, committed: Path, names: list[str]) -> None:
    """Makes each of `names` in `committed` what it is in `fresh`: copied, or removed."""
    committed.mkdir(parents=True, exist_ok=True)
    for name in names:
        source = fresh / name
        if source.exists():
            shutil.copyfile(source, committed / name)
        else:
            committed.joinpath(name).unlink()


def report(differences: list[str], *, checking: bool) -> int:
    """Says what differs; returns the exit code."""
    if not differences:
        print("generated code: up to date")
        return 0
    if not checking:
        print(f"generated code: {len(differences)} files updated in {COMMITTED.relative_to(ROOT)}")
        return 0
    print("generated code differs from the protos; run `make generate`:", file=sys.stderr)
    for name in differences:
        print(f"  {name}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
