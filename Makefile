# make demo, make test, make bench, make train: each from a bare machine with Python 3.11 and PyPI.

PYTHON ?= python3
BIN := .venv/bin
DATA ?= ../shared/data
JOBS ?= 2

.PHONY: demo test test-pillow test-matrix test-arm test-wasm lint format dist bench share rd train clean

demo: .venv/demo
	$(BIN)/python -m pillow_colorgrid demo

test: .venv/all
	$(BIN)/python -m pytest -n $(JOBS)

# Pillow's whole own suite, with this plugin imported and without it: some minutes.
test-pillow: .venv/all
	$(BIN)/python -m pytest -m pillow_suite

# The same bytes elsewhere: other releases of Python and of what the package needs (some minutes for
# each of nine cells, resumable; CELLS="--all" runs all tests in them), ARM by emulation, WebAssembly
# in Node. docs/determinism.md tells the results.
test-matrix: .venv/all
	$(BIN)/python -m tests.compat.matrix --jobs $(JOBS) $(CELLS)

test-arm: .venv/all
	$(BIN)/python -m tests.compat.arm

test-wasm: .venv/all
	$(BIN)/python -m tests.compat.wasm

lint: .venv/all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict pillow_colorgrid
	$(BIN)/lint-imports

format: .venv/all
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Source distribution and wheel, as an index would get them: metadata, README and contents checked.
dist: .venv/all
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

# DATA holds train/ and eval/; the figures of a release are kept in tools/results/.
bench: .venv/all
	$(BIN)/python -m tools.bench --images $(DATA)/eval/kodak $(DATA)/eval/clic2025 --memory \
		--out tools/results/bench.tsv

share: .venv/all
	$(BIN)/python -m tools.bench.share --images $(wildcard $(DATA)/eval/*) --out tools/results/share.tsv

# Rate and distortion of mode="grid" beside JPEG, WebP, AVIF and JPEG XL: half an hour on two cores.
rd: .venv/all
	$(BIN)/python -m tools.rate_distortion curves --images $(DATA)/eval/kodak --jobs $(JOBS)
	$(BIN)/python -m tools.rate_distortion paper --images $(DATA)/eval/kodak --jobs $(JOBS)

train: .venv/all
	$(BIN)/python -m tools.train autoencoder --data $(DATA)/train --out runs/autoencoder --resume

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/demo: .venv/bin/python setup.cfg
	$(BIN)/python -m pip install --quiet --editable ".[demo]"
	touch $@

.venv/all: .venv/bin/python setup.cfg
	$(BIN)/python -m pip install --quiet --editable ".[demo,test,bench,train]"
	touch $@ .venv/demo

clean:
	rm -rf .venv .venv-matrix build dist *.egg-info runs
