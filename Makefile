# One command for each: set-up, lint, test, demo, bench.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.made

.PHONY: help setup demo test faults lint check-fast golden matrix accuracy bench bench-full torture clean constraints

help:
	@echo "make setup    the environment in $(VENV)"
	@echo "make demo     two minutes against the sandbox; ends with a report's path"
	@echo "make test     lint, types, layers and all tests"
	@echo "make faults   the tests alone in which somebody dies, lies, is full or is cut, two files at a time"
	@echo "make lint     lint, types, layers"
	@echo "make golden   write the golden files anew (look at the difference before you commit it)"
	@echo "make matrix   every defect alone, in pairs, and none, in virtual time; writes docs/findings.md"
	@echo "make accuracy ten plans against what came, in virtual time, in some minutes; writes docs/capacity.md"
	@echo "make bench    speed, side by side, in some minutes; make bench-full takes hours"
	@echo "make torture  kill -9 at 20 random moments each, of a worker, the master, everything (about half an hour)"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "streamsoak needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/locust --headless --sandbox --scenario demo --only-summary

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -m "not faults"
	$(MAKE) faults

faults: setup
	$(BIN)/python -m pytest -m faults --numprocesses 2 --dist loadfile

golden: setup
	$(BIN)/python -m pytest tests/golden --update-golden

matrix: setup
	$(BIN)/python -m tests.matrix

accuracy: setup
	$(BIN)/python -m tests.accuracy

torture: setup
	$(BIN)/python -m tests.torture

bench: setup
	$(BIN)/python -m tests.bench

bench-full: setup
	$(BIN)/python -m tests.bench --full

constraints: setup
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '@' > constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
