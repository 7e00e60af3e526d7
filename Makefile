# Everything that is done with this project starts here; `make help` tells what there is.
# The work itself stands in scripts/, in Python's standard library, so that a bare machine can run it.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# The first Python of this machine that is new enough; `make run PYTHON=/path/to/python3.12` takes another one.
PYTHON ?= $(or $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done),python3)

.PHONY: help run prod demo demo-clear dev prepare test check lint bench faults soak fuzz audit sbom lock clean

help: ## This list
	@echo 'Lianxi CRM. Variables go behind the goal: make run PORT=8000 HOST=0.0.0.0'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: ## Start the product on http://127.0.0.1:5000 (PORT, HOST, DATA_DIR, DATABASE_URL ...: see README)
	@$(PYTHON) -m scripts.start run

demo: ## The same with a demo data set of its own, in instance-demo; prints the sign-ins
	@$(PYTHON) -m scripts.start demo

demo-clear: ## Remove the demo data set
	@$(PYTHON) -m scripts.start demo-clear

prod: ## The big shape on this machine: nginx, 4 workers, the job worker (needs DATABASE_URL and REDIS_URL)
	@$(PYTHON) -m scripts.start prod

dev: ## Pages and server that reload when a file changes, on http://127.0.0.1:5173 (PAGES_PORT)
	@$(PYTHON) -m scripts.start dev

prepare: ## Bring all packages for development and build the pages, start nothing
	@$(PYTHON) -m scripts.start prepare

test: ## All checks and tests on SQLite, PostgreSQL, Redis and Chromium; brings what they need (STEPS="pytest vitest")
	@$(PYTHON) -m scripts.suite $(STEPS)

check: test ## What CI runs: lint, types and tests

lint: ## Only the checks that read the code: style, types, import rules (seconds to a minute)
	@$(PYTHON) -m scripts.suite --static

bench: ## Measure requests and reports against bare baselines (ARGS="--only reports"); writes bench/latest.json
	@$(PYTHON) -m scripts.start bench

faults: ## Break parts of the running product under load (ONLY="F1 F3", ARGS="--seconds 10"); writes docs/reliability.md
	@$(PYTHON) -m scripts.start faults

soak: ## Run under a light load for 20 minutes; what grows goes to docs/reliability.md (ARGS="--hours 4")
	@$(PYTHON) -m scripts.start soak

fuzz: ## Try the whole API as each role, 200 cases an operation; takes hours (ARGS="--roles sales --examples 20")
	@$(PYTHON) -m scripts.start fuzz

audit: ## Ask what is known against the locked packages; a machine without network says so
	@$(PYTHON) -m scripts.supply audit

sbom: ## Write artifacts/sbom.json: what the product is made of, as CycloneDX
	@$(PYTHON) -m scripts.supply sbom

lock: ## Resolve all versions anew from pyproject.toml and package.json, and lock them with hashes
	@$(PYTHON) -m scripts.lock

clean: ## Remove everything that is made again by itself; the data stay
	rm -rf .venv .node .build artifacts frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache
