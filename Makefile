# Everything sets up its own virtual environment; a fresh machine needs Python >= 3.11 and make.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
DEV_STAMP := $(VENV)/.stamp-dev
WORKERS ?= 2

.PHONY: demo paper test test-full gate lint format bench data clean help

help:
	@echo "make demo       set up, run pi_gnn and three rivals on gset/G14, print a table"
	@echo "make paper      tables, figures and text of the survey; PROFILE=full for its real budgets"
	@echo "make test       set up, run the tests (no network needed after set-up)"
	@echo "make test-full  also the slow tests"
	@echo "make gate       the regression gate, and whether it catches planted faults"
	@echo "make lint       ruff, mypy, import contracts"
	@echo "make bench      speed of the kernels and methods beside references, and of the harness"
	@echo "make data       check the generated G-set against its sha256"

$(STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[baselines]"
	@touch $@

$(DEV_STAMP): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[baselines,dev]"
	@touch $(STAMP) $@

RESULTS ?= results/demo
DEMO_SECONDS ?= 10

demo: $(STAMP)
	$(BIN)/dnnbench run method=pi_gnn problem=maxcut results=$(RESULTS) budget.seconds=$(DEMO_SECONDS)
	$(BIN)/dnnbench run method=simulated_bifurcation problem=maxcut results=$(RESULTS) budget.seconds=$(DEMO_SECONDS)
	$(BIN)/dnnbench run baseline=local_search problem=maxcut results=$(RESULTS) budget.seconds=$(DEMO_SECONDS)
	$(BIN)/dnnbench run baseline=simulated_annealing problem=maxcut results=$(RESULTS) budget.seconds=$(DEMO_SECONDS)
	$(BIN)/dnnbench table $(RESULTS)

PAPER ?= survey
PROFILE ?= quick

paper: $(STAMP)
	$(BIN)/dnnbench paper $(PAPER) --profile $(PROFILE) --output results/paper

test: $(DEV_STAMP)
	$(BIN)/python -m pytest -m "not full" -n $(WORKERS) --dist worksteal -q

test-full: $(DEV_STAMP)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q

gate: $(STAMP)
	$(BIN)/python scripts/check_gate.py

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV_STAMP)
	$(BIN)/python -m dnnbench.kernels.bench_spmm
	$(BIN)/python scripts/bench_methods.py
	$(BIN)/python scripts/bench_imaging.py --only small,siren
	$(BIN)/python scripts/bench_pde.py
	$(BIN)/python scripts/bench_harness.py

data: $(STAMP)
	$(BIN)/dnnbench data verify gset

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache
