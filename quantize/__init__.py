"""What runs on the workstation: FER2013, training, int8 conversion, evaluation and figures."""

import os

# Read when TensorFlow starts, so they have to stand here. Where a CPU has AVX2 but no AVX-512,
# TensorFlow leaves oneDNN off and gives each large tensor back to the system, whose pages it then
# faults in again. On two such cores a step of `edge` at 48 px cost 1.70 CPU seconds as it came,
# 1.24 with its own memory pool, and 0.95 with the pool and oneDNN.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its start-up remarks are not the user's
