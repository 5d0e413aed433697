# The two commands of the README, `make demo` and `make test`, need only Python, pip and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-slow lint types clean

demo: $(VENV)/.device
	$(BIN)/edge-fer demo

test: lint types
	$(BIN)/python -m pytest -m "not slow"

# What takes minutes: fuzzing, other runtimes in their own environments, hours of simulated traffic.
test-slow: $(VENV)/.workstation
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.workstation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.workstation
	$(BIN)/mypy

# What a device needs, and no more.
$(VENV)/.device: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --editable .
	touch $@

$(VENV)/.workstation: $(VENV)/.device
	$(PIP_INSTALL) --editable '.[workstation,test]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
