# Everything a person, a hook or CI does with this project. Needs Python 3.11+ and make, no root.

PYTHON  ?= python3
HOST    ?= 127.0.0.1
PORT    ?= 8000
WORKERS ?= 2
CALLS   ?= 10000
BIN     := .venv/bin
RUN     := $(BIN)/python -m app
# The hashes in the lock decide what is installed; --no-deps because the lock is complete.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
LOCK    := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
           --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
           --exclude-newer "7 days" $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help run test test-real published mutate-calls schemathesis coverage check generated openapi pages format lock bench oracle identity metamorphic mutate mutate-slice mutate-texts report-text-table clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/run ## Serve on http://HOST:PORT (127.0.0.1:8000)
	$(RUN) serve --host $(HOST) --port $(PORT)

test: .venv/dev ## Run the tests (ARGS="-k name" to choose)
	$(BIN)/python -m pytest -q -n $(WORKERS) $(ARGS)

test-real: .venv/dev ## Run the tests with real servers and a real browser (docs/real-servers.md)
	.ci/install-browser
	.ci/install-fhir-servers
	$(BIN)/python -m pytest -q -m real $(ARGS)

published: .venv/dev ## Ask about every published record, and write docs/published-bundles.md anew
	.ci/fetch-published
	$(BIN)/python -m tests.published

mutate-calls: .venv/dev ## Judge the answers to CALLS (10000) mutated calls (SEED=1 for others)
	CALLS=$(CALLS) $(if $(SEED),SEED=$(SEED)) $(BIN)/python -m pytest -q tests/robustness -k no_mutated_call $(ARGS)

schemathesis: .venv/dev ## Hold the service to openapi.json with EXAMPLES (50) calls a phase and address (SEED=1 for others)
	$(if $(SEED),SEED=$(SEED)) $(if $(EXAMPLES),EXAMPLES=$(EXAMPLES)) $(BIN)/python -m pytest -q -m real tests/contract -k document $(ARGS)

mutate-texts: .venv/dev ## Read COUNT (100000) changed report texts (SEED=1 for others)
	COUNT=$(or $(COUNT),100000) $(if $(SEED),SEED=$(SEED)) $(BIN)/python -m pytest -q tests/report_text -k no_changed_text $(ARGS)

report-text-table: .venv/run ## Write the tables of docs/report-text.md anew
	$(BIN)/python -m tests.report_text

coverage: .venv/dev ## Run the tests and demand 100 % of lines and branches
	$(BIN)/python -m pytest -q -n $(WORKERS) --cov --cov-report=term $(ARGS)

check: .venv/dev ## Check format, lint, types, import directions, pathways and generated files
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(RUN) check
	$(MAKE) --no-print-directory generated

generated: .venv/run ## Fail when a generated file is stale
	$(RUN) export openapi/ --check
	$(RUN) export-pathways docs/pathways/ pathways/_schema/ --check
	$(RUN) export-clients deploy/clients/_schema/ --check
	$(BIN)/python -m tests.report_text --check

openapi: .venv/run ## Write openapi/ anew
	$(RUN) export openapi/

pages: .venv/run ## Write docs/pathways/, pathways/_schema/ and deploy/clients/_schema/ anew
	$(RUN) export-pathways docs/pathways/ pathways/_schema/
	$(RUN) export-clients deploy/clients/_schema/

format: .venv/dev ## Format, and fix what ruff can fix
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

lock: .venv/dev ## Write the locks anew (UPGRADE=1 for newer versions, at least a week old)
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) pyproject.toml --group dev --extra proof --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) .ci/fhir-servers/sekmet.in --output-file .ci/fhir-servers/sekmet.lock
	$(LOCK) .ci/published/generators.in --output-file .ci/published/generators.lock

bench: .venv/dev ## Measure
	$(BIN)/python -m tests.bench $(ARGS)

oracle: .venv/dev ## Compare with the second implementation of the decision table (COUNT=1000000 SEED=1)
	$(BIN)/python -m tests.oracle --count $(or $(COUNT),100000) --seed $(or $(SEED),1)

identity: .venv/dev ## Write fact sets as FHIR records and read them again (COUNT=100000 SEED=1)
	$(BIN)/python -m tests.records identity --count $(or $(COUNT),100000) --seed $(or $(SEED),1) $(ARGS)

metamorphic: .venv/dev ## Change records at random: the answer may not become calmer (COUNT=1000000 SEED=1)
	$(BIN)/python -m tests.records metamorphic --count $(or $(COUNT),1000000) --seed $(or $(SEED),1) $(ARGS)

mutate: .venv/dev ## Change pathways and arithmetic in every small way: the scenarios and tests must notice
	$(BIN)/python -m tests.mutation $(ARGS)

mutate-slice: .venv/dev ## The same with a seeded part of the changes, in about three minutes (SEED=1 for others)
	$(BIN)/python -m tests.mutation --percent 10 --seed $(or $(SEED),1) $(ARGS)

clean: ## Remove what can be made again
	rm -rf .venv .fhir-servers .published .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find app tests -name __pycache__ -prune -exec rm -rf {} +

# Made anew when the lock changes, so that nothing stays that is no longer in it.
.venv/run: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'This Python cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(INSTALL) -r requirements.lock
	@touch $@

# On top of the runtime: the development lock holds the same pins and more.
.venv/dev: requirements-dev.lock .venv/run
	$(INSTALL) -r requirements-dev.lock
	@touch $@
