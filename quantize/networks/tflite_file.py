"""Opens `.tflite` files on the workstation, with the runtime that the device uses."""

from typing import Any

from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge_fer.errors import ModelError, ModelReason
from edge_fer.models.operators import is_tflite
from edge_fer.quiet import quiet_output


def open_interpreter(content: bytes, source: str, *, threads: int = 1) -> Any:
    """Return a LiteRT interpreter, ready to run; UserError naming `source` when it cannot be.

    Where XNNPACK does not take the network, it has the runtime's own kernels, as on a device
    (`edge_fer.models.runtime.open_model`).
    """
    if not is_tflite(content):
        raise ModelError(ModelReason.NOT_A_MODEL, f"{source}: not a TFLite file")
    try:
        with quiet_output():
            try:
                return _allocated(content, OpResolverType.AUTO, threads)
            except (ValueError, RuntimeError):
                return _allocated(
                    content, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, threads
                )
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            ModelReason.UNSUPPORTED, f"{source}: LiteRT cannot run this file ({reason})"
        ) from error


def _allocated(content: bytes, kernels: OpResolverType, threads: int) -> Any:
    interpreter = Interpreter(
        model_content=content, num_threads=threads, experimental_op_resolver_type=kernels
    )
    interpreter.allocate_tensors()
    return interpreter
