# Two commands on a machine with Python 3.11 or newer, pip and make:
#   make report    everything, then the bilingual report on drawn faces
#   make test      everything, then lint and tests
# Both begin with `make setup`, once: the environment alone, in .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
REPORT_ARGS ?=

.PHONY: setup report test lint bench lock clean

report: $(READY)
	$(BIN)/hwlib report $(REPORT_ARGS)

test: $(READY) lint
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

bench: $(READY)
	$(BIN)/python benchmarks/vae_throughput.py
	$(BIN)/python benchmarks/gan_throughput.py

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; call make PYTHON=python3.x")'
	@echo "Setting up .venv: several GB are fetched and installed in silence; this takes minutes."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

# The lock pins versions and hashes for every platform, and no address: each machine asks its own index.
lock: $(READY)
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --extra dev \
	  --no-header --upgrade --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv report/build
