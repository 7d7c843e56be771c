# The one task runner. Everything is installed into .venv; nothing else on the machine changes.
# Needs Python 3.11 or newer with venv. Choose one with PYTHON=python3.12.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PLUGINS := $(patsubst %,--editable %,$(wildcard plugins/*))
export NO_MKDOCS_2_WARNING := 1

.PHONY: demo test lint tests docs clean

# The main job, from a catalogue to a refunded return, on a SQLite file.
demo: .venv/shop
	$(BIN)/commerce demo

# Everything that has to hold: lint, types, import contracts, all tests (PostgreSQL included), the docs.
test: lint tests docs

lint: .venv/workshop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	for plugin in plugins/*; do MYPYPATH=src:$$plugin/src:$$plugin/tests $(BIN)/mypy $$plugin/src $$plugin/tests || exit 1; done
	$(BIN)/lint-imports --no-cache

tests: .venv/workshop
	$(BIN)/pytest -n 2

docs: .venv/workshop
	$(BIN)/mkdocs build --strict --quiet

.venv/pip:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"
	touch $@

.venv/shop: .venv/pip pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/workshop: .venv/shop $(wildcard plugins/*/pyproject.toml)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable . --group dev $(PLUGINS)
	touch $@

clean:
	rm -rf .venv site
