# SPDX-License-Identifier: Apache-2.0
# `make run` and `make test` are all that a fresh machine with Python 3.11+ needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements.lock setup.py 2>/dev/null | cksum | cut -d' ' -f1)
READY_ML := .venv-ml/.ready-$(shell cat requirements-ml.lock requirements-kernels.lock 2>/dev/null | cksum | cut -d' ' -f1)
READY_TORCH := .venv-torch/.ready-$(shell cat requirements-torch.lock requirements-kernels.lock requirements-mds.lock 2>/dev/null | cksum | cut -d' ' -f1)
READY_READERS := .venv-readers/.ready-$(shell cat requirements-readers.lock 2>/dev/null | cksum | cut -d' ' -f1)
READY_FORECASTING := .venv-forecasting/.ready-$(shell cat requirements-forecasting.lock 2>/dev/null | cksum | cut -d' ' -f1)
ARGS ?=
# Some images say so. Tests start many programs, and none should compile all of ours anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-slow test-recorded test-ml test-torch readers-load test-readers test-forecasting test-gcp test-flink test-operations test-month lint docs bench real-rows real-blocks screenshots flink-up flink-run flink-down flink-compare clean

help:  ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(READY):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	rm -f $(VENV)/.ready-* && touch $@

$(READY_ML):
	$(PYTHON) -m venv .venv-ml
	.venv-ml/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-ml.lock
	$(call unpack_kernels,.venv-ml)
	rm -f .venv-ml/.ready-* && touch $@

$(READY_TORCH):
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-torch.lock
	$(call unpack_kernels,.venv-torch)
	rm -rf build/mds
	.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/mds -r requirements-mds.lock
	rm -f .venv-torch/.ready-* && touch $@

# Libraries whose code is read in tests, function by function: without what they import, most of it for a GPU.
define unpack_kernels
rm -rf build/kernels
$(1)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --target build/kernels -r requirements-kernels.lock
endef

$(READY_FORECASTING):
	$(PYTHON) -m venv .venv-forecasting
	.venv-forecasting/bin/pip install --quiet --disable-pip-version-check -r requirements-forecasting.lock
	rm -f .venv-forecasting/.ready-* && touch $@

$(READY_READERS):
	$(PYTHON) -m venv .venv-readers
	.venv-readers/bin/pip install --quiet --disable-pip-version-check -r requirements-readers.lock
	rm -rf build/spark35
	.venv-readers/bin/pip install --quiet --disable-pip-version-check --no-deps --target build/spark35 pyspark==3.5.7
	rm -f .venv-readers/.ready-* && touch $@

run: $(READY)  ## install, and load five regions (synthetic without a key); ARGS="--regions=all …"
	$(BIN)/python -m pipelines.historical --runner=DirectRunner $(ARGS)

test: $(READY)  ## install, and run the tests (some six minutes on two cores)
	$(BIN)/python -m pytest -n auto --dist worksteal --timeout=600 -m "not slow and not flink and not recorded" $(ARGS)

test-slow: $(READY)  ## what is long, one more of a kind, or by an S3 server that Go builds
	$(BIN)/python -m pytest -m "slow" $(ARGS)

test-recorded: $(READY)  ## the tests on millions of real rows; RECORDED=folder says where (tests/data/README.md)
	$(BIN)/python -m pytest -m "recorded and not slow and not flink" $(ARGS)

test-ml: $(READY_ML)  ## the reader and the training example beside TensorFlow, JAX, grain and datasets
	.venv-ml/bin/python -m pytest -m "not recorded" tests/ringdata tests/examples $(ARGS)

test-torch: $(READY_TORCH)  ## the reader beside torch's context_parallel, Megatron-Core and MosaicML's streaming; installs 6 GB, so not in CI
	.venv-torch/bin/python -m pytest tests/ringdata/test_kernels.py tests/ringdata/test_kernels_torch.py $(ARGS)
	PYTHONPATH=build/mds .venv-torch/bin/python -m pytest tests/ringdata/test_training_format.py $(ARGS)

