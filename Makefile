# make run: compare the shipped scenarios. make test: the tests. Needs Python 3.11 or newer, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# the other Pythons for `make test-all`: given as PYTHONS="python3.12 python3.13", or found with pyenv
PYENV := $(or $(PYENV_ROOT),$(HOME)/.pyenv)
PYTHONS ?= $(wildcard $(foreach v,3.11 3.12 3.13,$(PYENV)/versions/$(v).*/bin/python))

.PHONY: run setup test test-slow test-all lint bench clean help

run: $(VENV)/.runs ## compare the shipped scenarios (two to five minutes the first time)
	$(BIN)/headwater compare

setup: $(VENV)/.tests ## everything needed to run, test and change it

test: $(VENV)/.tests ## the tests, but for those marked slow
	$(BIN)/python -m pytest -q -n 2 -m "not slow"

test-slow: $(VENV)/.tests ## the tests marked slow
	$(BIN)/python -m pytest -q -m slow

test-all: test test-slow ## all tests, and the small set on the other Pythons found
	@for python in $(PYTHONS); do tests/other_python "$$python" || exit 1; done

lint: $(VENV)/.tests ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.runs ## speed and memory on this machine, kept under results/
	$(BIN)/headwater bench

clean: ## take away environments and caches, not results
	rm -rf $(VENV) .venvs .mypy_cache .ruff_cache .pytest_cache build dist

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "headwater needs Python 3.11 or newer; say which: make PYTHON=python3.12 …"; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runs: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing headwater and what it needs (once; a minute or two) …"
	@$(PIP) --no-compile -c constraints.txt -e .
	@# what pip would compile, on all cores and without the packages' own tests
	@$(BIN)/python -m compileall -qq -j 0 -x '[/\\]tests[/\\]' $(VENV)/lib sim || true
	@touch $@

$(VENV)/.tests: $(VENV)/.runs
	@echo "Installing the tools for tests (once) …"
	@$(PIP) -c constraints.txt -e ".[dev]"
	@touch $@
