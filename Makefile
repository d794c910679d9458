# One file to start from: `make help` lists what a person needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
INSTALLED := .venv/.installed
ORACLE := sandbox/oracle/node_modules/.installed
CUSTODIAN := build/custodian/.installed

.PHONY: help install oracle demo sandbox deploy test check unit prove soak bench profile lock roles clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) ## Set up .venv with everything, mfa-reactor included

$(INSTALLED): requirements-dev.lock pyproject.toml Makefile
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mfa-reactor needs Python 3.11 or later: make PYTHON=python3.12 install")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

oracle: $(ORACLE) ## Install the policy simulator that the tests ask (Node.js 20)

# Others' work under the AGPL, pinned, for tests only: nothing of it ships.
$(ORACLE): sandbox/oracle/package-lock.json sandbox/oracle/package.json
	@command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || { echo "the tests need Node.js 20 or later with npm: the guard is proven with a policy simulator that runs on it" >&2; exit 1; }
	cd sandbox/oracle && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(INSTALLED) ## Deploy into a local AWS account, weaken MFA, watch it mended
	@$(BIN)/python -m demo

sandbox: $(INSTALLED) ## Leave a local AWS account running, the reactor deployed in it
	@$(BIN)/python -m sandbox

deploy: $(INSTALLED) ## Deploy STAGE=… with its queues and alarms
	@test -n "$(STAGE)" || { echo "which stage? make deploy STAGE=prod" >&2; exit 2; }
	$(BIN)/chalice deploy --stage "$(STAGE)"
	$(BIN)/mfa-reactor --stage "$(STAGE)" operations apply

test: check unit ## All checks and tests: what CI runs

check: $(INSTALLED) ## Lint, types, import contracts, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --verbose
	$(BIN)/cfn-lint infra/*.yaml

unit: $(INSTALLED) $(ORACLE) ## Unit, property and end-to-end tests
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

prove: $(INSTALLED) $(ORACLE) ## Ask the simulator about every AWS action under every guard
	PROOF=all $(BIN)/pytest -n 2 --dist loadfile tests/proof

soak: $(INSTALLED) ## Try for long to lose events: RUNS=10000
	@$(BIN)/python -m tests.property.soak

bench: $(INSTALLED) $(CUSTODIAN) ## Measure everything, sweeps beside other tools: about two hours
	$(BIN)/python -m benches

# What the sweep is measured against: pinned, in an environment of its own, for the bench only.
$(CUSTODIAN): benches/contestants/custodian.lock | $(INSTALLED)
	$(BIN)/python -m venv --clear build/custodian
	$(BIN)/uv pip install --quiet --python build/custodian/bin/python --require-hashes -r benches/contestants/custodian.lock
	@touch $@

profile: $(INSTALLED) ## Show where a warm sweep and a warm reaction spend their time
	$(BIN)/python -m benches.profiling

roles: $(INSTALLED) ## Write the roles' policy files from .chalice/config.json
	$(BIN)/mfa-reactor roles --write

lock: $(INSTALLED) ## Renew requirements.txt and the other locks
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev -c requirements.txt -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header benches/contestants/custodian.in -o benches/contestants/custodian.lock

clean: ## Remove what was built
	rm -rf .venv build sandbox/oracle/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
