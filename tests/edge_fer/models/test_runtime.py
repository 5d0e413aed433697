"""Opening a model: the right one runs, any other is refused in one line."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edge_fer.errors import UserError
from edge_fer.models import runtime
from edge_fer.models.golden import golden_images
from edge_fer.models.runtime import open_model, write_input

Repack = Callable[[bytes, Callable[[Any], None]], bytes]


def tensors(model: Any) -> dict[str, Any]:
    return {
        name.decode() if isinstance(name := tensor.name, bytes) else name: tensor
        for tensor in model.subgraphs[0].tensors
    }


def refused(content: bytes) -> str:
    with pytest.raises(UserError, match=r"^thing: ") as error:
        open_model(content, "thing")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400
    return str(error.value)


def test_with_and_without_xnnpack_within_one_unit(tiny_int8: bytes) -> None:
    fast, plain = (open_model(tiny_int8, "tiny", xnnpack=xnnpack) for xnnpack in (True, False))
    for image in golden_images().values():
        answer = fast.run(image)
        assert (answer.dtype.name, answer.shape) == ("int8", (7,))
        assert np.abs(answer.astype(int) - plain.run(image)).max() <= 1
    assert fast.runtime in ("ai-edge-litert", "tflite-runtime")


def test_a_network_that_xnnpack_refuses_has_the_runtimes_own_kernels(
    tiny_int8: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, opened = runtime.open_interpreter, []

    def refuse(content: bytes, *, threads: int = 1, xnnpack: bool = True) -> tuple[Any, str]:
        opened.append(xnnpack)
        if xnnpack:
            raise RuntimeError("failed to create XNNPACK runtime")
        return plain(content, threads=threads, xnnpack=False)

    monkeypatch.setattr(runtime, "open_interpreter", refuse)
    model = open_model(tiny_int8, "tiny")
    assert model.run(golden_images()["grey"]).shape == (7,)
    assert model.delegate is None
    assert opened == [True, False]


def test_a_byte_becomes_itself_minus_128() -> None:
    face = np.arange(48 * 48, dtype=np.int64).reshape(48, 48).astype(np.uint8)
    out = np.full((1, 48, 48, 1), 99, np.int8)
    write_input(face, out)
    np.testing.assert_array_equal(out[0, :, :, 0], face.astype(np.int16) - 128)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 1000, bytes(range(256)) * 40, b"PK\3\4" + b"x" * 99]
)
def test_random_bytes(content: bytes) -> None:
    assert "not a TFLite file" in refused(content)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_truncated(tiny_int8: bytes, share: float) -> None:
    assert "cannot run this file" in refused(tiny_int8[: int(share * len(tiny_int8))])


def test_uint8_model(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        tensors(model)["face"].type = schema.TensorType.UINT8

    assert "input is uint8[1, 48, 48, 1]" in refused(repack(tiny_int8, change))


def test_image_of_a_mobilenet(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        tensors(model)["face"].shape = [1, 224, 224, 3]

    message = refused(repack(tiny_int8, change))
    assert "input is int8[1, 224, 224, 3]" in message
    assert "and not int8[1, 48, 48, 1]" in message


def test_batch_left_open(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        tensors(model)["face"].shapeSignature = [-1, 48, 48, 1]

    assert "input shape [-1, 48, 48, 1] is left open" in refused(repack(tiny_int8, change))


def test_other_scale(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        tensors(model)["face"].quantization.scale = [1 / 127.5]

    assert "scale 0.0078431" in refused(repack(tiny_int8, change))


def test_other_number_of_classes(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        tensors(model)["probabilities"].shape = [1, 8]

    assert "output is int8[1, 8]" in refused(repack(tiny_int8, change))


def test_two_outputs(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        model.subgraphs[0].outputs = [*model.subgraphs[0].outputs, 3]

    assert "2 outputs and not one" in refused(repack(tiny_int8, change))


def test_operator_of_others(tiny_int8: bytes, repack: Repack) -> None:
    def change(model: Any) -> None:
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = b"FlexErf"

    assert "Select TensorFlow op" in refused(repack(tiny_int8, change))
