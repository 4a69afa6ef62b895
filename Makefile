# What there is to do. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin

PYTEST := $(BIN)/python -m pytest
THOROUGH := --hypothesis-profile=thorough

# Most tests wait: four files at once, in the order of tests/conftest.py. Those that wait for nothing run beside them, with
# what they leave of the processors. Engines follow: spoken calls wait for speech, and engines alone are tried beside them.
AT_ONCE := -n 4 --dist loadfile --no-loadscope-reorder
NO_ENGINE := tests/e2e/test_wheel.py
SPOKEN := $(patsubst %,tests/e2e/test_%.py,conversation talk suite webrtc_page documents)

# Run $(1), and $(2) at the same time, whose words come last.
beside = failed=; told=$$(mktemp); trap 'kill $$! 2> /dev/null; rm -f $$told' EXIT; trap 'exit 130' INT TERM; \
	$(2) > $$told 2>&1 & $(1) || failed=1; wait $$! || failed=1; cat $$told; [ -z "$$failed" ]

# Where containers forbid it, each of some hundred processes would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check lint format unit coverage integration clients schemas readme pictures locks bench bench-people soak soak-hostile clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed ## Make .venv with Aura and its engines in it

run: .venv/.installed ## Start everything on http://HOST:PORT (0.0.0.0:8000)
	@exec $(BIN)/aura up

demo: .venv/.installed ## Start everything, ask a question in Aura's own voice, stop
	@exec $(BIN)/aura demo

test: .venv/.dev ## Run all tests, the real engines included
	@$(call beside,$(PYTEST) $(AT_ONCE) $(THOROUGH) tests/integration tests/clients $(NO_ENGINE) tests/parts, \
	  nice $(PYTEST) $(THOROUGH) tests/contract tests/unit)
	@$(call beside,$(PYTEST) $(SPOKEN), $(PYTEST) tests/e2e $(addprefix --ignore=,$(NO_ENGINE) $(SPOKEN)))

check: lint unit ## Format, lint, types, imports, schemas, unit tests

lint: .venv/.dev ## The same without the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m schemas.generate --check
	@$(BIN)/python -m edge.protocols.asyncapi --check

format: .venv/.dev ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

unit: .venv/.dev ## Run the tests that need no process
	@$(BIN)/python -m pytest -q tests/unit tests/contract

coverage: .venv/.dev ## Measure how much of each pure module its own test file runs
	@$(BIN)/python -m tests.own_coverage

integration: .venv/.dev ## Run the tests against a real nats-server
	@$(BIN)/python -m pytest -q tests/integration

clients: .venv/bin/python ## Install stock Realtime clients, apart from the rest, for tests/clients
	@$(PYTHON) -m venv .venv/clients
	@.venv/clients/bin/python -m pip install --quiet --disable-pip-version-check \
	  -r tests/clients/requirements.txt
	@cp tests/clients/package.json .venv/clients/
	@command -v npm > /dev/null && npm install --silent --no-audit --no-fund --ignore-scripts \
	  --prefix .venv/clients || echo "No npm: the clients for Node are left out."

schemas: .venv/.dev ## Write the contract for other languages
	@$(BIN)/python -m schemas.generate
	@$(BIN)/python -m edge.protocols.asyncapi

readme: .venv/.dev ## Write the generated tables of README and docs
	@$(BIN)/python docs/tables.py

pictures: .venv/.dev ## Take the pictures of README and docs from real calls (Chromium)
	@$(BIN)/python docs/pictures.py

locks: .venv/.installed ## Write the versions and hashes that images and CI install
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/python -m deploy.locks

bench: .venv/.dev ## Measure; see benchmarks/README.md
	@$(BIN)/python -m benchmarks

bench-people: .venv/.dev ## People through the whole program, in real time (AURA_BENCH_AUDIO)
	@$(BIN)/python -m benchmarks.people

soak: .venv/.dev ## Faults and load, longer than a test may take
	@$(BIN)/python -m benchmarks.soak

soak-hostile: .venv/.dev ## What strangers may try, beside a good call
	@$(BIN)/python -m benchmarks.hostile

clean: ## Remove what was built; data in .aura stays
	rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Aura needs Python 3.11 or newer: make setup PYTHON=python3.12"; exit 1; }
	@echo "Making .venv ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

.venv/.installed: .venv/bin/python pyproject.toml
	@echo "Installing Aura and its engines into .venv (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[all]'
	@$(BIN)/aura models fetch turn || echo "Without it the words alone tell whether a speaker is done."
	@touch $@ && echo "Installed. Next: make run, make demo, or .venv/bin/aura --help"

.venv/.dev: .venv/.installed
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@
