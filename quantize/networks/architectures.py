"""The networks that the project trains: `edge`, `edge-small`, `paper` and `teacher`.

`paper` reproduces a published one; `teacher` never leaves the workstation, where others learn from
its answers.

Every network takes float32[N, 48, 48, 1] grey pixels scaled to [0, 1] and returns float32[N, 7]
logits in FER2013 order. Normalisation beyond that scale is left to the first BatchNorm, so that
the int8 input stays the camera's byte minus 128.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from edge_fer.emotions import LABELS
from edge_fer.errors import UsageError, UsageReason
from edge_fer.models.kind import FACE_PX
from quantize.networks.blocks import normed_convolution

# Width of each convolution, one inner tuple a resolution (48, 24, 12, 6 px). Narrow where the
# pixels are many and wide where they are few: 0.996 M parameters, 102 M multiply-adds.
EDGE_WIDTHS: tuple[tuple[int, ...], ...] = ((32,), (48, 64), (96, 96, 128, 128), (192, 192))

# The same nine convolutions for processors without int8 dot products (Cortex-A72): 0.393 M
# parameters, 39.6 M multiply-adds. Each is a multiple of eight, as int8 kernels work on eight.
EDGE_SMALL_WIDTHS: tuple[tuple[int, ...], ...] = ((24,), (32, 40), (56, 64, 72, 72), (128, 128))

# A teacher may cost what no device could pay: 6.3 M parameters, 0.59 G multiply-adds. Narrow at
# 48 px, as `edge` is, for a batch of one epoch after another has to pass through it on two cores.
TEACHER_WIDTHS: tuple[int, ...] = (32, 96, 192, 384)
_BLOCKS = 2  # at each resolution, as in ResNet-18
_SQUEEZE = 16  # Hu et al. 2018: the reduction that they keep for all their networks

# Vulpe-Grigorasi and Grigore 2021, the best network of their random search.
PAPER_WIDTHS: tuple[int, ...] = (512, 384, 192, 384)


def build_edge(
    side_px: int | None = FACE_PX,
    *,
    widths: tuple[tuple[int, ...], ...] = EDGE_WIDTHS,
    dropout: float = 0.2,
    name: str = "edge",
) -> keras.Model:
    """Build a network of the family of `edge`.

    Plain 3x3 convolutions, each with BatchNorm and ReLU, then the global average.
    BatchNorm stands before the ReLU, where a converter folds it into the convolution exactly.
    `side_px` None leaves the image size open, which progressive resizing in training needs.
    """
    inputs = keras.Input((side_px, side_px, 1), name="face")
    x = inputs
    for stage, of_stage in enumerate(widths):
        if stage:
            x = layers.MaxPooling2D(name=f"pool{stage}")(x)
        for index, width in enumerate(of_stage):
            layer = f"conv{stage + 1}_{index + 1}"
            x = normed_convolution(x, width, layer)
            x = layers.ReLU(name=f"{layer}_relu")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    outputs = _logits(x)
    return keras.Model(inputs, outputs, name=name)


def build_edge_small(side_px: int | None = FACE_PX) -> keras.Model:
    """Build `edge-small`: `edge` with three fifths of its widths, four tenths of its cost."""
    return build_edge(side_px, widths=EDGE_SMALL_WIDTHS, name="edge-small")


def build_teacher(
    side_px: int | None = FACE_PX,
    *,
    widths: tuple[int, ...] = TEACHER_WIDTHS,
    dropout: float = 0.4,
) -> keras.Model:
    """Build `teacher`, a residual network with squeeze-and-excitation; it never ships.

    Two basic blocks at each of 48, 24, 12 and 6 px (He et al. 2016, arXiv:1512.03385, with a 3x3
    convolution in front of them, as for small pictures), each scaled channel by channel (Hu et al.
    2018, arXiv:1709.01507) before its sum. Where a block reduces the picture, its shortcut
    averages first (He et al. 2019, arXiv:1812.01187, ResNet-D). The last BatchNorm of a block
    begins with a gamma of 0: each block begins as its shortcut (Goyal et al. 2017,
    arXiv:1706.02677). `side_px` None leaves the image size open.
    """
    inputs = keras.Input((side_px, side_px, 1), name="face")
    x = layers.ReLU(name="stem_relu")(normed_convolution(inputs, widths[0], "stem"))
    for stage, width in enumerate(widths, start=1):
        for index in range(1, _BLOCKS + 1):
            stride = 2 if stage > 1 and index == 1 else 1
            x = _residual(x, width, stride, f"block{stage}_{index}")
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    return keras.Model(inputs, _logits(x), name="teacher")


def _residual(x: Any, width: int, stride: int, name: str) -> Any:
    branch = normed_convolution(x, width, f"{name}_1", stride=stride)
    branch = layers.ReLU(name=f"{name}_relu")(branch)
    branch = normed_convolution(branch, width, f"{name}_2", gamma="zeros")
    scales = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(branch)
    squeezed = max(8, width // _SQUEEZE)
    scales = layers.Dense(squeezed, activation="relu", name=f"{name}_reduce")(scales)
    scales = layers.Dense(width, activation="sigmoid", name=f"{name}_excite")(scales)
    branch = layers.Multiply(name=f"{name}_scale")([branch, scales])
    if stride > 1:
        x = layers.AveragePooling2D(stride, padding="same", name=f"{name}_pool")(x)
    if x.shape[-1] != width:
        x = normed_convolution(x, width, f"{name}_shortcut", kernel=1)
    return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_sum")([x, branch]))


def build_paper(
    side_px: int | None = FACE_PX,
    *,
    first: int = 256,
    widths: tuple[int, ...] = PAPER_WIDTHS,
    convolution_dropout: float = 0.4,
    dense_dropout: float = 0.3,
) -> keras.Model:
    """Build `paper`, layer for layer: Vulpe-Grigorasi and Grigore 2021, 5,173,959 parameters.

    With other widths or dropouts (shares 0..1): another point of the space that they searched.

    Its BatchNorm stands after the ReLU. Dense layers need the image size: `side_px` None is
    a ValueError.
    """
    if side_px is None:
        raise ValueError("paper flattens its feature map: it needs a fixed image size")
    inputs = keras.Input((side_px, side_px, 1), name="face")
    x = layers.Conv2D(first, 3, padding="same", activation="relu", name="conv1")(inputs)
    for index, width in enumerate(widths, start=2):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"conv{index}")(x)
        x = layers.BatchNormalization(name=f"conv{index}_norm")(x)
        x = layers.MaxPooling2D(name=f"conv{index}_pool")(x)
        x = layers.Dropout(convolution_dropout, name=f"conv{index}_dropout")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(256, activation="relu", name="dense")(x)
    x = layers.BatchNormalization(name="dense_norm")(x)
    x = layers.Dropout(dense_dropout, name="dense_dropout")(x)
    outputs = _logits(x)
    return keras.Model(inputs, outputs, name="paper")


def _logits(x: Any) -> Any:
    """End in float32 whatever the layers before compute in: bfloat16 has two or three digits."""
    return layers.Dense(len(LABELS), dtype="float32", name="logits")(x)


_BUILDERS: dict[str, Callable[..., Any]] = {
    "edge": build_edge,
    "edge-small": build_edge_small,
    "paper": build_paper,
    "teacher": build_teacher,
}
FIXED_SIZE: frozenset[str] = frozenset({"paper"})
"""Networks that flatten their feature map, so that each image size is another network."""

ARCHITECTURES: tuple[str, ...] = tuple(_BUILDERS)


def build(name: str, side_px: int | None = FACE_PX) -> keras.Model:
    """Build the network called `name`; UserError if there is none of that name."""
    try:
        builder = _BUILDERS[name]
    except KeyError:
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"no architecture is called {name!r}: choose one of {', '.join(ARCHITECTURES)}",
        ) from None
    return builder(side_px)
