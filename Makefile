# `make help` lists the targets. Each sets up what it needs, so any of them can be the first.

PYTHON ?= python3
UV ?= $(or $(wildcard .venv/bin/uv),uv)
ENGINE ?=
SCENARIO ?=
STRENGTH ?=
GROUPS ?=
SEED ?=
ONCE ?=
STAY ?=
OUT ?=
AT_ONCE ?= 1
LIVE ?=

# On, unless empty or 0.
flag = $(if $(filter-out 0,$(2)),$(1))
option = $(if $(2),$(1) '$(2)')
demo_options = $(call option,--engine,$(ENGINE)) $(call option,--scenario,$(SCENARIO)) \
  $(call option,--strength,$(STRENGTH)) $(call option,--groups,$(GROUPS)) \
  $(call option,--seed,$(SEED)) $(call option,--out,$(OUT)) \
  $(call flag,--once,$(ONCE)) $(call flag,--stay,$(STAY))

set_up = @$(PYTHON) -m demo.setup
set_up_vllm = @$(PYTHON) -m demo.vllm.environment
suites = @.venv/bin/python tests/suites.py
compile = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
locks := requirements/build.txt requirements/base.txt

.PHONY: help setup demo test test-e2e test-scenarios test-vllm lint lock bench lab lab-strengths \
  lab-live clean
.DEFAULT_GOAL := help
.NOTPARALLEL:

help: ## list the targets
	@echo 'make TARGET; for demo: [ENGINE=sim|vllm] [SCENARIO=name] [STRENGTH=0.5] [GROUPS=18] [SEED=1]'
	@echo '[ONCE=1] [STAY=1] [OUT=DIR]; for test-scenarios: [AT_ONCE=4] demos at the same time;'
	@echo 'for all: [PYTHON=python3.12]'
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## make or update .venv, fetch Prometheus, Alertmanager, VictoriaMetrics
	$(set_up) base test lint
	@echo 'set up: `make demo` starts the demo, `make test` runs the tests'

demo: ## start the demo and play a scenario
	$(set_up) base
	$(if $(filter vllm,$(ENGINE)),$(set_up_vllm))
	@.venv/bin/shardwatch demo up $(demo_options)

test: ## run all tests but whole demos, and beside them one demo of gpu-lost
	$(set_up) base test
	$(suites) quick

test-e2e: ## run the scenarios that every change must pass
	$(set_up) base test
	$(suites) e2e

test-scenarios: ## run all other scenarios of the simulator, at every strength (hours)
	$(set_up) base test
	@.venv/bin/python tests/suites.py scenarios --at-once '$(AT_ONCE)'

test-vllm: ## run the tests with real vLLM on the CPU (gigabytes, minutes)
	$(set_up) base test
	$(set_up_vllm)
	$(suites) vllm

lint: ## check style and types
	@$(PYTHON) -m demo.setup.environment base lint
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

lock: ## resolve requirements/*.txt again (UPGRADE=1 takes newer versions); needs uv
	echo hatchling | $(compile) $(if $(UPGRADE),--upgrade) -o requirements/build.txt -
	$(compile) $(if $(UPGRADE),--upgrade) -c requirements/build.txt -o requirements/base.txt pyproject.toml
	for group in test lint; do \
	  $(compile) $(if $(UPGRADE),--upgrade) $(locks:%=-c %) --group $$group -o requirements/$$group.txt || exit; \
	done

bench: ## measure, and write bench.json
	$(set_up) base test
	@.venv/bin/python tests/bench.py bench.json

lab: ## play every fault through every alert, score them, and write demo/lab/RESULTS.md
	$(set_up) base test
	@.venv/bin/python tests/bench.py bench.json demo.lab; came=$$?; \
	    cp out/lab/RESULTS.md demo/lab/RESULTS.md && exit $$came

lab-strengths: ## play weaker and weaker faults: which are still caught? writes demo/lab/STRENGTHS.md
	$(set_up) base
	@.venv/bin/python -m demo.lab.strengths

LIVE = gpu-lost calm silent-corruption
lab-live: ## play some faults on real servers too, in half an hour, and hold them against the lab
	$(set_up) base
	@for each in $(LIVE); do \
	    .venv/bin/python -m shardwatch demo up --once --scenario $$each --out out/live/$$each || exit; \
	done
	@.venv/bin/python -m demo.lab.live $(LIVE:%=out/live/%/report.json) --keep

clean: ## remove what was built and fetched
	rm -rf .venv .venv-vllm .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis dist out bench.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
