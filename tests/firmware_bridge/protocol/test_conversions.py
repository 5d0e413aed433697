"""Converted into the formats of other tools and back, nothing that decodes changes."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cantools
import pytest

from firmware_bridge.protocol.database import definitions
from firmware_bridge.protocol.ids import dbc_text

formats = pytest.importorskip("canmatrix.formats", reason="canmatrix is not installed")
Decode = Callable[[int, bytes], dict[str, int]]


@pytest.fixture
def dbc(tmp_path: Path) -> Path:
    path = tmp_path / "driver_state.dbc"
    path.write_text(dbc_text(), encoding="ascii")
    return path


def by_canmatrix(path: Path) -> Decode:
    matrix = formats.loadp_flat(str(path))

    def decode(can_id: int, data: bytes) -> dict[str, int]:
        (frame,) = (each for each in matrix.frames if each.arbitration_id.id == can_id)
        return {name: int(signal.raw_value) for name, signal in frame.decode(data).items()}

    return decode


def by_cantools(path: Path) -> Decode:
    database: Any = cantools.database.load_file(path)

    def decode(can_id: int, data: bytes) -> dict[str, int]:
        message = database.get_message_by_frame_id(can_id)
        raw: dict[str, int] = message.decode(data, decode_choices=False, scaling=False)
        return raw

    return decode


def require_alike(decode: Decode) -> None:
    chance = random.Random(1)
    for known in definitions().values():
        for _ in range(20):
            data = chance.randbytes(8)
            expected = known.codec.decode(data, decode_choices=False, scaling=False)
            assert decode(known.can_id, data) == expected


def require_same_meaning(path: Path) -> None:
    """Factors, offsets and names of values as well as bits, by cantools."""
    theirs: Any = cantools.database.load_file(path)
    chance = random.Random(2)
    for known in definitions().values():
        message = theirs.get_message_by_frame_id(known.can_id)
        for _ in range(20):
            data = chance.randbytes(8)
            expected, found = known.codec.decode(data), message.decode(data)
            assert found.keys() == expected.keys()
            for name, value in expected.items():
                if isinstance(value, (int, float)):
                    assert found[name] == pytest.approx(value)
                else:
                    assert str(found[name]) == str(value)


# canmatrix 1.3.3 does not give the names of values back from its XLSX and JSON, nor factors from
# its ARXML.
KEEP_MEANING = ("kcd", "sym", "dbc")


@pytest.mark.parametrize("ending", ["arxml", "kcd", "sym", "xlsx", "json", "dbc"])
def test_canmatrix_keeps_what_decodes(dbc: Path, ending: str) -> None:
    there = dbc.with_name(f"there.{ending}")
    formats.dumpp({"": formats.loadp_flat(str(dbc))}, str(there))
    require_alike(by_canmatrix(there))

    back = dbc.with_name("back.dbc")
    formats.dumpp({"": formats.loadp_flat(str(there))}, str(back))
    require_alike(by_cantools(back))
    if ending in KEEP_MEANING:
        require_same_meaning(back)


def test_no_arxml_is_shipped_because_none_reads_alike_everywhere(dbc: Path) -> None:
    """Once this fails, an ARXML can be shipped: see "From the DBC" in firmware_bridge/c/README.md.

    cantools reads the bits of what canmatrix writes as AUTOSAR 3.2.3, but neither factor nor names
    of values; what canmatrix writes as 4.1.0 it refuses.
    """
    matrix = formats.loadp_flat(str(dbc))
    old, new = dbc.with_name("old.arxml"), dbc.with_name("new.arxml")
    formats.dumpp({"": matrix}, str(old), arVersion="3.2.3")
    formats.dumpp({"": matrix}, str(new), arVersion="4.1.0")

    require_alike(by_cantools(old))
    read: Any = cantools.database.load_file(old)
    speed = read.get_message_by_frame_id(definitions()["ControllerStatus"].can_id)
    assert speed.get_signal_by_name("Speed").scale != 0.1
    with pytest.raises(cantools.Error, match="does not exist"):
        cantools.database.load_file(new)


@pytest.mark.parametrize("ending", ["kcd", "sym", "dbc"])
def test_cantools_keeps_what_decodes(dbc: Path, ending: str) -> None:
    there = dbc.with_name(f"there.{ending}")
    ours: Any = cantools.database.load_file(dbc)
    cantools.database.dump_file(ours, there)
    require_alike(by_cantools(there))

    back = dbc.with_name("back.dbc")
    theirs: Any = cantools.database.load_file(there)
    cantools.database.dump_file(theirs, back)
    require_alike(by_cantools(back))
    require_same_meaning(there)
    require_same_meaning(back)
