# The two commands of the README, `make demo` and `make test`, need only Python, pip and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-slow test-vm test-vm-arm64 test-aarch64 coverage soak bench-peers lint types dist deb clean

demo: $(VENV)/.device
	$(BIN)/edge-fer demo

# A process for each processor; a file's tests stay together, as they share what they build.
test: lint types
	$(BIN)/python -m pytest -m "not slow" --numprocesses logical --maxprocesses 4 --dist loadfile

# The fast tests with the share of lines and branches that they run, the lowest modules first; also
# where a test failed. Tracebacks of Python's own kind: pytest's parse the source, and CPython before
# 3.11.8 ends the whole run there with "AST constructor recursion depth mismatch" (gh-106905).
coverage: $(VENV)/.workstation
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not slow" --tb=native \
		--numprocesses logical --maxprocesses 4 --dist loadfile; echo $$? > .coverage-tests
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
	exit $$(cat .coverage-tests)

# What takes minutes: fuzzing, other runtimes in their own environments, hours of simulated traffic.
test-slow: $(VENV)/.workstation
	$(BIN)/python -m pytest -m "slow and not vm"

# The package on a Debian with a kernel of its own under qemu: systemd, CAN, cameras, USB serial ports,
# power cuts. Skips where it cannot: needs root and `apt install mmdebstrap qemu-system-x86 qemu-utils`.
# VM_TESTS=tests/vm/test_service.py takes a part of it.
VM_TESTS ?= tests/vm

test-vm: $(VENV)/.workstation deb
	$(BIN)/python -m pytest -m vm $(VM_TESTS)

# The package for arm64 on a Debian Trixie with a kernel of its own: boot, service, camera, CAN, golden
# images, demo, units and udev rules. Slower. Needs also `apt install qemu-system-arm qemu-user-static
# kmod cpio gcc-aarch64-linux-gnu libc6-dev-arm64-cross` and Linux 6.7.
VM_ARM64_TESTS ?= tests/vm/test_booted.py tests/vm/test_kernel.py tests/vm/test_service.py

test-vm-arm64: export EDGE_FER_VM_ARCH = arm64
test-vm-arm64: $(VENV)/.workstation
	$(MAKE) deb DEB_ARCH=arm64 DEB_PYTHON=3.13
	$(BIN)/python -m pytest -m vm $(VM_ARM64_TESTS)

# A million frames through the whole daemon at full speed: an hour or more, and a verdict.
SOAK_FRAMES ?= 1000000

soak: $(VENV)/.device
	$(BIN)/edge-fer benchmark soak $(SOAK_FRAMES)

# The package on arm64 under qemu, as a Raspberry Pi would run it, and the instructions that it takes;
# skips where it cannot. Needs root, `apt install debootstrap qemu-user-static` and Linux 6.7, to count
# `apt install gcc qemu-user` too.
test-aarch64: $(VENV)/.device
	PYTHON=$(abspath $(BIN))/python tests/aarch64/run.sh

# Other programs on the same faces and frames, each in its own environment below .venv-peers (8 GB,
# and an hour on two cores with the downloads). FER2013 and clips are not part of the repository.
PEERS_DATA ?= ../shared/fer2013/fer2013.csv.gz
PEERS_CLIPS ?= ../shared/clips

bench-peers: $(VENV)/.workstation
	$(BIN)/python -m tests.benchmarks.peers --data $(PEERS_DATA) --clips $(PEERS_CLIPS) --out docs

lint: $(VENV)/.workstation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/vulture

types: $(VENV)/.workstation
	$(BIN)/mypy

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# What a device needs, and no more.
$(VENV)/.device: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --editable .
	touch $@

$(VENV)/.workstation: $(VENV)/.device
	$(PIP_INSTALL) --editable '.[workstation,test]'
	touch $@

# The sdist, and the wheel that is built from it.
dist: | $(BIN)/python
	$(PIP_INSTALL) 'build>=1,<2'
	rm -rf build/lib
	$(BIN)/python -m build --outdir dist .

# A Debian package with all its wheels, for this machine; for a Raspberry Pi with Bookworm
# `make deb DEB_ARCH=arm64`, with Trixie DEB_PYTHON=3.13 as well. Needs dpkg-deb.
DEB_ARCH ?= $(shell dpkg --print-architecture)
DEB_PYTHON ?= 3.11
DEB_MACHINE = $(if $(filter arm64,$(DEB_ARCH)),aarch64,x86_64)
DEB_PLATFORMS = $(foreach tag,2_17 2_27 2_28 2_31 2_34,manylinux_$(tag)) manylinux2014
DEB_VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' edge_fer/version.py)
DEB_WHEELS = build/wheels-$(DEB_ARCH)-$(DEB_PYTHON)

# Times in wheel and package are those of the commit, so that the same tree gives the same bytes.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)

deb: | $(BIN)/python
	rm -rf $(DEB_WHEELS) build/lib
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir $(DEB_WHEELS) .
	$(BIN)/python -m pip download --quiet --constraint constraints.txt --dest $(DEB_WHEELS) \
		--only-binary :all: --python-version $(DEB_PYTHON) \
		$(foreach platform,$(DEB_PLATFORMS),--platform $(platform)_$(DEB_MACHINE)) \
		"$(DEB_WHEELS)/edge_fer-$(DEB_VERSION)-py3-none-any.whl[signing,recording]"
	systemd/build-deb.sh $(DEB_WHEELS) $(DEB_VERSION) $(DEB_ARCH) python$(DEB_PYTHON) \
		build/edge-fer_$(DEB_VERSION)_$(DEB_ARCH).deb

clean:
	rm -rf $(VENV) .venv-peers build dist *.egg-info .coverage* .import_linter_cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
