# `make run` starts warmer, `make test` checks everything.  Both make .venv on their first run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test check format bench fuzz matrix clean

run: $(VENV)/installed
	$(BIN)/warmer $(ARGS)

test: $(VENV)/installed-dev
	$(MAKE) --no-print-directory check

check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# every benchmark but engine_gpu, which needs a GPU, one after the other; each also runs alone: .venv/bin/python -m tests.benchmarks.NAME
bench: $(VENV)/installed-dev
	@for file in tests/benchmarks/*_*.py; do \
		name=$$(basename $$file .py); [ $$name = engine_gpu ] && continue; \
		echo "== $$name"; $(BIN)/python -m tests.benchmarks.$$name || exit 1; \
	done

# every family with every scheduler: is the same noise the same picture?  A table in Markdown
matrix: $(VENV)/installed-dev
	@$(BIN)/python -m tests.benchmarks.engine_matrix

# 200,000 hostile files measured, as many led by coverage where atheris is installed, and 300 killed writers
fuzz: $(VENV)/installed-dev
	$(BIN)/python -m tests.campaigns.hostile.campaign
	$(BIN)/python -m tests.campaigns.hostile.guided
	$(BIN)/python -m tests.campaigns.hostile.kills

$(VENV)/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV): about 1.4 GB, some minutes the first time"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
