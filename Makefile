# trunkline: one line to every model. `make` alone lists what can be made.
.DEFAULT_GOAL := help
.PHONY: help run test test-agents test-clients bench peers soak soak-limits soak-outages races fuzz explore fmt lock clean
PY := .venv/bin/python
LITELLM := $(wildcard .venv-peers/bin/litellm)
PORTKEY := $(wildcard .venv-peers/node_modules/@portkey-ai/gateway/build/start-server.js)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: ## install what is missing, then serve on 127.0.0.1:8787 (ARGS="--port 9000")
	@scripts/install run
	@exec .venv/bin/trunkline serve $(ARGS)

test: ## every check there is (ARGS="tests/wire -k sse" for some of the tests alone)
	@scripts/install test
	@scripts/test $(ARGS)

test-agents: ## coding agents (Claude Code, Codex, ...) at work through the gateway; downloads 1 GB
	@scripts/install agents
	@exec $(PY) -m pytest -q tests/agents $(ARGS)

test-clients: ## other people's frameworks (LangChain, Vercel AI SDK, ...) as clients of the gateway
	@scripts/install clients
	@exec .venv-clients/bin/python -m pytest -q tests/clients $(ARGS)

bench: ## speed and cost, beside nginx and whatever peers are installed
	@scripts/install bench
	@BENCH_LITELLM=$(LITELLM) BENCH_PORTKEY=$(PORTKEY) exec $(PY) -m bench $(if $(LITELLM)$(PORTKEY),--peers) $(ARGS)

peers: ## install other gateways, to stand in the benchmark's table
	@scripts/install peers

soak: ## ten minutes of 200 streams: errors, memory, p99 of the time we add
	@scripts/install bench
	@exec $(PY) -m bench soak $(ARGS)

soak-limits: ## shared counters on this machine: 10,000 random histories, 300 races, 1,000 kills
	@scripts/install test
	@PYTHONPATH=src $(PY) -m scripts.limits_soak lmdb
	@PYTHONPATH=src exec $(PY) -m scripts.lmdb_soak $(ARGS)

races: ## stampedes at limits, on one machine and on two, and revocations under load (ARGS="--rounds 5")
	@scripts/install test
	@PYTHONPATH=src exec $(PY) -m scripts.races $(ARGS)

soak-outages: ## databases, disks and counters that go away, and 1,000 killed workers, on SQLite and PostgreSQL (ARGS="--kills 100")
	@scripts/install test
	@PYTHONPATH=src exec $(PY) -m scripts.outage_soak $(ARGS)

fuzz: ## mutated inputs by the million into every dialect (ARGS="--executions 10000000 --workers 2")
	@scripts/install test
	@PYTHONPATH=src exec $(PY) -m scripts.fuzz $(ARGS)

explore: ## let Hypothesis look for new counter-examples with fresh dice
	@scripts/install test
	@TRUNKLINE_HYPOTHESIS=explore exec $(PY) -m pytest -q --timeout 3000 tests/fuzz $(ARGS)

fmt: ## format, fix what can be fixed, write the pages that are generated
	@scripts/install test
	@.venv/bin/ruff check --fix --exit-zero --quiet .
	@.venv/bin/ruff format --quiet .
	@$(PY) scripts/document_providers.py

lock: ## bring requirements/*.lock in line with pyproject.toml (ARGS=--upgrade)
	@scripts/install test
	@scripts/lock $(ARGS)

clean: ## remove what was installed and built; trunkline-data stays
	@rm -rf .venv .venv-clients .venv-peers build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/js/node_modules tests/agents/node_modules tests/clients/node_modules bench/out src/*.egg-info
	@find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
