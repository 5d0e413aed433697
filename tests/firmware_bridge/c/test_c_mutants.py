"""The C tests bite: the unit tests or a moment of fuzz find each of these mistakes."""

import shutil
import subprocess
from pathlib import Path

import pytest

MUTANTS = [
    ("e2e", "delta == 0", "delta > 15"),
    ("e2e", "delta > EDGE_FER_MAX_DELTA_COUNTER", "delta > EDGE_FER_MAX_DELTA_COUNTER + 1"),
    ("e2e", "sequence->good = 0;", ""),
    ("e2e", "sequence->damaged = 0;", ""),
    ("e2e", "config->valid;", "config->init;"),
    ("e2e", "config->invalid;", "config->init;"),
    ("e2e", "has_enough && !has_too_many", "has_enough"),
    ("e2e", "i < window_size", "i + 1 < window_size"),
    ("e2e", "if (!is_fresh) {", "if (false) {"),
    ("send_clock", "faster_ms > STEP_MS", "faster_ms > 0"),
    ("send_clock", "clock->is_queued = false;", ""),
    ("send_clock", "!clock->is_queued && ", ""),
    ("send_clock", "is_negative(sent_ms - clock->sent_ms)", "false"),
    ("send_clock", "clock->drifted_ms >> DRIFT_SHIFT", "0"),
    ("send_clock", "UINT32_MAX / 2U", "UINT32_MAX - 9U"),
    ("e2e", "sequence->last_good_ms = now_ms;", ""),
    ("e2e", "sequence->trust != EDGE_FER_NODATA &&", ""),
    ("e2e", "sequence->timeout_ms != 0 &&", ""),
    ("e2e", "age_ms > limit_ms", "age_ms >= limit_ms"),
    ("e2e", "now_ms - since_ms;", "now_ms > since_ms ? now_ms - since_ms : 0;"),
    ("e2e", "UINT32_MAX - EDGE_FER_MAX_CLOCK_SKEW_MS", "UINT32_MAX / 2"),
    ("e2e", "sequence->counter = counter;", ""),
    ("profile22", "0x2F", "0x1D"),
    (
        "profile22",
        "return (uint8_t)(add_to_crc(crc, data_id) ^ 0xFFU);",
        "return add_to_crc(crc, data_id);",
    ),
    ("profile22", "(sender->counter + 1) & COUNTER_MASK", "(uint8_t)(sender->counter + 1)"),
    ("profile22", "(void)edge_fer_sequence_age(&receiver->sequence, now_ms);", "(void)now_ms;"),
    ("profile22", "i = 1; i < length", "i = 1; i + 1 < length"),
    ("slcan", "parser->length == EDGE_FER_SLCAN_MAX_LINE", "parser->length > sizeof parser->line"),
    ("slcan", "frame->id = is_extended ? id | EDGE_FER_EXTENDED_ID : id;", "frame->id = id;"),
    ("slcan", "        data_length > EDGE_FER_MAX_LENGTH) {", "        data_length > 12) {"),
    ("slcan", "length != end && length", "length < end && length"),
    ("slcan", "byte == FRAME_START)", "byte == 0)"),
    ("slcan", "parser->rejected_bytes += parser->pending + 1U;", ""),
    ("slcan", "parser->first == FRAME_START)", "false)"),
    ("slcan", " || byte == LINE_FEED", ""),
    ("slcan", "(line[0] != FRAME_START && !is_extended) ||", ""),
    ("cobs", "in_block > length - position", "in_block > length"),
    ("cobs", "packet_length < MIN_PACKET", "packet_length < 1"),
    ("cobs", "first <= (uint32_t)EDGE_FER_MAX_ID ?", "first <= 0xFFFF ?"),
    ("cobs", "*id > EDGE_FER_MAX_EXTENDED_ID", "false"),
    ("cobs", "content_length - id_length > EDGE_FER_MAX_LENGTH", "content_length > 12"),
    ("cobs", "*id |= EDGE_FER_EXTENDED_ID;", ""),
    ("cobs", "read_crc(&packet[content_length]) != crc32(packet, content_length)", "false"),
    ("cobs", "parser->length == EDGE_FER_COBS_MAX_STUFFED", "parser->length == 255"),
    ("cobs", "parser->is_overlong = false;", ""),
    ("receiver", "if (edge_fer_is_usable(check)) {", "if (check.status == EDGE_FER_OK) {"),
    ("receiver", "frame->length != edge_fer_messages[message].length", "frame->length > 8"),
    ("receiver", "receiver->is_request_open = false;", ""),
    ("receiver", "!receiver->is_request_open || data == unknown", "data == unknown"),
    ("receiver", "!receiver->is_request_open || data == unknown", "!receiver->is_request_open"),
    ("receiver", "== EDGE_FER_VALID", "!= EDGE_FER_NODATA"),
]


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Without warnings: what a compiler sees in a mistake does not count here.
    settings = ["CFLAGS=-std=c99 -w -Isrc", "SECONDS=2"]
    return subprocess.run(
        ["make", "-s", "-j2", "-C", str(folder), *settings, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def is_found(folder: Path) -> bool:
    """Return whether unit tests or a moment of fuzz fail with the sources in `folder`."""
    programs = ["host_tests", *(f"fuzz_{target}" for target in ("slcan", "cobs", "receiver"))]
    built = make(folder, *(f"build/{program}" for program in programs))
    assert built.returncode == 0, built.stderr
    return any(make(folder, target).returncode for target in ("test", "fuzz"))


@pytest.fixture(scope="session")
def copy(c_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the folder, so built that each mutant compiles one file."""
    folder = tmp_path_factory.mktemp("mutants") / "c"
    shutil.copytree(c_folder, folder, ignore=shutil.ignore_patterns("build", "__pycache__"))
    assert not is_found(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("name", "right", "wrong"), MUTANTS)
def test_a_mistake_is_found(copy: Path, name: str, right: str, wrong: str) -> None:
    source = copy / "src" / f"edge_fer_{name}.c"
    text = source.read_text("utf-8")
    assert text.count(right) == 1

    source.write_text(text.replace(right, wrong), encoding="utf-8")
    try:
        assert is_found(copy)
    finally:
        source.write_text(text, encoding="utf-8")
