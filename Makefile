# What people and CI run. It needs Python 3.11 or newer, make and bash: uv is fetched with pip where it is
# missing, and each server gets an environment of its own from its own lock file, made anew only when the
# lock's content changes. `make PYTHON=…` chooses the Python.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
export UV_PYTHON_DOWNLOADS := never

fits = import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)
candidates = $(or $(PYTHON),python3.11 python3.12 python3.13 python3)
python := $(shell for each in $(candidates); do $$each -c '$(fits)' 2>/dev/null && break; done)
UV := $(or $(shell command -v uv),$(CURDIR)/.cache/uv/bin/uv)

# A file whose name holds its inputs' checksum: it exists when the environment was made from these inputs.
stamp = $(1)/.made-from-$(firstword $(shell cat $(2) | cksum))
BOT := $(call stamp,.venv,requirements.lock pyproject.toml)
AIRFLOW := $(call stamp,.cache/airflow,demo/airflow.lock)
MLFLOW := $(call stamp,.cache/mlflow,demo/mlflow.lock)
POSTGRES := $(call stamp,.cache/postgres,demo/postgres.lock)
slack := tests/payloads/types
TYPES := $(call stamp,.cache/types,$(slack)/node.lock $(slack)/package-lock.json)

.PHONY: help demo test check bench chaos format lock environments clean-demo python

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(BOT) $(AIRFLOW) $(MLFLOW) $(POSTGRES) ## Run the whole station on this machine; DEMO_PORT sets the page's port
	@exec .venv/bin/python -m demo

# Training on several threads waits by spinning, while other tests want the cores.
test: export OMP_NUM_THREADS := 1
test: environments ## Run every test, two at a time; ARGS are pytest's instead
	@if [ -d $(DAG_TESTS) ]; then $(in_airflow) -q $(DAG_TESTS); fi
	@exec .venv/bin/python -m pytest $(or $(ARGS),--numprocesses 2 --no-loadscope-reorder --durations 20)

check: $(BOT) ## Lint, check the format and the types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: $(BOT) $(POSTGRES) ## Measure the bot beside the least Bolt app; bench/README.md says what the figures mean
	.venv/bin/python -m bench.ack
	.venv/bin/python -m bench.start
	.venv/bin/python -m bench.http

chaos: $(BOT) $(POSTGRES) ## Kill bots at random under load, and count; KILLS each, ARGS are its own
	@exec .venv/bin/python -m tests.chaos --kills $(or $(KILLS),200) $(ARGS)

format: $(BOT) ## Put the code into its format
	.venv/bin/ruff check --fix --quiet . || true
	.venv/bin/ruff format .

lock: $(TYPES) | $(UV) ## Resolve every environment anew; commit the locks that change
	$(compile) --extra dev pyproject.toml --output-file requirements.lock
	for each in airflow mlflow postgres; do $(compile) demo/$$each.in --output-file demo/$$each.lock; done
	$(compile) $(slack)/node.in --output-file $(slack)/node.lock
	$(npm) update --prefix $(slack) --package-lock-only --omit-lockfile-registry-resolved

environments: $(BOT) $(AIRFLOW) $(MLFLOW) $(POSTGRES) $(TYPES) ## Make the environments of the bot, the servers and Node.js

clean-demo: ## Remove the demo's data: its messages, runs and models
	rm -rf .demo

# The DAGs' own tests run where the DAGs do. They take nothing from this project's pytest settings.
DAG_TESTS := tests/demo/delays/in_airflow
in_airflow = AIRFLOW_HOME=$(CURDIR)/.cache/dag-tests .cache/airflow/bin/python -m pytest \
  -c /dev/null --rootdir $(DAG_TESTS) --confcutdir $(DAG_TESTS) -p no:cacheprovider

compile = $(UV) pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
  --no-emit-index-url --no-emit-find-links --no-header

# npm of the Node.js that $(TYPES) has. Nothing that a package brings is run.
npm = PATH="$(CURDIR)/.cache/types/bin:$$PATH" NODE_OPTIONS=--use-system-ca npm --loglevel error --ignore-scripts \
  --no-audit --no-fund --no-update-notifier --fetch-retries 1

# $(call install,ENVIRONMENT,LOCK): bring an environment to its lock, with a line for each large download.
define install
	@echo "Preparing $(1) from $(2)"
	@rm -f $(1)/.made-from-*
	@[ -x $(1)/bin/python ] || $(UV) venv --quiet --clear --python "$(python)" $(1)
	@$(UV) pip sync --require-hashes --python $(1)/bin/python $(2) 2>&1 | sed '/^ [-+~] /d; /^Using Python\|^Resolved/d; s/^/  /'
endef

$(BOT): | python $(UV)
	$(call install,.venv,requirements.lock)
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --editable .
	@touch $@

$(AIRFLOW): | python $(UV)
	$(call install,.cache/airflow,demo/airflow.lock)
	@touch $@

$(MLFLOW): | python $(UV)
	$(call install,.cache/mlflow,demo/mlflow.lock)
	@touch $@

$(POSTGRES): | python $(UV)
	$(call install,.cache/postgres,demo/postgres.lock)
	@touch $@

$(TYPES): | python $(UV)
	$(call install,.cache/types,$(slack)/node.lock)
	@cp $(slack)/package.json $(slack)/package-lock.json .cache/types/
	@if $(npm) ci --prefix .cache/types >/dev/null; then touch $@; \
	else rm -rf .cache/types; echo "  npm's packages can't be had, so the check by TypeScript will be skipped"; fi

$(CURDIR)/.cache/uv/bin/uv: | python
	@echo "Fetching uv"
	@$(python) -m venv .cache/uv
	@.cache/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

python:
	@[ -n "$(python)" ] || { echo "Stationmaster needs Python 3.11 or newer; looked for: $(candidates)"; exit 1; }
