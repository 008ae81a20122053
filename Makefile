# make demo plays the main job, make test passes the tests; both bring about .venv first.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
CORE := $(addprefix tests/,policy experiments analysis strategy edits delivery conformance test_world.py \
  test_ab_test_life.py test_blue_green_life.py test_argo_blue_green_life.py test_trial_files_life.py test_commands_life.py)

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types imports unit test-real fuzz bench schema golden lock clean

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

venv: .venv/.locked ## Create .venv from the hashed lock file

# The stamp is written last: an installation that was interrupted is done again.
.venv/.locked: requirements-dev.lock pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --clear --python $(PYTHON) .venv && \
	  VIRTUAL_ENV=.venv uv pip install --quiet --require-hashes -r requirements-dev.lock && \
	  VIRTUAL_ENV=.venv uv pip install --quiet --no-deps --no-build-isolation -e . ; \
	else \
	  $(PYTHON) -m venv --clear .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

demo: venv ## Play the main job: three releases, real ticks, a simulated clock
	@$(BIN)/gitops-bot demo

test: lint types imports unit ## Lint, types, import rules, tests without servers

lint: venv
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: venv
	@$(BIN)/mypy

imports: venv
	@$(BIN)/lint-imports

# Tracing costs half as much again, so only the core's own tests are traced; they alone must cover it.
unit: venv
	@$(BIN)/pytest -n 2 -m "not real" --cov --cov-report=term $(CORE)
	@$(BIN)/pytest -n 2 -m "not real" $(addprefix --ignore=,$(CORE))

test-real: venv ## Tests against real git over HTTP, Prometheus and the Kubernetes API
	@$(BIN)/pytest -m real -rs

FUZZ_S ?= 20
fuzz: venv ## Fuzz the edits for FUZZ_S seconds (20); what breaks one is written to build/
	@$(BIN)/python -m tests.fuzz.fuzz_edits -max_total_time=$(FUZZ_S) -verbosity=0

bench: venv ## Measure edits, judges, cluster reads and delivery into docs/benchmarks.md (many minutes, on an idle machine)
	@$(BIN)/python -m benchmarks.edits --write
	@$(BIN)/python -m benchmarks.judge_study --write
	@$(BIN)/python -m benchmarks.cluster --write
	@$(BIN)/python -m benchmarks.delivery --write

schema: venv ## Write the JSON Schemas and the reference of the policy language
	@$(BIN)/gitops-bot schema --write policies/schema --reference docs/policy.md

golden: venv ## Write the golden files again; review the diff
	@$(BIN)/pytest -q tests --update-golden -k golden

lock: ## Resolve the lock files again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --all-extras pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --all-extras pyproject.toml --group dev -o requirements-dev.lock

clean: ## Remove what make made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* build dist
