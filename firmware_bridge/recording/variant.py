"""Which kind of file it is that cannot be read as a recording. Pure."""

from firmware_bridge.recording.candump import holds_screen_line

# Wireshark reads candump logs and writes none.
_CAPTURE = "record the bus with candump -l, which Wireshark opens, too"
_PCAP_MARKS = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",  # with nanoseconds
    b"\xa1\xb2\x3c\x4d",
)
_BEGINNINGS = (
    (b"LOGG", "it is a Vector BLF: name it .blf"),
    (b"MDF ", "it is an MDF measurement: convert it with can_logconvert FILE.mf4 FILE.log"),
    (b";$FILEVERSION", "it is a PEAK trace: name it .trc"),
    (b"Time Stamp,ID,Extended", "it is a SavvyCAN (GVRET) CSV: name it .csv"),
    (b"timestamp,arbitration_id", "it is a python-can CSV: name it .csv"),
    (b"SQLite format 3", "it is a python-can database: can_logconvert FILE.db FILE.log"),
    *((mark, f"it is a packet capture (pcap): {_CAPTURE}") for mark in _PCAP_MARKS),
    (b"\n\r\r\n", f"it is a packet capture (pcapng): {_CAPTURE}"),
    (b"\x1f\x8b", "it is compressed: gunzip it"),
    (b"PK\x03\x04", "it is a ZIP archive: unpack it"),
)


def describe_variant(beginning: bytes) -> str | None:
    """Return what a file with this beginning is, and what to do; None where that is not known."""
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, description in _BEGINNINGS:
        if beginning.startswith(mark) or text.startswith(mark):
            return description
    if holds_screen_line(beginning):
        return "it is what candump prints for people: record it with candump -L or -l"
    if text[:5].lower() == b"date " or b"\nbase hex" in beginning or b"\nbase dec" in beginning:
        return "it is a Vector ASC: name it .asc"
    if text[:1] == b"(" and b"#" in text[:80]:
        return "it is a candump log: name it .log"
    return None
