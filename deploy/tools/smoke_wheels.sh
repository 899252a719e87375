#!/usr/bin/env bash
# Installs the four wheels of dist/ into an empty environment and uses the command line from there,
# far from the sources, as a user who never saw this repository.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
uv=${UV:-$root/.tools/bin/uv}

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

"$uv" venv --quiet --python "$root/.venv/bin/python" "$place/environment"
"$uv" pip install --quiet --python "$place/environment/bin/python" "$root"/dist/*.whl
export PATH="$place/environment/bin:$PATH"
unset PYTHONPATH
cd "$place"

trialbook --version
trialbook --help >/dev/null
"$place/environment/bin/python" -W error - <<'PYTHON'
import importlib
import pathlib
import trialbook

for name in ("v1", "eventstore", "client", "services"):
    module = importlib.import_module(f"trialbook.{name}")
    folder = pathlib.Path(module.__file__).parent
    assert folder.joinpath("py.typed").exists(), f"trialbook.{name} ships no types"
assert trialbook.__file__ is None, "a wheel holds an __init__.py of the namespace"
print("wheels: the four packages import, typed, from one namespace")
PYTHON

# The main job over the installed command line: serve, import, run, report.
"$root/tests/e2e/installed_story.sh"
