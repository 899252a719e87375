#!/usr/bin/env bash
# Makes .venv hold exactly what uv.lock says, from a fresh clone: needs Python >= 3.11 with pip, nothing else.
# Another environment and further options of `uv sync` may be named: setup.sh .venv-frameworks --group frameworks
# uv itself goes into .tools, so that neither the machine nor the user's Python changes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

uv_version=0.13.8
python=${PYTHON:-python3}

fail() {
    printf 'setup: %s\n' "$1" >&2
    exit 1
}

check_python() {
    command -v "$python" >/dev/null ||
        fail "there is no '$python'. Install Python 3.11 or later, or name one: make PYTHON=/path/to/python3.12"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "'$python' is $("$python" --version), 3.11 or later is needed. Name another: make PYTHON=python3.12"
}

# pip --target works where venv does not (Debian without python3-venv) and where the system's Python
# is marked as externally managed. uv then makes environments without ensurepip.
install_uv() {
    "$python" -m pip --version >/dev/null 2>&1 ||
        fail "'$python' has no pip. Install it (Debian: apt install python3-pip; others: $python -m ensurepip)."
    rm -rf .tools
    PIP_ROOT_USER_ACTION=ignore PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 \
        "$python" -m pip install --quiet --disable-pip-version-check --target .tools "uv==$uv_version" ||
        fail "pip could not install uv (its message stands above)."
}

check_python
[[ "$(.tools/bin/uv --version 2>/dev/null)" == "uv $uv_version"* ]] || install_uv

# The base interpreter: inside an activated environment, `python3` may be the very one that is synced.
interpreter=$("$python" -c 'import sys; print(sys._base_executable)')
UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=${1:-.venv} \
    .tools/bin/uv sync --quiet --locked --all-packages "${@:2}" --python "$interpreter" ||
    fail "uv could not install what uv.lock names (its message stands above)."
