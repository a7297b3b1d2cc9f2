# Everything here needs only make and Python 3.11 or later; `make` alone lists what there is.
VENV := .venv
BIN := $(VENV)/bin
# the first that is new enough; PYTHON=/path/to/python3.12 overrides
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$each && break; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --no-header --strip-extras --allow-unsafe
TESTS ?= tests

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run demo test check bench format lock clean

help: ## Prints this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.dev ## Makes .venv with everything that is pinned, for running and for checking.

run: $(VENV)/.run ## Sets up what is missing and runs the system with the demo company on port 8080.
	$(BIN)/tradewind run --demo

demo: $(VENV)/.run ## Runs the demo day and ends with success only if every order is where it should be.
	$(BIN)/tradewind demo

test: $(VENV)/.dev ## Runs the tests (TESTS=tests/pricing runs a part of them).
	$(BIN)/pytest -n 2 $(TESTS)

check: $(VENV)/.dev ## Checks format, lint, types, layers, migrations and generated documents, then runs the tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tradewind.app.migrate --check
	$(BIN)/python -m tradewind.app.generate --check
	$(BIN)/pytest -n 2

bench: $(VENV)/.dev ## Measures the hot paths and prints each figure beside its limit.
	$(BIN)/python -m bench

format: $(VENV)/.dev ## Formats the code and mends what ruff can mend.
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: $(BIN)/python ## Pins the dependencies anew, with hashes.
	$(PIP) install pip-tools
	$(COMPILE) --output-file requirements.lock requirements.in
	$(COMPILE) --output-file requirements-dev.lock requirements-dev.in

clean: ## Removes .venv, caches and build output; data in .tradewind stays.
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find $(wildcard src tests bench demo migrations) -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the targets stand on -----------------------------------------------------------------------------------

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or later was not found. Install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "$(PYTHON) is not Python 3.11 or later. Name one that is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear $(VENV)

# the lock of the checks holds the lock of the runtime, so it serves both
$(VENV)/.dev: requirements-dev.lock pyproject.toml $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(VENV)/.run $@

$(VENV)/.run: requirements.lock pyproject.toml $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