readers-load: $(READY)
	rm -rf build/readers && $(BIN)/python -m tests.readers.making build/readers

test-readers: $(READY_READERS) readers-load  ## tidy/ read by pandas, Spark 3.5 and 4.1 (Java 17), dask and the others
	.venv-readers/bin/python -m pytest tests/readers $(ARGS)

test-forecasting: $(READY_FORECASTING) readers-load  ## tidy/ as GluonTS, LOTSA, Nixtla and Darts take it
	.venv-forecasting/bin/python -m pytest tests/readers/test_forecasting.py $(ARGS)

test-gcp: $(READY)  ## Dataflow's job, built offline beside Beam's cloud part
	test -d build/gcp || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target build/gcp -r requirements-gcp.lock
	PYTHONPATH=.:build/gcp $(BIN)/python -m pytest tests/pipelines/test_dataflow.py $(ARGS)

OPERATIONS := tests/pipelines/test_stopping.py tests/pipelines/test_interrupt.py tests/pipelines/test_beaten.py tests/pipelines/test_follow.py \
  tests/pipelines/test_flink.py tests/pipelines/test_flink_watch.py tests/storage tests/flink

test-operations: $(READY)  ## stops, kills, lost machines, full disks and shared paces, on a real Flink too; ten kills of a worker in a row
	$(BIN)/python -m pytest $(OPERATIONS) $(ARGS)
	$(BIN)/python -m pytest tests/flink/test_losses.py -k killed_worker --times=10 $(ARGS)

test-flink: $(READY)  ## the tests on a real Flink cluster (Java 17, Maven and Go; Flink comes from PyPI)
	$(BIN)/python -m pytest -m "flink" $(ARGS)

test-month: $(READY)  ## thirty days of hourly updates on a disk and a bucket, killed fifty times while four readers read; hours
	UPDATES=720 $(BIN)/python -m pytest -m slow tests/storage/test_kept_up.py $(ARGS)

# Benchmarks by themselves: they import each other by bare names, and a test imports one as benchmarks.NAME.
lint: $(READY)  ## ruff, mypy --strict, which way imports go, how full the rooms are
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=benchmarks $(BIN)/mypy benchmarks
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/rooms.py

docs: $(READY)  ## the API page, from the docstrings, into build/docs
	$(BIN)/python tools/api.py

bench: $(READY)  ## the benchmarks, each printing ratios measured in one run
	for script in parsing screening assemble extract checks blocks reader; do $(BIN)/python benchmarks/$$script.py || exit 1; done

real-rows: $(READY)  ## the main job on real rows: make real-rows ROWS=region-data.parquet
	$(BIN)/python benchmarks/real_rows.py $(ROWS) $(ARGS)

real-blocks: $(READY)  ## every order, ring, config and format of a load's blocks against its tidy rows: make real-blocks OUTPUT=folder
	$(BIN)/python benchmarks/real_blocks.py $(OUTPUT) $(ARGS)

screenshots: $(READY)  ## the pictures of the report that the pages show: make screenshots OUTPUT=folder of a load
	$(BIN)/python -m tests.eia930.report.screenshots --output $(OUTPUT) --to docs/images

flink-compare: $(READY)  ## the load in one process and on the running cluster, checksums side by side; ROWS=FILE for real rows
	$(BIN)/python -m deploy.flink.compare $(if $(ROWS),--rows $(ROWS)) $(ARGS)

flink-up: $(READY)  ## a real Flink cluster on loopback: a JobManager with web UI, two TaskManagers; ARGS="--slots=2 …"
	$(BIN)/python -m deploy.flink.cluster up $(ARGS)

flink-run: $(READY)  ## the historical load on it; ARGS="--output=DIR …"
	$(BIN)/python -m pipelines.historical $$($(BIN)/python -m deploy.flink.cluster flags) $(ARGS)

flink-down: $(READY)  ## stop what flink-up started
	$(BIN)/python -m deploy.flink.cluster down

clean:  ## remove the environment and caches, not the data
	rm -rf $(VENV) .venv-ml .venv-torch .venv-readers build .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
