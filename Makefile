# One command for each: set-up, lint, test, demo, bench.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.made
# -E: Python ignores PYTHON* variables, which could change what pytest itself does. tests/environment.py removes all others.
PYTEST := $(BIN)/python -E -m pytest
# Most tests wait for processes and timers: more workers than cores.
WORKERS ?= 6
PARALLEL := --numprocesses $(WORKERS) --dist loadgroup --no-loadscope-reorder
INNER := tests/unit tests/property tests/golden

.PHONY: help setup demo lint check test test-thorough test-hostile faults golden reference durations mutants matrix accuracy fit-accuracy hidden-tabs witness torture soak clients bench bench-full constraints clean

help:
	@echo "make setup    the environment in $(VENV)"
	@echo "make demo     two minutes against the sandbox; ends with a report's path"
	@echo "make lint     lint, types, layers"
	@echo "make check    lint, types, layers and the unit, property and golden tests, in a minute and a half"
	@echo "make test     lint, types, layers and all tests, in 10 to 15 minutes"
	@echo "make test-thorough  make test with further cases (marker thorough) and 33 times as many generated examples"
	@echo "make test-hostile   the tests of make check and some others with every variable set that could change a result"
	@echo "make faults   the tests in which a process is killed, a disk is full or an answer is truncated"
	@echo "make mutants  breaks 20 lines of the code, one at a time, and reports which the tests notice"
	@echo "make durations  runs all tests and writes how long each takes into tests/durations.txt, which orders make test"
	@echo "make golden   write the golden files anew (look at the difference before you commit it)"
	@echo "make reference  writes docs/reference.md from the code"
	@echo "make matrix   every defect alone, in pairs, and none, in virtual time; writes docs/findings.md"
	@echo "make accuracy ten plans against what came, in virtual time, in some minutes; writes docs/capacity.md"
	@echo "make fit-accuracy known people against their fits, in virtual time, in a quarter of an hour; writes docs/fit.md"
	@echo "make hidden-tabs which settings survive a hidden tab, in virtual time, in seconds; writes docs/profiles.md"
	@echo "make clients  installs clients that others wrote, and tries them against the sandboxes; writes docs/apis.md"
	@echo "make bench    speed, side by side, in some minutes; make bench-full takes hours"
	@echo "make witness  hides a tab of a real Chromium for three minutes, through an audit"
	@echo "make soak     two hours live at 2,000 sessions with two workers and a browser; writes docs/soak.md"
	@echo "make torture  kill -9 at 20 random moments each, of a worker, the master, everything (about half an hour)"

setup: $(STAMP)
	@echo 'Installed in $(VENV). Next: export PATH="$$PWD/$(BIN):$$PATH", then locust (web UI) or streamsoak --help; or make demo'

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "streamsoak needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/locust --headless --sandbox --scenario demo --only-summary

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint
	$(PYTEST) --quiet --hypothesis-profile=inner --numprocesses 2 --dist loadgroup --no-loadscope-reorder $(INNER)

test: lint
	$(PYTEST) $(PARALLEL)

test-thorough: lint
	$(PYTEST) $(PARALLEL) --hypothesis-profile=thorough --timeout 1800

HOSTILE ?= $(INNER) tests/integration/test_openapi.py tests/integration/test_sandbox.py tests/integration/test_engine.py \
	tests/integration/test_connection.py tests/integration/test_audit.py tests/integration/test_sweep.py tests/torture

test-hostile: $(STAMP)
	$(BIN)/python -E -m tests.hostile $(PARALLEL) $(HOSTILE)

faults: $(STAMP)
	$(PYTEST) $(PARALLEL) -m faults

mutants: $(STAMP)
	$(BIN)/python -m tests.mutation

durations: $(STAMP)
	$(PYTEST) $(PARALLEL) --write-durations

golden: $(STAMP)
	$(PYTEST) tests/golden --update-golden

reference: $(STAMP)
	$(BIN)/python -m tests.reference

matrix: $(STAMP)
	$(BIN)/python -m tests.matrix

accuracy: $(STAMP)
	$(BIN)/python -m tests.accuracy

fit-accuracy: $(STAMP)
	$(BIN)/python -m tests.fit_accuracy

hidden-tabs: $(STAMP)
	$(BIN)/python -m tests.hidden_tabs

witness: $(STAMP)
	STREAMSOAK_REQUIRE_BROWSER=1 STREAMSOAK_WITNESS=1 $(PYTEST) tests/integration/test_audit.py -k real_browser

clients: $(STAMP)
	$(BIN)/python -m tests.public_clients

torture: $(STAMP)
	$(BIN)/python -m tests.torture

soak: $(STAMP)
	$(BIN)/python -m tests.soak

bench: $(STAMP)
	$(BIN)/python -m tests.bench

bench-full: $(STAMP)
	$(BIN)/python -m tests.bench --full

constraints: $(STAMP)
	$(BIN)/python -m pip freeze --all --exclude-editable | grep -v -e '@' -e '^pip==' > constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
