.DEFAULT_GOAL := help
.PHONY: help setup demo check generate test e2e e2e-newest e2e-model e2e-controller e2e-verdict faults mutants harmless audit new-kind record soak-good pictures dashboard bench image manifests lock clean
PYTHON ?= python3
bin := .venv/bin
pip_compile := CUSTOM_COMPILE_COMMAND="make lock" $(bin)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "%-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.ready ## make .venv with the sre-watchdog command in it

.venv/.ready: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make setup: needs Python 3.11 or newer, and $(PYTHON) is not: try make PYTHON=python3.11 setup" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "make setup: $(PYTHON) cannot make a virtual environment (on Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing into .venv: about a minute, once" && $(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . && touch $@

demo: setup ## heal a broken deployment in an embedded cluster: no cluster, key or root
	@$(bin)/sre-watchdog demo

check: setup ## format, lint, types, stale generated files
	$(bin)/ruff format --check . && $(bin)/ruff check .
	$(bin)/mypy
	$(bin)/python docs/generate_chart.py --check
	$(bin)/python docs/generate.py --check

generate: setup ## write what is made from code: the pages of settings and of kinds
	@$(bin)/python docs/generate.py

test: setup ## every test; end-to-end ones where a cluster can be had, and always under CI=true
	@$(bin)/python -m tests.run

e2e: setup ## end-to-end tests only
	@$(bin)/pytest tests/e2e

e2e-newest: setup ## all tests that need servers, on the newest Kubernetes, Prometheus and Alertmanager; builds them first, 25 minutes, once
	@KUBERNETES=newest $(bin)/pytest -m "cluster or plane or chart" tests/e2e tests/chart tests/component

e2e-model: setup ## passes with a real small model, LiteLLM and Portkey; builds the first one's server, 12 minutes, once
	@$(bin)/pytest -s tests/e2e/real_model.py tests/e2e/real_gateways.py

e2e-controller: setup ## Argo Rollouts' own controller beside an API server; builds it first, 20 minutes, once
	@$(bin)/pytest -s tests/e2e/rollouts_controller.py

e2e-verdict: setup ## 20 broken Helm releases with passes beside them: what Helm says; 9 minutes
	@$(bin)/pytest -s tests/e2e/helm_verdict.py

faults: setup ## write docs/faults.md from what the tests of the fault catalogue see
	@SEEN=write $(bin)/pytest -q tests/component/test_faults.py

mutants: setup ## plant small defects in what keeps you safe and count those that tests notice; three hours
	@$(bin)/python -m tests.mutants
	@$(bin)/pytest -s tests/chart/wall_mutants.py

harmless: setup ## count in how many of 100,000 windows of harmless log lines a cause is read; minutes
	@$(bin)/python -m tests.support.harmless_logs

audit: ## known weaknesses of the pinned dependencies (needs the network)
	@$(PYTHON) -m venv .venv-audit && .venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	@.venv-audit/bin/pip-audit --require-hashes --disable-pip --requirement requirements.txt

soak-good: setup ## 104 good and 30 bad releases on a real cluster, with passes all the while; 40 minutes
	@$(bin)/pytest -s tests/e2e/soak_good.py

new-kind: setup ## write the skeleton of a failure kind: NAME=disk_slow
	@$(bin)/python docs/new_kind.py $(NAME)

record: setup ## record what a real cluster says of every drill, for the unit tests
	@$(bin)/pytest tests/recorded/record.py

pictures: setup ## draw Slack's messages, the HTML report and a terminal: docs/pictures (needs Chromium)
	@$(bin)/python docs/pictures.py

dashboard: setup ## draw the dashboard from what a real Prometheus scraped: docs/dashboard.svg
	@DASHBOARD_PICTURE=docs/dashboard.svg $(bin)/pytest tests/e2e/test_dashboard.py

bench: args = --case 20000/0/500 --case 20000/40/500
bench: setup ## what a pass costs; args= names sizes, a peer, or soak or shards (docs/performance.md)
	@$(bin)/python -m benchmarks $(args)

image: ## build the image with docker, podman or buildah; PYTHON_IMAGE names another base
	@.ci/image sre-watchdog:dev $(if $(PYTHON_IMAGE),--build-arg PYTHON_IMAGE=$(PYTHON_IMAGE))

manifests: setup ## write what is made from the chart: its README, deploy/ (needs helm)
	@$(bin)/python docs/generate_chart.py

lock: setup ## pin every dependency again, with hashes
	@$(pip_compile) --upgrade --extra notify --output-file requirements.txt pyproject.toml
	@$(pip_compile) --upgrade --extra demo --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	@$(pip_compile) --upgrade --only-build-deps --build-deps-for wheel --constraint requirements-dev.txt --output-file requirements-build.txt pyproject.toml

clean: ## remove what the other targets made
	@rm -rf .venv .venv-audit .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
