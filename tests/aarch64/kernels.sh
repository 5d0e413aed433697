# shellcheck shell=bash
# Runs inside the arm64 root, by inside.sh and once more on another processor; see run.sh.
set -euo pipefail
cd /root
models=$(venv/bin/python -c 'import edge_fer; print(edge_fer.__path__[0])')/models
echo "== the models' golden images"
venv/bin/edge-fer model verify "$models/edge.tflite"
venv/bin/edge-fer model verify "$models/eyes.tflite"
echo "== the answers of x86, unit for unit"
venv/bin/python tests/aarch64/answers.py answers-aarch64.npy answers-x86.npy
