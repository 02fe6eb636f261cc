# `make run` starts warmer, `make test` checks everything.  Both make .venv on their first run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --constraint constraints.txt --editable ./latentpng --editable
SOURCES := pyproject.toml latentpng/pyproject.toml hatch_build.py constraints.txt
WORKERS ?= logical
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONDONTWRITEBYTECODE # pytest keeps the tests that it has rewritten, which saves each worker seconds

.PHONY: run quick test test-all static quick-tests all-tests format docs dist check-dist bench bench-search attack matrix clean

run: $(VENV)/installed
	$(BIN)/warmer $(ARGS)

# what a commit has to pass, in less than a minute: all checks, and every test that is not marked slow
quick: $(VENV)/installed-dev
	@$(MAKE) --no-print-directory --jobs 2 static quick-tests

# everything, in some minutes
test: $(VENV)/installed-dev
	@$(MAKE) --no-print-directory --jobs 2 static all-tests

# everything, and then what needs no torch on every Python from 3.11 to 3.13 that is installed
test-all: test
	$(BIN)/nox

static:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

quick-tests:
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope --hypothesis-profile quick -m "not slow"

all-tests:
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# the pages of docs/ as a site in build/site
docs: $(VENV)/installed-docs
	$(BIN)/mkdocs build --strict --site-dir build/site

# the wheels of latentpng and of warmer
dist: $(VENV)/installed-dev
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist ./latentpng .

# a new virtual environment gets the wheel of latentpng and nothing else, and its commands answer as those of this tree
check-dist: dist
	$(BIN)/python -m tests.campaigns.fresh_install

# every benchmark but engine_gpu, which needs a GPU, and engine_single_file, which needs 14 GB of disk, one after the other; each also runs alone: .venv/bin/python -m tests.benchmarks.NAME
bench: $(VENV)/installed-dev
	@for file in tests/benchmarks/[a-z]*_*.py; do \
		name=$$(basename $$file .py); case $$name in engine_gpu|engine_single_file) continue;; esac; \
		echo "== $$name"; $(BIN)/python -m tests.benchmarks.$$name || exit 1; \
	done

# how many grids and keys a simulated person needs (docs/search.md); finished runs are kept in build/search-benchmark
bench-search: $(VENV)/installed-dev
	@$(BIN)/python -m tests.benchmarks.search $(ARGS)

# every family with every scheduler: is the same noise the same picture?  A table in Markdown
matrix: $(VENV)/installed-dev
	@$(BIN)/python -m tests.benchmarks.engine_matrix

# hostile files, models, sockets and terminals, killed sessions, full disks: hours, and it goes on where it was stopped; `make attack ARGS=--quick` takes two minutes
attack: $(VENV)/installed-dev
	@$(BIN)/python -m tests.campaigns.attack $(ARGS)

# pip shows what it downloads: the first installation is about 1.4 GB and takes some minutes
$(VENV)/installed: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) .
	@touch $@

$(VENV)/installed-dev: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) '.[dev]'
	@touch $(VENV)/installed $@

$(VENV)/installed-docs: $(VENV)/installed-dev
	$(INSTALL) '.[docs]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .nox
