# The verbs of the house.  `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
UV_VERSION := 0.13.9
CORPUS ?= ../shared/data
WORKERS ?= 2
LATE ?= 1
FUZZ_SECONDS ?= 600
export PYTHONUNBUFFERED := 1
# A mirror behind a company's own certificate authority works as it does for pip.
export UV_SYSTEM_CERTS := 1
# Python cannot start from a folder with accents in its name where the locale is C.
ifneq ($(filter C POSIX,$(LC_ALL)),)
export LC_ALL := C.UTF-8
endif

.PHONY: help setup demo up down check format test corpus fuzz bench docs lock wheel clean

help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## Install everything into .venv, from one lock with hashes

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed (got $$($(PYTHON) --version 2>&1)); name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into .venv (about 950 MB, a minute on a fresh machine)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { rm -rf .venv; echo "Python cannot make environments here; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet uv==$(UV_VERSION)
	@UV_LINK_MODE=copy $(BIN)/uv pip sync --python $(BIN)/python --compile-bytecode --require-hashes requirements.lock \
	  2> >(grep --line-buffered -v '^ [-+] ' >&2)
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable .
	@touch $(INSTALLED)

demo: $(INSTALLED) ## Run the main job, feeds to mailbox; on a terminal it stays up (FRESH=1 forgets the last one)
	@exec $(BIN)/python -m alerting.local.start alerting.local.demo_run --late $(LATE) $(if $(filter 1,$(FRESH)),--fresh)

up: $(INSTALLED) ## Start the local stack and keep it in the foreground
	@exec $(BIN)/python -m alerting.local up

down: $(INSTALLED) ## Stop the local stack from another terminal
	@$(BIN)/python -m alerting.local down

check: $(INSTALLED) ## Format, lint, types, imports, unit tests: under a minute
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q tests/unit tests/architecture

format: $(INSTALLED) ## Let ruff write the code's form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

test: $(INSTALLED) ## Pass every test, on real servers that it starts itself
	@$(BIN)/pytest -n $(WORKERS) --ignore tests/corpus_shared

corpus: $(INSTALLED) ## Read every real notice of the folder CORPUS (default ../shared/data)
	@ALERTING_CORPUS=$(CORPUS) $(BIN)/pytest -q -s tests/corpus_shared

fuzz: $(INSTALLED) ## Damage the documents of the folder CORPUS for FUZZ_SECONDS (default 600); nothing may surprise a parser
	@$(BIN)/python -W ignore tests/corpus_shared/fuzz.py $(CORPUS) --seconds $(FUZZ_SECONDS)

bench: $(INSTALLED) ## Measure, each figure beside its peer
	@set -e; for file in bench/*.py; do echo "$$file"; $(BIN)/python $$file --json; done

docs: $(INSTALLED) ## Generate the pages that are generated
	@$(BIN)/python docs/generate.py

lock: ## Resolve the dependencies anew into requirements.lock
	@$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --quiet --upgrade --all-extras --group dev pyproject.toml -o requirements.lock

wheel: $(INSTALLED) ## Build the wheel into dist/
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

clean: ## Remove what was installed and all local state
	@test ! -e $(INSTALLED) || $(BIN)/python -m alerting.local clean
	@rm -rf .venv .local dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
