# make train   set up what is missing, then train the default detector and show where its pictures are
# make test    set up what is missing, then run the tests
# make docs    set up what is missing, then build the documentation into build/docs; a broken link fails
# make setup   the set-up alone: .venv with the versions of constraints.txt
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup train test lint docs clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@echo "setting up .venv ($$($(PYTHON) --version)): about 6 GB, a few minutes the first time"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)
	@echo "ready: source .venv/bin/activate, or call $(BIN)/zoo and $(BIN)/python"

train: $(READY)
	$(BIN)/python train.py task=detection data=satellite

test: $(READY)
	$(BIN)/python -m pytest -n 2

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/zoo readme --check
	$(BIN)/zoo docs --check

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
