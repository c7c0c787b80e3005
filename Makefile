# `make test` is what CI runs; `make demo` is the main job on the examples. Each makes its own environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .venv-demo
DOCS := .venv-docs
AUDIT := .venv-audit
MUTATION := .venv-mutation

# A lock names everything that it needs, so pip resolves nothing: a newer release of a package can't break this.
# Old versions of pip resolve extras apart from the locked versions, and fail. The pip that Python brings along takes
# three times as long as the locked one, and compiles on one processor. As with pip, a file that does not compile (a
# template, say) is no error.
INSTALL = $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps
define install_lock
$(PYTHON) -c 'import sys; sys.exit("notifconf needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
$(PYTHON) -m venv --clear $(@D)
$(INSTALL) --require-hashes -r requirements/pip.txt
$(INSTALL) --require-hashes -r $<
-$(@D)/bin/python -m compileall -q -j 0 $(@D)/lib
endef
PIP_CHECK = $(@D)/bin/python -m pip --disable-pip-version-check check

.PHONY: help env demo test lint types layers check coverage bench laws torture mutation audit build docs outputs picture lock clean

help:            ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/' | expand -t 18

env: $(VENV)/.installed   ## make the environment, exactly as locked

# An editable install would be compiled at each start where nothing may be written.
$(VENV)/.installed: requirements/dev.txt requirements/pip.txt pyproject.toml
	$(install_lock)
	$(INSTALL) --no-build-isolation --editable .
	$(PIP_CHECK)
	$(BIN)/python -m compileall -q notifconf
	touch $@

$(DEMO)/.installed: requirements/runtime.txt
$(DOCS)/.installed: requirements/docs.txt
$(AUDIT)/.installed: requirements/audit.txt
$(MUTATION)/.installed: requirements/mutation.txt
$(DEMO)/.installed $(DOCS)/.installed $(AUDIT)/.installed $(MUTATION)/.installed:
	$(install_lock)
	$(PIP_CHECK)
	touch $@

demo: $(DEMO)/.installed   ## plan, apply and plan again on examples/, against the embedded emulator
	@PYTHON="$(CURDIR)/$(DEMO)/bin/python" sh examples/demo.sh

test: env lint types layers check   ## lint, types, import layers and tests: what CI runs

lint: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: env
	$(BIN)/mypy

layers: env
	$(BIN)/lint-imports

check: env
	$(BIN)/python -m pytest -n auto --dist worksteal

coverage: env    ## run the tests, and say which lines and branches none of them takes
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

laws: env        ## search longer, and at random, for what breaks a law of tests/ (some minutes)
	$(BIN)/python -m pytest -n auto -m hypothesis --hypothesis-profile=thorough

torture: env     ## kill it at every request, fail every request in every way, and print figures (some minutes)
	$(BIN)/python -m tests.torture

mutation: $(MUTATION)/.installed   ## change the planner and the executor, and see whether a test fails (long)
	PATH="$(CURDIR)/$(MUTATION)/bin:$$PATH" mutmut run $(MUTANTS)
	$(MUTATION)/bin/python tools/mutation.py

audit: $(AUDIT)/.installed   ## look the locked dependencies up among known vulnerabilities
	$(AUDIT)/bin/python tools/audit.py requirements/runtime.txt requirements/dev.txt

bench: env       ## measure what is claimed about speed, and write benchmarks/RESULTS.md (some minutes)
	$(BIN)/python -m benchmarks

build: env       ## build the wheel and the sdist into dist/
	$(BIN)/python -m hatchling build --clean

docs: $(DOCS)/.installed   ## build the documentation into site/; a broken link is an error
	$(DOCS)/bin/zensical build --clean --strict

outputs: env     ## write down anew what the commands of the documentation print
	$(BIN)/python -m tests.docs.console

picture: env     ## draw the documentation's pictures of HTML pages anew (needs chromium)
	PATH="$(CURDIR)/$(BIN):$$PATH" sh docs/images/picture.sh

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header --no-strip-extras
lock:            ## resolve the dependencies anew (needs uv)
	$(LOCK) --group dev pyproject.toml -o requirements/dev.txt
	$(LOCK) pyproject.toml -o requirements/runtime.txt
	$(LOCK) --group build -o requirements/build.txt
	$(LOCK) --group pip -o requirements/pip.txt
	$(LOCK) --group docs -o requirements/docs.txt
	$(LOCK) --group audit -o requirements/audit.txt
	$(LOCK) --group mutation --constraints requirements/dev.txt pyproject.toml -o requirements/mutation.txt

clean:           ## remove what the targets made
	rm -rf $(VENV) $(DEMO) $(DOCS) $(AUDIT) $(MUTATION) mutants site .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* dist
