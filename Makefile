# Each target sets up what it needs, from a fresh clone with git, make, Python >= 3.11 and pip.

PYTHON ?= python3
export PYTHON
# How often each fault test kills something; more finds rarer faults.
FAULT_ROUNDS ?= 5
# How often the run of everything is interrupted; 100 is the long form.
FAULT_KILLS ?= 6

run := .venv/bin/python
# Sources are found through the environment's editable installs only.
unexport PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fault test-frameworks bench check format generate docs lock build clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv hold what uv.lock says
	@deploy/tools/setup.sh

demo: setup ## run the example: server, worker, 42 items, live progress, report, a trajectory
	@$(run) clients/python/examples/demo/run.py

test: setup ## run the tests, without the fault tests
	$(run) -m pytest -n 4 --dist worksteal -m "not fault and not frameworks and not bench"

test-fault: setup ## kill servers and workers in mid-run, FAULT_ROUNDS times each
	TRIALBOOK_FAULT_ROUNDS=$(FAULT_ROUNDS) TRIALBOOK_FAULT_KILLS=$(FAULT_KILLS) \
		$(run) -m pytest -m fault

test-frameworks: ## run agents of real frameworks as workers, in an environment of their own
	@deploy/tools/setup.sh .venv-frameworks --group frameworks
	.venv-frameworks/bin/python -m pytest -m frameworks tests/frameworks

bench: setup ## measure throughput, memory and latency beside a bare asyncio loop
	$(run) tests/bench/run.py

check: setup ## lint, layers, types, contract, generated code and documents
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports --no-logo
	$(run) deploy/tools/check_house.py
	.venv/bin/mypy
	.venv/bin/pyright
	.venv/bin/buf lint
	.venv/bin/buf format --diff --exit-code
	deploy/tools/check_breaking.sh
	$(run) deploy/tools/generate_protos.py --check
	$(run) deploy/tools/generate_docs.py --check

format: setup ## format Python and protos, apply safe fixes
	.venv/bin/ruff check --fix --quiet || true
	.venv/bin/ruff format
	.venv/bin/buf format --write

generate: setup ## generate Python from the protos
	$(run) deploy/tools/generate_protos.py

docs: setup ## bring the generated parts of docs/ up to date
	$(run) deploy/tools/generate_docs.py

lock: setup ## update uv.lock to the newest versions that the ranges allow
	env -u UV_DEFAULT_INDEX -u UV_INDEX -u UV_INDEX_URL .tools/bin/uv lock --upgrade --no-config

build: setup ## build the four wheels into dist/ and use them in an empty environment
	rm -rf dist
	.tools/bin/uv build --quiet --all-packages --out-dir dist
	deploy/tools/smoke_wheels.sh

clean: ## remove everything that these targets made
	rm -rf .tools .venv .venv-frameworks dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .trialbook
