# A thin wrapper: what it calls runs without make too (see README).

# Set on some machines; without compiled files every start takes seconds longer.
export PYTHONDONTWRITEBYTECODE :=
# One thread each: the work is shared out by school, and sums keep their last bits.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
# Notebooks choose their own backend; one set outside would change what they show.
unexport MPLBACKEND
unexport VIRTUAL_ENV
unexport PYTHONPATH

# The first Python that is really there: a pyenv shim can be on the path and fail when it is run.
BASE := $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
PYTHON := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/python
# Cells of one notebook need one worker, in order.
# In the order of their names, the slow ones (tests of designs) come early and both workers end together.
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup reports lab test check lint types notebooks bench lock environment clean

help:  ## list what there is
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1|\2/' | \
	while IFS='|' read -r name what; do printf '  %-18s%s\n' "$$name" "$$what"; done

setup:  ## install the locked packages into .venv (every target below does this first)
	@test -n "$(BASE)" || { echo "Python 3.11 or newer is needed, with its venv part. Install it and run make again."; exit 1; }
	@$(BASE) setup_env.py --quiet

reports: setup  ## write the reports of a California and a Michigan district: reports/build
	$(PYTHON) -m leadlib run reports/batches/napa-valley.yml reports/batches/michigan-50210.yml

lab: setup  ## open JupyterLab on the first notebook
	$(PYTHON) -m jupyter lab notebooks/00-start-here.ipynb

test: check  ## run every check and every test, all notebooks included
	$(PYTHON) -m pytest $(WORKERS) tests
	$(PYTHON) -m pytest $(WORKERS) --nbval --nbval-current-env notebooks

check: lint types  ## lint and types, no tests

lint: setup  ## ruff, notebooks included
	$(PYTHON) -m ruff check .

types: setup  ## mypy over leadlib
	$(PYTHON) -m mypy

notebooks: setup  ## run every notebook and store its outputs; a second run changes nothing
	$(PYTHON) -m tools.notebooks

bench: setup  ## time the large jobs, batches beside papermill, and each design beside R and others (an hour; more: PEERS=python)
	$(PYTHON) -m tools.bench
	$(PYTHON) -m tools.bench_batch
	$(PYTHON) -m tools.bench_designs $(if $(PEERS),--peers $(PEERS))

lock: setup  ## pin what pyproject.toml asks for (newer releases: make lock UPGRADE=--upgrade)
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--extra lab --extra dev pyproject.toml --constraint tools/lock-caps.txt --output-file requirements.lock $(UPGRADE)
	$(PYTHON) -m tools.environment

environment: setup  ## write environment.yml for conda from pyproject.toml and requirements.lock
	$(PYTHON) -m tools.environment

clean:  ## take away what make has made: .venv, built reports, caches
	rm -rf .venv reports/build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
