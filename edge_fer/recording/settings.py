"""The section [recording] of the config."""

import re
from dataclasses import dataclass

from edge_fer.driver_state.states import DriverState
from edge_fer.keys import KEY_BYTES
from edge_fer.paths import RECORDINGS
from edge_fer.setting import SettingError, check_settings, setting, shown


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    """Pictures from before and after an event, kept on the disk. Off unless switched on."""

    enabled: bool = setting(
        False,
        "Record events",
        "Keep what the cameras saw around an event. Those in the vehicle must know and agree: the"
        " Health message says Recording for as long as this is on, and the vehicle is to show it.",
    )
    states: str = setting(
        "microsleep, asleep, unresponsive",
        "Events",
        "The driver states whose beginning is an event, with commas between. The three of the"
        ' default are said with face.detector = "yunet" only.',
        source="project's choice: the states in which the driver cannot drive",
    )
    before_s: float = setting(
        10.0,
        "Before the event",
        "So much from before an event is kept; it waits in memory, compressed.",
        minimum=1,
        maximum=30,
        source="project's choice: enough to see what led to it",
    )
    after_s: float = setting(
        10.0,
        "After the event",
        "So much from after an event is kept. A further event within this time makes the clip"
        " longer, up to a minute in all.",
        minimum=1,
        maximum=30,
        source="project's choice: enough to see what came of it",
    )
    forward_camera: str = setting(
        "",
        "Forward camera",
        "A second camera, as camera.uri, that looks at the road. Empty: there is none.",
    )
    fps: int = setting(
        10,
        "Frame rate",
        "Frames a second that are kept of each camera; never more than it gives.",
        minimum=1,
        maximum=30,
        source="project's choice: a blink (0.1 to 0.4 s) still shows",
    )
    width_px: int = setting(
        640,
        "Picture width",
        "Wider pictures are scaled down to this before they are kept.",
        minimum=160,
        maximum=1920,
        source="the size at which the driver is judged",
    )
    jpeg_quality: int = setting(
        80,
        "Picture quality",
        "Of JPEG: 640x480 in grey takes about 30 kB at 80, 60 kB at 95.",
        minimum=30,
        maximum=100,
        source="project's choice",
    )
    folder: str = setting(
        str(RECORDINGS),
        "Folder",
        "Where the clips lie. The service may write below /var/lib/edge-fer only.",
    )
    max_megabytes: int = setting(
        500,
        "Size of the ring",
        "Above this the oldest clips are deleted.",
        minimum=100,
        maximum=100_000,
        source="project's choice: about 80 clips of one camera",
    )
    max_age_days: float = setting(
        30.0,
        "Age of the ring",
        "Older clips are deleted. Their age is known only while the wall clock is synchronised;"
        " until then nothing is deleted for its age.",
        minimum=0.01,
        maximum=3650,
        source="project's choice",
    )
    public_key: str = setting(
        "",
        "Public key",
        "64 hex digits, as `edge-fer recording keygen` prints them. Where it is set, clips are"
        " encrypted to it (X25519, ChaCha20-Poly1305), and only the private key, which does not"
        " belong on this device, opens them. Empty: not encrypted.",
    )

    device_key: str = setting(
        "",
        "Device key",
        "A file with the private key that signs each clip, as `edge-fer recording device-key` makes"
        " it, or a systemd credential: /run/credentials/edge-fer.service/NAME. Empty: not signed.",
    )

    def __post_init__(self) -> None:
        check_settings(self)
        try:
            parse_states(self.states)
        except ValueError as error:
            raise SettingError("states", f"{shown(self.states)} {error}") from error
        if not self.folder:
            raise SettingError("folder", '"" names no folder')
        if self.public_key and not re.fullmatch(
            rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}", self.public_key
        ):
            problem = f"{shown(self.public_key)} is not {2 * KEY_BYTES} hex digits"
            raise SettingError("public_key", problem)

    @property
    def event_states(self) -> frozenset[DriverState]:
        """The states whose beginning is an event."""
        return parse_states(self.states)


def parse_states(text: str) -> frozenset[DriverState]:
    """Read "asleep, no driver"; ValueError, which says what is wanted, for other texts."""
    # Not available is no state of a driver: nobody is filmed then.
    known = {state.label: state for state in DriverState if state is not DriverState.NOT_AVAILABLE}
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise ValueError(f"has {shown(name)}: use {', '.join(known)}")
    if not names:
        raise ValueError(f"names no state: use {', '.join(known)}")
    return frozenset(known[name] for name in names)
