"""What each operator of the network takes.

LiteRT's profiler is not part of its Python interface, and its delegate runs the whole graph as one
node. So the file is cut off behind its first, second, ... operator, and each piece is run: what one
operator takes is by how much its piece takes longer than the one before. The runtime treats a piece
as it treats the whole (same kernels, same delegate); the pieces run in turns, so that whatever else
the machine does hits all alike.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import flatbuffers
import numpy as np

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.operators import Operator, list_operators, tflite_schema
from edge_fer.models.runtime import open_interpreter
from edge_fer.quiet import quiet_output

METHOD = "truncated models"
_RUNS = 10  # of one piece before the next one's turn
_WARM_UP_TURNS = 2
# Interruptions only make a run longer: what a quarter of the runs stay under is the piece's own.
_PERCENTILE = 25


@dataclass(frozen=True, slots=True)
class OperatorTime:
    """One operator; `ms` may come out below zero where it is less than the noise.

    The first one's contains the call itself. `multiply_adds` is 0 where it has no weights.
    """

    name: str
    output: tuple[int, ...]
    multiply_adds: int
    ms: float
    share: float  # of the whole network


@dataclass(frozen=True, slots=True)
class OperatorTimes:
    """All operators in the order of execution; `total_ms` is the whole network, invoked."""

    method: str
    threads: int
    runs: int  # of each piece
    total_ms: float
    operators: tuple[OperatorTime, ...]


def measure_operators(path: Path, seconds: float, threads: int = 1) -> OperatorTimes:
    """Measure the operators of a model for `seconds` in all.

    UserError where the file cannot be read or run.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            ModelReason.UNREADABLE, f"benchmark: {path}: cannot be read ({error.strerror})"
        ) from error
    operators = list_operators(content, str(path))
    try:
        pieces = [
            _runner(first_operators(content, count), threads)
            for count in range(1, len(operators) + 1)
        ]
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            ModelReason.UNSUPPORTED, f"benchmark: {path}: a piece of it does not run ({reason})"
        ) from error
    taken_s = _in_turns(pieces, seconds)
    ends_ms = [1000.0 * float(np.percentile(times, _PERCENTILE)) for times in taken_s]
    total_ms = ends_ms[-1]
    found = [
        OperatorTime(
            operator.name,
            operator.output_shape,
            multiply_adds(operator),
            end_ms - begin_ms,
            (end_ms - begin_ms) / total_ms,
        )
        for operator, begin_ms, end_ms in zip(operators, [0.0, *ends_ms[:-1]], ends_ms, strict=True)
    ]
    return OperatorTimes(METHOD, threads, len(taken_s[0]), total_ms, tuple(found))


def first_operators(content: bytes, count: int) -> bytes:
    """Return a `.tflite` file that ends behind the first `count` operators of `content`."""
    schema = tflite_schema()
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    graph = model.subgraphs[0]
    graph.operators = graph.operators[:count]
    graph.outputs = graph.operators[-1].outputs
    model.signatureDefs = []  # they name the outputs of the whole
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def multiply_adds(operator: Operator) -> int:
    """Return the multiply-adds of one run; 0 where the operator has no weights."""
    if not operator.weights:
        return 0
    if operator.name == "CONV_2D":  # [outputs, height, width, inputs] at each place of the output
        return math.prod(operator.weights) * math.prod(operator.output_shape[1:3])
    if operator.name == "DEPTHWISE_CONV_2D":  # [1, height, width, outputs]
        return math.prod(operator.weights) * math.prod(operator.output_shape[1:3])
    return math.prod(operator.weights)


def _runner(content: bytes, threads: int) -> Callable[[], None]:
    with quiet_output():
        interpreter, _ = open_interpreter(content, threads=threads)
        interpreter.allocate_tensors()
    details = interpreter.get_input_details()[0]
    noise = np.random.default_rng(1).integers(-128, 128, details["shape"])
    interpreter.set_tensor(details["index"], noise.astype(details["dtype"]))
    run: Callable[[], None] = interpreter.invoke
    return run


def _in_turns(pieces: Sequence[Callable[[], None]], seconds: float) -> list[list[float]]:
    """Return the seconds that each run of each piece took."""
    taken_s: list[list[float]] = [[] for _ in pieces]
    end_s, turn = time.perf_counter() + seconds, 0
    while turn <= _WARM_UP_TURNS or time.perf_counter() < end_s:
        for piece, times in zip(pieces, taken_s, strict=True):
            for _ in range(_RUNS):
                started_s = time.perf_counter()
                piece()
                if turn >= _WARM_UP_TURNS:
                    times.append(time.perf_counter() - started_s)
        turn += 1
    return taken_s
