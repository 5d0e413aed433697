"""What stored bytes stand for."""

import numpy as np
import pytest

from edge_fer.models.kind import EYES, FACE, ModelKind


@pytest.mark.parametrize("kind", [EYES, FACE], ids=lambda kind: kind.name)
def test_each_byte_of_each_output_has_the_value_of_its_number(kind: ModelKind) -> None:
    for byte in range(-128, 128):
        stored = np.full(len(kind.outputs), byte, np.int8)
        wanted = kind.values(stored.astype(np.float64) * kind.output.scale)
        assert kind.stored_values(stored) == pytest.approx(wanted, rel=1e-12)
        assert np.isfinite(wanted).all()
