# Reticent: `make help` tells what there is. Everything runs in .venv, from pinned versions.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
export OMP_NUM_THREADS ?= 1

.PHONY: help demo test check lint types docs peers arx bench clean

help:            ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 18

demo: $(VENV)/.demo   ## audit, protect and attest a model of real people; prints where the page is
	$(BIN)/reticent demo --out demo-report

test: $(VENV)/.test   ## every test, under twenty minutes on two cores
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/.test  ## the quick part of the tests, under three minutes
	$(BIN)/ruff check .
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

lint: $(VENV)/.test   ## formatting and habits
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.test  ## mypy, strict
	$(BIN)/mypy

docs: $(VENV)/.docs   ## the documentation, warnings as errors, into docs/_build
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

peers: .venv-peers/.done .venv-pycanon/.done .venv-ibm/.done .venv-diffprivlib/.done .venv-ebm/.done .venv-opacus/.done  ## the packages that the benchmarks compare with, in an environment of their own

.venv-peers/.done: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps sacroml==2.0.1
	touch $@

.venv-pycanon/.done: benchmarks/peers/requirements-pycanon.txt
	$(PYTHON) -m venv .venv-pycanon
	.venv-pycanon/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

.venv-ibm/.done: benchmarks/peers/requirements-ibm.txt
	$(PYTHON) -m venv .venv-ibm
	.venv-ibm/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	.venv-ibm/bin/python -m pip install --quiet --disable-pip-version-check --no-deps ai-privacy-toolkit==0.2.1 adversarial-robustness-toolbox==1.20.1
	touch $@

.venv-diffprivlib/.done .venv-ebm/.done .venv-opacus/.done: .venv-%/.done: benchmarks/peers/requirements-%.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

arx:             ## build ARX's core for its benchmark: make arx ARX=<a checkout of github.com/arx-deidentifier/arx>
	sh benchmarks/peers/arx/build.sh $(ARX) .venv-ibm/arx

bench: $(VENV)/.test peers  ## what we promise, measured now beside the peers; tables in benchmarks/results
	for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

clean:           ## remove what the other targets made
	rm -rf $(VENV) .venv-peers .venv-pycanon .venv-ibm .venv-diffprivlib .venv-ebm .venv-opacus benchmarks/.cache demo-report docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable '.[demo]'
	$(BIN)/python -m pip check
	touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) --editable '.[test,docs]'
	$(BIN)/python -m pip check
	touch $@ $(VENV)/.demo

$(VENV)/.docs: $(VENV)/.test
	touch $@
