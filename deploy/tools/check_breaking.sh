#!/usr/bin/env bash
# Refuses a contract that breaks users: compares the protos with the last release and with the main branch.
# Both are read from the local repository, so it works offline and in a shallow clone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

earlier=$(mktemp -d)
trap 'rm -rf "$earlier"' EXIT

has_protos() {
    git rev-parse --verify --quiet "$1:proto/trialbook" >/dev/null
}

last_release() {
    git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true
}

main_branch() {
    local reference
    for reference in origin/main main HEAD; do
        if has_protos "$reference"; then
            echo "$reference"
            return
        fi
    done
}

compared=0
for reference in $(last_release) $(main_branch); do
    has_protos "$reference" || continue
    rm -rf "${earlier:?}/proto"
    git archive "$reference" proto/trialbook | tar -x -C "$earlier"
    .venv/bin/buf breaking proto --against "$earlier/proto" || {
        echo "the contract breaks users of $reference; CONTRIBUTING.md, 'Changing the contract', says what to do" >&2
        exit 1
    }
    echo "contract: breaks nothing since $reference"
    compared=$((compared + 1))
done
[[ $compared -gt 0 ]] || echo "contract: no earlier state to compare with"
