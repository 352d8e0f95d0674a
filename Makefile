# `make demo` and `make test` need Python 3.10 or newer (as python3) and set up their own virtual environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := ProstateAlignRefine Testing

.PHONY: demo test lint format trust screenshots bench ablation starter-gpu mutants clean

demo: $(VENV)/.installed
	$(BIN)/prostate-align-refine demo -o demo

test: $(VENV)/.installed-test lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.installed-test
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

trust: $(VENV)/.installed-test
	$(BIN)/python Testing/host/trust_table.py

screenshots: $(VENV)/.installed-test
	$(BIN)/python Testing/host/screenshots.py

bench: $(VENV)/.installed-test
	$(BIN)/python Testing/Benchmarks/bench_gate.py
	$(BIN)/python Testing/Benchmarks/bench_training.py
	$(BIN)/prostate-align-refine benchmark -o bench/figures --cache bench/studies --workers 2

# One-line faults in the library, and which of them the tests notice. A sample: `make mutants SEED=2 FAULTS=60 MINUTES=30`.
SEED ?= 1
FAULTS ?= 100
MINUTES ?= 60
mutants: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --editable ".[mutants]"
	$(BIN)/python Testing/Mutants/run.py --count $(FAULTS) --seed $(SEED) --minutes $(MINUTES) -o mutants.json

# SIZE is any training configuration: the one here needs hours of one CPU core, a larger one wants a GPU. It goes on
# where it was stopped.
SIZE ?= Testing/Benchmarks/ablation.toml
ablation: $(VENV)/.installed-test
	$(BIN)/python Testing/Benchmarks/ablation.py --config $(SIZE) --precision fp32 -o ablation/$(basename $(notdir $(SIZE))) \
		--report ablation/$(basename $(notdir $(SIZE)))/ablation.md

# A starter model from nothing, its studies made on the way; meant for one H100 and 16 cores. It goes on where it was stopped.
MINUTES_TO_TRAIN ?= 25
CORES ?= 16
starter-gpu: $(VENV)/.installed-train
	$(BIN)/prostate-align-refine train --config starter-gpu --minutes $(MINUTES_TO_TRAIN) --workers $(CORES) -o starter-gpu

clean:
	rm -rf $(VENV) demo bench ablation starter-gpu mutants.json

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-train: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[train]"
	touch $@ $(VENV)/.installed

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[test,slicer-host]"
	touch $@ $(VENV)/.installed
