# The environment is .venv, made from the hash-pinned locks in requirements/. Nothing is installed outside it.

PYTHON ?= python3 python3.13 python3.12 python3.11
ARGS ?=

# Much of a test's time is waiting for processes. Each worker of pytest has servers of its own.
PARALLEL ?= --numprocesses=logical --maxprocesses=4 --dist=worksteal

BIN := .venv/bin
TORCH := .venv-torch/bin

# --no-build-isolation: the few packages that come as source are built with the pinned tools of build.txt.
# --no-compile: bytecode is written for what is imported; for everything it takes 150 MB and half the time.
INSTALL := install --quiet --disable-pip-version-check --no-compile --no-build-isolation
LOCKED := $(INSTALL) --require-hashes
PROJECT := $(INSTALL) --no-deps --editable .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up check test test-torch bench lock docs clean

##@ Use
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: .venv/main.stamp ## Two published episodes from the documents in examples/, no key needed
	$(BIN)/podmill demo $(ARGS)

up: .venv/main.stamp ## The node: broker, workers, beat, web pages; Ctrl-C drains it
	$(BIN)/podmill up $(ARGS)

##@ Work on it
check: .venv/dev.stamp ## Lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/dev.stamp ## Every test but those of the heavy extras; ARGS="-k feed" narrows
	@tests/servers/install
	$(BIN)/python -m pytest -m "not torch" $(PARALLEL) $(ARGS)

test-torch: .venv-torch/dev.stamp ## The tests of the heavy extras (openai-whisper, Kokoro) and of voices, in .venv-torch
	$(TORCH)/python -m pytest -m "torch or kokoro" $(ARGS)

bench: .venv/main.stamp ## Seconds per episode-minute by step, and the overhead of the chain
	$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/main.stamp ## Writes docs/configuration.md from the settings, and the table of errors in docs/operations.md
	$(BIN)/python docs/generate_configuration.py
	$(BIN)/python docs/generate_recovery.py

lock: .venv/dev.stamp ## Resolves the newest allowed versions into requirements/*.txt
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python requirements/lock.py

clean: ## Removes the environments and caches; published episodes and data stay
	rm -rf .venv .venv-torch .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

# The first of $(PYTHON) that fits.
%/bin/python:
	@for python in $(PYTHON); do \
		$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
		$$python -c 'import ensurepip' 2>/dev/null || \
			{ echo "Python's venv is missing. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
		exec $$python -m venv $*; \
	done; \
	echo "Podmill needs Python 3.11, 3.12 or 3.13. On Debian or Ubuntu: apt-get install python3 python3-venv" >&2; exit 1

%/build.stamp: requirements/build.txt | %/bin/python
	$*/bin/python -m pip $(LOCKED) -r requirements/build.txt
	@touch $@

.venv/main.stamp: requirements/main.txt pyproject.toml .venv/build.stamp
	$(BIN)/python -m pip $(LOCKED) -r requirements/main.txt
	$(BIN)/python -m pip $(PROJECT)
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/main.stamp
	$(BIN)/python -m pip $(LOCKED) -r requirements/main.txt -r requirements/dev.txt
	@touch $@

# --no-deps: the locks are complete, and the declared dependencies of resemblyzer are not installable.
# PyTorch's CPU build where pip is offered it (200 MB), else the registry's with the CUDA libraries it needs (5 GB).
TORCH_TIER := requirements/torch.txt requirements/torch-cpu.txt requirements/cuda.txt
.venv-torch/dev.stamp: requirements/main.txt requirements/dev.txt $(TORCH_TIER) pyproject.toml .venv-torch/build.stamp
	$(TORCH)/python -m pip $(LOCKED) --no-deps -r requirements/main.txt -r requirements/dev.txt -r requirements/torch.txt
	$(TORCH)/python -m pip $(LOCKED) --no-deps -r requirements/torch-cpu.txt 2>/dev/null || \
		$(TORCH)/python -m pip $(LOCKED) --no-deps -r requirements/cuda.txt
	$(TORCH)/python -m pip $(PROJECT)
	@touch $@

.SECONDARY:
