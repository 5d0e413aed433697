"""The public `convert_to_int8`: a network in, an int8 file with its card out."""

from pathlib import Path
from typing import Any

from edge_fer.models.card import ModelCard
from quantize.data.calibration_set import DEFAULT_COUNT
from quantize.data.fer2013 import Fer2013
from quantize.out_path import check_out_path
from quantize.workstation import require_tensorflow


def convert_to_int8(
    network: Any,
    dataset: Fer2013,
    out: Path,
    *,
    calibration_images: int = DEFAULT_COUNT,
    seed: int = 1,
    verify: bool = True,
    progress: bool = False,
) -> ModelCard:
    """Convert a network to full int8, measure it, write file and card, and return the card.

    `network` is a `keras.Model` or the path of a `.keras` or `.h5` file or a SavedModel: it takes
    pictures in 0..1, of any size, grey or in colours, and returns float32[n,7], logits or
    probabilities in FER2013 order. `calibration_images` of the Training rows, chosen by `seed`, are
    the representative set; PublicTest is what both are measured on. The rows may have 48 px, or the
    network's own size (`Reading.side_px`). `out` ends in `.tflite`; the card lies beside it.

    With `verify` an int8 file that loses more than 0.3 points of accuracy, or answers otherwise too
    often, is a ConversionError, and nothing is written. Other UserErrors: a network of other
    shapes, an operator without int8 form, data without a class, a folder that is not there.
    """
    require_tensorflow()
    from quantize.evaluation.equivalence import refuse_unequal  # noqa: PLC0415
    from quantize.int8.quantize import quantize  # noqa: PLC0415  # it imports TensorFlow
    from quantize.int8.record import training_record  # noqa: PLC0415
    from quantize.int8.write import write_model  # noqa: PLC0415
    from quantize.networks.adapting import adapt, own_use  # noqa: PLC0415
    from quantize.networks.reading import read_network  # noqa: PLC0415
    from quantize.networks.use import Use  # noqa: PLC0415

    check_out_path(out)
    path = Path(network) if isinstance(network, str | Path) else None
    model, name = (network, network.name) if path is None else (read_network(path), str(path))
    use = own_use(model, name, Use())
    quantized = quantize(
        adapt(model, name, use, use.kind),
        dataset,
        out.stem,
        training={} if path is None else training_record(path),
        count=calibration_images,
        seed=seed,
        kind=use.kind,
        progress=progress,
    )
    card = quantized.card
    if verify and card.equivalence is not None:
        refuse_unequal(card.accuracy.float32, card.accuracy.int8, card.equivalence)
    write_model(quantized.content, card, out)
    return card
