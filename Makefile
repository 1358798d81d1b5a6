# `make run` opens the dashboard, `make test` proves everything; both set themselves up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Compiled modules are kept, so that the second start is quick.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check setup postgresql browser lock fuzz kills load bench screenshots clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## open the dashboard on the sample portfolio
	@$(BIN)/drawdown open

test: check browser ## everything: check, then the browser tests in a real Chromium
	@$(BIN)/python -m pytest -m browser -n 2

check: setup postgresql ## lint, types, layers and the tests without a browser
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -m "not browser" -n 2

setup: $(READY) ## the virtual environment with the locked packages

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Drawdown needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	@$(PYTHON) -m venv --clear $(VENV)
	@awk '/^[a-z]/ { kept = /^uv==/ } kept' requirements.lock > $(VENV)/uv.lock
	@$(PIP) install --require-hashes -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock \
		|| $(PIP) install --require-hashes -r requirements.lock  # pip may know a registry that uv does not
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

postgresql: ## a PostgreSQL server for the tests of databases
	@.ci/postgresql

browser: setup ## a Chromium for the browser tests
	@.ci/browser

fuzz: setup ## the gate of imports against 5,000 random files
	@DRAWDOWN_FUZZ=5000 $(BIN)/python -m pytest tests/data/test_gate_fuzz.py

kills: setup ## two hundred SIGKILLs of publishers
	@DRAWDOWN_KILLS=200 $(BIN)/python -m pytest tests/data/test_kills.py

load: setup ## fifty viewers for a minute
	@$(BIN)/python -m tests.load

bench: setup browser ## time what people wait for, asked and in the browser
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.browser

screenshots: setup browser ## take the pictures of docs/screenshots anew
	@$(BIN)/python -m tests.browser.screenshots

lock: setup ## write requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --extra dev --generate-hashes --no-emit-index-url \
		--python-version 3.11 --custom-compile-command "make lock" pyproject.toml --output-file requirements.lock

clean: ## remove the environment, caches and the sample store
	@rm -rf $(VENV) .store build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
