# shellcheck shell=bash
# Runs inside the arm64 root, by inside.sh and once more on another processor; see run.sh.
set -euo pipefail
cd /root
models=$(venv/bin/python -c 'import edge_fer; print(edge_fer.__path__[0])')/models
echo "== the models' golden images"
for network in edge face eyes; do
    venv/bin/edge-fer model verify "$models/$network.tflite"
done
echo "== the answers of x86, unit for unit"
venv/bin/python tests/aarch64/answers.py answers-aarch64.npy answers-x86.npy
