"""The test vectors of the design for authenticated frames are what the design says."""

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.e2e.profile22 import Profile22Sender
from firmware_bridge.protocol.database import definition
from firmware_bridge.protocol.messages import ControllerStatusMessage, encode

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
ROW = re.compile(
    r"^\| ([0-9a-f]{16}) \| (\d+) \| (\d+) \| ([0-9a-f]{32}) \| ([0-9a-f]{16}) \|$", re.MULTILINE
)
SYNCHRONISATION = re.compile(
    r"^\| none \| (\d+) \| none \| ([0-9a-f]{32}) \| ([0-9a-f]{16}) \|$", re.MULTILINE
)
LOW_24_BITS = 0xFFFFFF
FRAMES = (
    ControllerStatusMessage(enable=1, ignition=1, speed_km_h=0.0),
    ControllerStatusMessage(enable=0, ignition=1, speed_km_h=0.0),
    ControllerStatusMessage(enable=1, ignition=1, speed_km_h=80.0),
)


def cmac(key: bytes, message: bytes) -> bytes:
    pytest.importorskip("cryptography", reason="needs the signing extra")
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    made = CMAC(AES(key))
    made.update(message)
    return made.finalize()


def test_it_is_the_cmac_of_rfc_4493() -> None:
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    message = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")
    assert cmac(key, b"").hex() == "bb1d6929e95937287fa37d129b756746"
    assert cmac(key, message).hex() == "070a16b46b4d4144f79bdd9dd04a287c"


def key_of_the_design() -> bytes:
    found = re.search(r"key ([0-9a-f]{32})", PAGE.read_text())
    assert found is not None
    return bytes.fromhex(found[1])


def completed(low: int, last: int) -> int:
    """Return what a receiver makes of 24 bits: the smallest number with them above `last`."""
    number = (last & ~LOW_24_BITS) | low
    return number if number > last else number + LOW_24_BITS + 1


def test_the_vectors_are_those_of_the_design() -> None:
    key, rows = key_of_the_design(), ROW.findall(PAGE.read_text())
    known = definition(ControllerStatusMessage.NAME)
    sender = Profile22Sender(known.data_ids)
    assert len(rows) == len(FRAMES)
    for message, (frame_hex, boot, count, mac_hex, second_hex) in zip(FRAMES, rows, strict=True):
        frame = sender.protect(encode(message))
        assert frame.hex() == frame_hex
        freshness = struct.pack(">II", int(boot), int(count))
        mac = cmac(key, struct.pack(">H", known.can_id) + frame + freshness)
        assert mac.hex() == mac_hex
        first = (frame[1] & 0xF) | (int(count) & LOW_24_BITS) << 8
        assert (struct.pack("<I", first) + mac[:4]).hex() == second_hex


def test_so_are_those_of_the_synchronisation() -> None:
    key, rows = key_of_the_design(), SYNCHRONISATION.findall(PAGE.read_text())
    can_id = definition(ControllerStatusMessage.NAME).can_id
    assert len(rows) == 2
    for boot, mac_hex, second_hex in rows:
        mac = cmac(key, struct.pack(">HI", can_id, int(boot)))
        assert mac.hex() == mac_hex
        first = 1 << 4 | (int(boot) & LOW_24_BITS) << 8
        assert (struct.pack("<I", first) + mac[:4]).hex() == second_hex


@given(last=st.integers(0, 2**31), missed=st.integers(0, LOW_24_BITS - 1))
def test_a_receiver_completes_a_new_number_and_no_old_one(last: int, missed: int) -> None:
    new = last + 1 + missed
    assert completed(new & LOW_24_BITS, last) == new
    old = max(0, last - missed)
    assert completed(old & LOW_24_BITS, last) not in range(last + 1)
