# Every target works on a fresh clone: it creates the environment it needs under .venv/ and keeps it.
MATRIX := tools/python.sh -m tools.matrix
IN := tools/python.sh -m tools.environments

.DEFAULT_GOAL := help
.PHONY: help demo test lint format coverage upstream apps adopt fix bench batch loading record plans peers soak aggregation dashboard faults transfers overhead production docs messages browser toolbars clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Fill the example help desk and show what quell finds in it
	@$(IN) demo
	@cd example_project && ../.venv/demo/bin/python manage.py migrate --verbosity 0
	@cd example_project && ../.venv/demo/bin/python manage.py seed --tickets 500 --flush
	@cd example_project && ../.venv/demo/bin/python manage.py demo

test: ## Lint, types, import rules and tests on every Python, Django and database
	@$(MATRIX)

lint: ## Lint, types and import rules only
	@$(MATRIX) lint

format: ## Format the code, and repair what ruff can repair
	@$(IN) lint ruff check --quiet --fix-only .
	@$(IN) lint ruff format .

coverage: ## Like test, and require the minimum coverage of all cells together
	@$(MATRIX) --coverage

upstream: ## Run the complete tests of Django and of DRF with and without quell
	@$(call script,tools/upstream.py,py313-django61,python -m tools.upstream)

apps: ## Run third-party applications with quell on
	@$(call script,tools/apps.py,py313-django61,python -m tools.apps)

adopt: ## Install the wheel beside applications of the package index, and follow the tutorial
	@$(call script,tools/adoption.py,py313-django61,python -m tools.adoption)

fix: ## Write the fixes into copies of the help desk and of a third-party application
	@$(call script,tools/fixing.py,py313-django61,python -m tools.fixing)

bench: ## Measure what quell costs, as ratios against bare Django in the same run
	@$(call script,benchmarks/__main__.py,py313-django61,python -m benchmarks)

batch: ## Measure what batch_loading() costs and saves
	@$(call script,benchmarks/batch.py,py313-django61,python -m benchmarks.batch)

record: ## Record what the help desk needs, and let the file drift
	@$(call script,tools/recording.py,py313-django61,python -m tools.recording)

plans: ## Measure what recorded plans cost and save
	@$(call script,benchmarks/recording.py,py313-django61,python -m benchmarks.recording)

loading: ## Measure how serializers are loaded: by hand, by plans, by other tools
	@$(call script,benchmarks/loading.py,peers,python -W ignore -m benchmarks.loading)

aggregation: ## Compare statistics with what can be written by hand, over a million rows
	@$(call script,benchmarks/aggregation.py,py313-django61,python -m benchmarks.aggregation)

dashboard: ## Measure the statistics of the help desk, as separate queries and as one
	@$(call script,benchmarks/dashboard.py,py313-django61,python -m benchmarks.dashboard)

peers: ## Compare what quell finds and costs with other tools
	@$(call script,benchmarks/peers.py,peers,python -m benchmarks.peers)

soak: ## Answer 200,000 requests, and see that nothing is mixed up and nothing grows
	@$(call script,benchmarks/soak.py,soak,python -m benchmarks.soak)

faults: ## Crash the services of the help desk at every statement, and compare every cell of every table
	@$(call script,benchmarks/service_faults.py,py313-django61,python -m benchmarks.service_faults)

transfers: ## Transfer between 20 rows by 50 threads and by 200 tasks, beside other ways to run again
	@$(call script,benchmarks/service_concurrency.py,services,python -m benchmarks.service_concurrency)

overhead: ## Measure what a service costs over transaction.atomic(), sync and async
	@$(call script,benchmarks/service_cost.py,py313-django61,python -m benchmarks.service_cost)

production: ## Put the help desk under load, with the middleware and without it
	@$(call script,benchmarks/production.py,soak,python -m benchmarks.production)

docs: ## Build the documentation into build/docs; no warning is let through
	@$(IN) docs sphinx-build -W --keep-going -q docs build/docs
	@echo "build/docs/index.html"

messages: ## Bring the catalogues of translations up to date, and compile them
	@$(call script,tools/messages.py,py313-django61,python -m tools.messages)

browser: ## Run the tests that drive a real browser
	@$(call script,tools/browser.py,py313-django61,python -m tools.browser)

toolbars: ## Run the tests of the panel on each major version of django-debug-toolbar
	@$(call script,tools/toolbars.py,py313-django61,python -m tools.toolbars)

clean: ## Remove environments, caches and build results
	@rm -rf .venv .mypy_cache .ruff_cache .hypothesis .pytest_cache build dist htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

script = if [ -e $(1) ]; then $(IN) $(2) $(3); else echo "skipped: $(1) does not exist yet"; fi
