"""Opens an int8 model with whichever TFLite runtime is there, and runs its raw bytes."""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.kind import EMOTIONS, ModelKind, TensorSpec
from edge_fer.models.operators import is_tflite
from edge_fer.quiet import quiet_output

# LiteRT first: with XNNPACK it runs int8 several times as fast as tflite-runtime does.
_RUNTIMES = (
    ("ai-edge-litert", "ai_edge_litert.interpreter"),
    ("tflite-runtime", "tflite_runtime.interpreter"),
)


_TOP_BIT = np.uint8(128)


class Int8Model:
    """An opened model: `run` takes an image and returns the output bytes as they are."""

    def __init__(self, interpreter: Any, runtime: str) -> None:
        self.runtime = runtime
        self._interpreter = interpreter
        # Each call gives a view of the runtime's own memory. It refuses to run while one is kept.
        self._input = interpreter.tensor(interpreter.get_input_details()[0]["index"])
        self._output = interpreter.tensor(interpreter.get_output_details()[0]["index"])

    @property
    def delegate(self) -> str | None:
        """What runs the graph in the runtime's place: XNNPACK, or None where nothing does.

        None, too, where a runtime does not give it: its list of operators is no public interface.
        """
        listed: list[dict[str, Any]] = getattr(self._interpreter, "_get_ops_details", list)()
        # The one that LiteRT brings in by itself; it replaces the graph by a node of this name.
        return "XNNPACK" if any(node["op_name"] == "DELEGATE" for node in listed) else None

    def run(self, face: NDArray[np.uint8]) -> NDArray[np.int8]:
        """Return the output, as int8[7] for one face, uint8[48, 48]."""
        write_input(face, self._input())
        self._interpreter.invoke()
        return np.array(self._output()[0], np.int8)


def write_input(image: NDArray[np.uint8], out: NDArray[np.int8]) -> None:
    """Write `image` (uint8[h,w]) into the model's input `out` (int8[1,h,w,1])."""
    # Its scale is 1/255 and its zero point -128. Flipping a byte's top bit subtracts 128 and reads
    # it as signed, without a wider type.
    np.bitwise_xor(image, _TOP_BIT, out=out.view(np.uint8)[0, :, :, 0])


def open_model(
    content: bytes,
    source: str,
    *,
    kind: ModelKind = EMOTIONS,
    threads: int = 1,
    xnnpack: bool = True,
) -> Int8Model:
    """Open the bytes of a `.tflite` file; `xnnpack` False runs the reference-like kernels.

    Where XNNPACK does not take the network, those run too (`Int8Model.delegate` is None then).

    UserError, naming `source`, when no runtime is installed, when the bytes are no TFLite file or a
    damaged one, and when input or output are not those of `kind`: another shape, a batch that is
    left open, uint8 or float. Bytes that nobody vouches for (no card with their sha256) belong into
    a process of their own, because a damaged file can bring a native runtime down.
    """
    if not is_tflite(content):
        raise ModelError(
            ModelReason.NOT_A_MODEL,
            f"{source}: not a TFLite file: {len(content)} bytes without 'TFL3' at byte 4",
        )
    try:
        try:
            model = _opened(content, source, kind, threads=threads, xnnpack=xnnpack)
        except (ValueError, RuntimeError):
            if not xnnpack:
                raise
            # XNNPACK takes fewer networks than the runtime's own kernels: scales far apart, say.
            model = _opened(content, source, kind, threads=threads, xnnpack=False)
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        runtime, _ = load_runtime()
        raise ModelError(
            ModelReason.UNSUPPORTED, f"{source}: {runtime} cannot run this file ({reason})"
        ) from error
    return model


def _opened(
    content: bytes, source: str, kind: ModelKind, *, threads: int, xnnpack: bool
) -> Int8Model:
    # Its remark that it uses XNNPACK comes from C++ and is not the user's.
    with quiet_output():
        interpreter, name = open_interpreter(content, threads=threads, xnnpack=xnnpack)
        _check(interpreter, kind, source)
        interpreter.allocate_tensors()
    model = Int8Model(interpreter, name)
    # Some damage shows only when it runs; the first run is a slow one anyway.
    model.run(np.zeros((kind.side_px, kind.side_px), np.uint8))
    return model


def open_interpreter(content: bytes, *, threads: int = 1, xnnpack: bool = True) -> tuple[Any, str]:
    """Return the runtime's own interpreter of a file of any kind, not yet allocated, and its name.

    ValueError where it cannot read the bytes, UserError when no runtime is installed.
    """
    name, module = load_runtime()
    options: dict[str, Any] = {"model_content": content, "num_threads": threads}
    if not xnnpack:
        options["experimental_op_resolver_type"] = (
            module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        )
    return module.Interpreter(**options), name


def load_runtime() -> tuple[str, Any]:
    """Return name and module of the first runtime that is there; UserError where there is none."""
    for name, module in _RUNTIMES:
        try:
            return name, importlib.import_module(module)
        except ImportError:
            continue
    raise ModelError(
        ModelReason.NO_RUNTIME, "no TFLite runtime is installed: pip install ai-edge-litert"
    )


def _check(interpreter: Any, kind: ModelKind, source: str) -> None:
    for which, all_details, wanted in (
        ("input", interpreter.get_input_details(), kind.input),
        ("output", interpreter.get_output_details(), kind.output),
    ):
        if len(all_details) != 1:
            raise ModelError(
                ModelReason.UNSUPPORTED, f"{source}: it has {len(all_details)} {which}s and not one"
            )
        details = all_details[0]
        if -1 in details["shape_signature"]:
            shape = [int(side) for side in details["shape_signature"]]
            raise ModelError(
                ModelReason.UNSUPPORTED,
                f"{source}: {which} shape {shape} is left open (-1): convert with a batch of one",
            )
        if (found := tensor_spec(details)) != wanted:
            raise ModelError(
                ModelReason.UNSUPPORTED,
                f"{source}: {which} is {_shown(found)} and not {_shown(wanted)}: "
                "is this a model of `edge-fer quantize`?",
            )


def tensor_spec(details: dict[str, Any]) -> TensorSpec:
    """Return the shape, type and quantization that the runtime reports of a tensor."""
    scale, zero_point = details["quantization"]
    return TensorSpec(
        tuple(int(side) for side in details["shape"]),
        np.dtype(details["dtype"]).name,
        float(scale),
        int(zero_point),
    )


def _shown(spec: TensorSpec) -> str:
    shape = ", ".join(map(str, spec.shape))
    return f"{spec.dtype}[{shape}] (scale {spec.scale:.7g}, zero point {spec.zero_point})"
