.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

##@ To use it
up: ## Install what is missing, build, migrate, seed and serve
	@$(PYTHON) backend/bootstrap up

down: ## Stop the server (and the engine, if `up` had to start it)
	@$(PYTHON) backend/bootstrap down

clean: ## Remove everything that was built here, the database included
	@$(PYTHON) backend/bootstrap clean

doctor: ## What is missing, and how to get it
	@$(BIN)/nines doctor

##@ To change it
test: ## Everything CI runs, from a clean clone
	@bash tests/run.sh

lint: ## Style
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: ## Types, strictly: Python and TypeScript
	$(BIN)/mypy && $(BIN)/mypy containers/sandbox/supervisor containers/sandbox/build.py containers/guest/build.py
	cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm run check && PATH="$(CURDIR)/$(BIN):$$PATH" npm run types -- --check

layers: ## Who may import whom
	PYTHONPATH=backend $(BIN)/lint-imports

test-unit: ## Tests that need nothing running
	$(BIN)/pytest -m "not docker and not e2e"

test-docker: ## The driver contract and the lab proofs, on real machines
	$(BIN)/pytest -m docker

test-e2e: ## The whole story in a browser
	$(BIN)/pytest -m e2e

test-pages: ## Unit tests of the pages, and what a first visit loads
	cd frontend && PATH="$(CURDIR)/$(BIN):$$PATH" npm test && PATH="$(CURDIR)/$(BIN):$$PATH" npm run size

bench: ## The figures the issues name, as a table and tests/bench/latest.json
	$(BIN)/python -m tests.bench

test-fresh: ## `make up` on a bare Debian 12, made anew in a folder (root, minutes)
	tests/fresh.sh up

screenshots: ## Take the README's screenshots again
	$(BIN)/python -m tests.e2e.screenshots

lock: ## Pin the Python requirements again, with hashes
	uv pip compile -q -U --python-version 3.11 --generate-hashes --no-header --extra build --extra node --extra test pyproject.toml -o tests/requirements.txt
	uv pip compile -q --python-version 3.11 --generate-hashes --no-header --extra build --extra node -c tests/requirements.txt pyproject.toml -o backend/requirements.txt

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: up down clean doctor test lint types layers test-unit test-docker test-e2e test-pages test-fresh bench screenshots lock help
