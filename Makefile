# Everything a checkout needs: `make demo` and `make test` set up what they use by themselves.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
# Much of a test is waiting for a virtual radio, so three at a time help even on two cores.
WORKERS ?= 3
CODE := gateway api policy schoolgate_client tests bench
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Only what a lock names, with its hash, and only wheels: nothing is compiled and nothing else is fetched.
LOCKED := $(BIN)/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: --requirement
# Schoolgate itself is built with the locked setuptools, without an index.
ITSELF := $(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .

.PHONY: help demo test test-unit proof check bench fuzz contract soak docs lock clean install upgrade rollback uninstall deb test-service test-machine
.DELETE_ON_ERROR:

help:
	@echo 'make demo       the main job, with a virtual phone network (no modem needed)'
	@echo 'make test       every test'
	@echo 'make test-unit  the tests that start no other process'
	@echo 'make proof      each rule of the policy taken away in turn: its tests must fail'
	@echo 'make check      formatting, lint, types, layers'
	@echo 'make bench      the measurements (ARGS=name for some of them)'
	@echo 'make fuzz       bytes that nobody would send, at the decoders (ARGS="--seconds 600")'
	@echo 'make contract   whatever the description of the API permits, and what it does not (ARGS="--seconds 600")'
	@echo 'make soak       lives with every fault at random, and the ledger (ARGS="--seeds 20 --seconds 60")'
	@echo 'make docs       remake docs/configuration.md from the settings'
	@echo 'make lock       remake the lock files (needs uv)'
	@echo 'make clean      remove what the others made'
	@echo 'sudo make install, upgrade, rollback, uninstall   the service on this machine (docs/quickstart.md)'
	@echo 'make deb        the same as a Debian package, in dist/'
	@echo 'sudo make test-service   the service on a clean Debian, booted in a container'
	@echo 'sudo make test-machine   the same on a computer in QEMU: USB, power cuts (not part of the CI)'

demo: $(VENV)/run.stamp
	@$(BIN)/schoolgate demo $(ARGS)

test: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

test-unit: $(VENV)/dev.stamp
	@$(BIN)/python -m pytest -m 'not system' $(ARGS)

proof: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.policy.proof $(ARGS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp
	@$(BIN)/python -m bench.run $(ARGS)

docs: $(VENV)/run.stamp
	@$(BIN)/python -m gateway.cli.manual configuration > docs/configuration.md

# -- the service: systemd/install.sh says what goes where ------------------------------------------------

SYSTEM_PYTHON ?= /usr/bin/python3
PREFIX ?= /usr/local
export SYSTEM_PYTHON PREFIX DESTDIR

install upgrade rollback uninstall:
	@sh systemd/install.sh $@

deb:
	@sh systemd/deb.sh

test-service:
	@bash tests/service/run.sh service $(ARGS)

test-machine:
	@bash tests/service/run.sh machine $(ARGS)

fuzz: $(VENV)/dev.stamp
	@$(BIN)/python -m bench.fuzz $(ARGS)

contract: $(VENV)/dev.stamp
	@$(BIN)/python -m bench.contract $(ARGS)

soak: $(VENV)/dev.stamp
	@$(BIN)/python -m bench.soak $(ARGS)

# -- setting up: once, and again when a lock changes ------------------------------------------------

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo 'Installing what Schoolgate runs on into $(VENV) (once, about a minute) ...'
	@$(LOCKED) requirements.lock
	@$(ITSELF)
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo 'Installing what its tests and checks need into $(VENV) (once, about a minute) ...'
	@$(LOCKED) requirements-dev.lock
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo 'Python 3.11 or newer is missing. On Debian: sudo apt install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Schoolgate needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Another: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo 'Python cannot make virtual environments here. On Debian: sudo apt install python3-venv' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# The locks hold for every Python from 3.11 on and name no index. setuptools is what builds Schoolgate.
COMPILE := $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command 'make lock'
BUILD := $(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")'

lock:
	@command -v $(UV) >/dev/null || { echo 'make lock needs uv (any recent version) on the PATH, or UV=…' >&2; exit 1; }
	$(BUILD) | $(COMPILE) pyproject.toml - --output-file requirements.lock
	$(BUILD) | $(COMPILE) --extra dev --constraint requirements.lock pyproject.toml - --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .demo build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
