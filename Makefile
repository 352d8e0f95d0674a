# `make demo`, `make test` and `make lint` are `python develop.py demo` and so on, which sets up a virtual environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench
SOURCES := ProstateAlignRefine Testing docs/examples docs/links.py develop.py

.PHONY: demo test check lint format trust docs screenshots bench bench-engines ablation starter-gpu mutants clean

demo test check lint:
	$(PYTHON) develop.py $@

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix --exit-zero --quiet $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

trust: $(VENV)/.installed-test
	$(BIN)/python Testing/host/trust_table.py

docs: $(VENV)/.installed-test
	$(BIN)/python Testing/host/command_page.py
	$(BIN)/mkdocs build --strict

screenshots: $(VENV)/.installed-test
	$(BIN)/python Testing/host/screenshots.py

bench: $(VENV)/.installed-test bench-engines
	$(BIN)/python Testing/Benchmarks/bench_gate.py
	$(BIN)/python Testing/Benchmarks/bench_release.py
	$(BIN)/python Testing/Benchmarks/bench_training.py
	$(BIN)/prostate-align-refine benchmark -o bench/figures --cache bench/studies --workers 2

# Beside the real nnU-Net and OpenVINO, in an environment of their own.
bench-engines: $(BENCH_VENV)/.installed
	OMP_NUM_THREADS=1 $(BENCH_VENV)/bin/python Testing/Benchmarks/bench_engines.py

# One-line faults in the library, and which of them the tests notice. A sample: `make mutants SEED=2 FAULTS=60 MINUTES=30`.
SEED ?= 1
FAULTS ?= 100
MINUTES ?= 60
mutants: $(VENV)/.installed-test
	$(BIN)/python -m pip install --editable ".[mutants]"
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
starter-gpu: $(VENV)/.installed-test
	$(BIN)/prostate-align-refine train --config starter-gpu --minutes $(MINUTES_TO_TRAIN) --workers $(CORES) -o starter-gpu

clean:
	rm -rf $(VENV) $(BENCH_VENV) demo bench ablation starter-gpu site mutants.json

$(VENV)/.installed-test: pyproject.toml
	$(PYTHON) develop.py setup

$(BENCH_VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --editable ".[bench]"
	touch $@
