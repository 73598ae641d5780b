# Each target sets up what it needs: all that must be there is Python >= 3.10, make and a shell.
# The environment is made anew only where a pin or the project's metadata has changed.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

PYTHON ?=
export PYTHON

# The tests start hundreds of interpreters: each would compile the SDK anew.
unexport PYTHONDONTWRITEBYTECODE

$(READY): pyproject.toml requirements/uv.txt requirements/dev.txt requirements/encodings.txt scripts/setup
	@sh scripts/setup $(VENV)
	@touch $@

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: $(READY) ## Run a small app against a fake OpenAI server and show what was recorded
	@$(BIN)/gossamer demo

.PHONY: test
test: $(READY) ## Run the tests (ARGS="-k stream" passes options to pytest)
	@$(BIN)/python -m pytest -n auto $(ARGS)

.PHONY: lint
lint: $(READY) ## Check format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/basedpyright --pythonpath $(BIN)/python
	@$(BIN)/python scripts/public_types.py

.PHONY: check
check: lint test ## Run everything that a change must pass: format, lint, types, tests, docs up to date

.PHONY: fix
fix: $(READY) ## Format, and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: matrix
matrix: $(READY) ## Run the tests on each supported SDK and Python (ONLY="1.26.0 3.10" picks cells; RECORD=1)
	@$(BIN)/python scripts/matrix.py --uv $(BIN)/uv $(if $(RECORD),--record) $(ONLY)

.PHONY: bench
bench: $(READY) ## Measure what instrumentation costs (ARGS="--load", "--profile", "--json FILE" ...)
	@$(BIN)/gossamer bench $(ARGS)

.PHONY: bench-peers
bench-peers: $(READY) ## The same, beside other instrumentations, each in an environment of its own
	@$(BIN)/gossamer bench --peers $(ARGS)

.PHONY: soak
soak: $(READY) ## Make mixed traffic for minutes: nothing lost, nothing grows (ARGS="--hours 2", "--http" ...)
	@$(BIN)/gossamer soak $(ARGS)

.PHONY: fuzz
fuzz: $(READY) ## Make up thousands of servers, other ones each time (ARGS="--hypothesis-profile night" for hours)
	@$(BIN)/python -m pytest -n auto tests/servers --hypothesis-profile fuzz $(ARGS)

.PHONY: faults
faults: $(READY) ## Raise exceptions at every line of the library: the app sees nothing (ARGS="--each-script" ...)
	@PYTHONPATH=tests $(BIN)/python -W ignore -m lifecycle.faults $(ARGS)

.PHONY: beside
beside: $(READY) ## Run an app beside each other instrumentation: in both orders, one of the two switched off
	@$(BIN)/python scripts/beside.py --uv $(BIN)/uv $(ARGS)

.PHONY: beside-http
beside-http: $(READY) ## Run an app beside instrumentations of its HTTP client, in both orders
	@$(BIN)/python scripts/beside_http.py --uv $(BIN)/uv $(ARGS)

.PHONY: absent
absent: $(READY) ## Start an app where openai is absent, too old or broken
	@$(BIN)/python scripts/absent.py --uv $(BIN)/uv

.PHONY: frameworks
frameworks: $(READY) ## Run frameworks that call models by the SDK, with Gossamer and without
	@$(BIN)/python scripts/frameworks.py --uv $(BIN)/uv $(ARGS)

.PHONY: docs
docs: $(READY) ## Write the generated pages of docs/ anew
	@$(BIN)/python scripts/docs.py

.PHONY: lock
lock: $(READY) ## Pin the dependencies anew (UPGRADE=1 takes newer versions)
	@$(BIN)/python scripts/lock.py --uv $(BIN)/uv $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## Remove what these commands made
	@rm -rf $(VENV) .matrix .peers .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
