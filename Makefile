# On Windows see README.md for the two equivalent lines.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt

.PHONY: run test lab lint bench clean

run: .venv/.run  ## read data/raw, execute the notebooks, write data/processed
	$(BIN)/digistrat run

test: .venv/.dev  ## run every test
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lab: .venv/.run  ## open the notebooks
	$(BIN)/jupyter lab notebooks

lint: .venv/.dev  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.dev  ## measure against peers and floors
	$(BIN)/python -m benchmarks

clean:  ## remove what was made
	rm -rf .venv data/processed/* .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "digistrat needs Python 3.11 or newer, found " + sys.version.split()[0] + "; set PYTHON=python3.x")'
	$(PYTHON) -m venv .venv

.venv/.run: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up .venv (once; takes a minute or two) …"
	$(PIP) --editable '.[notebooks]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up .venv for tests (once; takes a minute or two) …"
	$(PIP) --editable '.[dev]'
	@touch $@ .venv/.run
