# setup · demo · test · lint · bench: each sets up what it needs first. Plain pip works; uv is used where it is present.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
# Two workers on small machines; more cores are used where there are more.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -lt 8 ] && echo $$n || echo 8)

# Every process starts the sooner for modules that were compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup dev browser demo test unit faults mutants lint methodology format bench bench-real lock clean

help:
	@echo "make demo    serve the dashboard on http://127.0.0.1:8501 with samples and simulated answers"
	@echo "make test    run the whole test suite"
	@echo "make setup   make .venv/bin/mosychlos    make unit · lint · format · bench · faults · mutants · lock"

setup: $(VENV)/.runtime

dev: $(VENV)/.dev

$(VENV)/pyvenv.cfg:
ifdef UV
	uv venv --quiet --python $(PYTHON) $(VENV)
else
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11, 3.12 or 3.13 is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.runtime: requirements/base.txt requirements/build.txt pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "Installing what the program needs (hash-checked)..."
ifdef UV
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/base.txt
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/build.txt
	uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing what tests and checks need (hash-checked)..."
ifdef UV
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
endif
	@touch $@

# The browser tests drive a real Chromium. Debian's package is installed where that needs no question.
browser:
	@if command -v chromium chromium-browser google-chrome >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing Chromium..."; apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "No Chromium found; the browser tests will fail. Install it with: sudo apt-get install chromium"; fi

demo: setup
	$(BIN)/mosychlos demo $(ARGS)

test: dev browser
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not bench and not full" $(ARGS)

unit: dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(JOBS) -m "not bench and not full" $(ARGS) tests/unit

# The longest begins first, or one process would end alone.
LONGEST = tests/property/test_life_machine.py

# Every fault on both databases, and what it came to: cases, batches, duplicates, lost results; then what is too long for make test.
faults: dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS) $(LONGEST) tests/faults
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m full --ignore $(LONGEST) --ignore tests/faults $(ARGS) tests
	$(MAKE) --no-print-directory mutants

# Mistakes planted in the modules that decide, and how many of them the tests notice.
mutants: dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.mutation --jobs $(JOBS) $(MUTANTS)

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# After a change of a metric's definition: docs/methodology.md and what its tests pin.
methodology: dev
	$(BIN)/python -m tests.unit.metrics.pinned
	$(BIN)/python -m core.metrics.methodology docs/methodology.md

format: dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: dev
	$(BIN)/python -m tests.bench $(ARGS)

# Checking, measured on texts that nobody here wrote. They stand beside the project; ARGS="--data DIR" names another place.
bench-real: dev
	$(BIN)/python -m tests.bench.real $(ARGS)

# Lock files carry names, versions and hashes, and no address: whoever installs chooses the registry.
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv"; exit 1; }
	for name in base build dev; do \
		from=requirements/$$name.in; [ $$name = base ] && from=pyproject.toml; \
		uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url \
			--no-annotate --no-header $$from -o requirements/$$name.txt; done

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
