# shellcheck shell=bash
# Runs inside the arm64 root; see run.sh.
set -euo pipefail
cd /root
uname -m
[ -x venv/bin/python ] || python3 -m venv --system-site-packages venv
# As a Pi's user would, from wheels alone.
venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels \
    --force-reinstall --no-deps wheels/edge_fer-*.whl
venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels \
    edge-fer pytest hypothesis jsonschema msgpack cryptography
venv/bin/edge-fer --version
bash tests/aarch64/kernels.sh
echo "== the demo"
# To the end of its scene, however long the start takes here.
timeout 400 venv/bin/edge-fer demo --json > demo.jsonl || true
venv/bin/python tests/aarch64/demo_is_good.py demo.jsonl
echo "== the device's tests"
# Of what differs by processor: pictures, kernels, shared memory, bytes. Not those that time something
# or search at random for minutes: an emulated processor is some twenty times slower.
venv/bin/python -m pytest -q -p no:cacheprovider -m "not slow" --rootdir /root \
    tests/edge_fer/models/test_{classifier,runtime,shipped_model,golden}.py tests/edge_fer/face/test_crop.py \
    tests/edge_fer/face/test_{cutting,head_pose}.py tests/edge_fer/camera/test_{condition,slots}.py \
    tests/firmware_bridge/e2e/test_profile22.py tests/firmware_bridge/protocol/test_slcan.py
