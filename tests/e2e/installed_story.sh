#!/usr/bin/env bash
# The main job over an installed command line: `trialbook` must be on PATH. Serves a new database,
# imports, runs a worker, and checks what the report says. Used by deploy/tools/smoke_wheels.sh.
set -euo pipefail

place=$(mktemp -d)
started=()
finish() {
    if ((${#started[@]})); then
        kill "${started[@]}" 2>/dev/null || true
        wait "${started[@]}" 2>/dev/null || true
    fi
    rm -rf "$place"
}
trap finish EXIT
cd "$place"

cat >cases.jsonl <<'CASES'
{"id": "plain", "input": "abc", "expected": "ABC"}
{"id": "accents", "input": "é", "expected": "É"}
{"id": "wrong", "input": "abc", "expected": "abc"}
CASES
cat >shouting.py <<'WORKER'
from trialbook.client import Worker

worker = Worker()


@worker.target("shout")
def shout(text):
    return text.upper()
WORKER

trialbook serve --database cases.db --address 127.0.0.1:0 --port-file address 2>server.log &
started+=($!)
for _ in $(seq 300); do
    [[ -s address ]] && break
    sleep 0.1
done
TRIALBOOK_ADDRESS=$(cat address)
export TRIALBOOK_ADDRESS

trialbook worker run shouting.py:worker 2>worker.log &
started+=($!)

trialbook dataset import cases.jsonl >/dev/null
trialbook experiment create shouting --dataset cases --target shout --scorer exact_match >/dev/null
trialbook run start shouting --id installed --wait --wait-for-worker
passed=$(trialbook run show installed --format json |
    python -c 'import json, sys; print(json.load(sys.stdin)["scores"][0]["passed"])')
if [[ $passed != 2 ]]; then
    echo "the installed command line counts $passed passed, not 2" >&2
    exit 1
fi
echo "wheels: the main job runs from the installed command line"
