"""`--plot`: what is kept for the picture, what is drawn, and what is said where it cannot be."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.monitor.plot import PlotView, draw
from firmware_bridge.monitor.run import run_monitor
from firmware_bridge.monitor.signal_names import parse_signals
from firmware_bridge.monitor.sources import LivePort
from firmware_bridge.monitor.track import Track
from firmware_bridge.protocol.database import definition, definitions
from firmware_bridge.protocol.frame import CanFrame
from firmware_bridge.protocol.messages import (
    MESSAGE_CLASSES,
    ControllerStatusMessage,
    DriverEvidenceMessage,
    DriverRequestMessage,
    DriverStateMessage,
    EmotionProbabilitiesMessage,
    HealthMessage,
    Message,
    PipelineFiguresMessage,
)
from firmware_bridge.reception.supervision import FrameStatus
from firmware_bridge.reception.watching import Watch
from firmware_bridge.recording.candump import candump_line

MakeFrame = Callable[[Message, float], CanFrame]
WALL_S = 1_795_000_000.0
PNG = b"\x89PNG\r\n\x1a\n"
REPOSITORY = Path(__file__).resolve().parents[3]


def frames_of_a_drive(make_frame: MakeFrame) -> list[CanFrame]:
    """Return four seconds of all messages: attentive, uncertain and asked, two lost, one broken."""
    frames: list[CanFrame] = []
    for tenth in range(40):
        time_s = tenth / 10
        messages: list[Message] = [
            DriverStateMessage(1 if tenth < 20 else 10, 3, 2, 2, 80.0, 12.0, None, 40, 7),
            ControllerStatusMessage(1, 1, None, 0, 2, 50.0 + tenth, 1),
        ]
        if tenth % 2 == 0:
            happy = 90 if tenth < 20 else 40
            messages.append(EmotionProbabilitiesMessage((1, 1, 1, happy, 2, 2, 3), 2))
        if tenth % 5 == 0:
            messages.append(HealthMessage(1, 0, 0, 0, 51, 30, 4, 0))
        if tenth in (20, 30):  # repeated, as its sender does: the first makes it a trusted one
            messages += [DriverRequestMessage(1, 3, 1, 24, 10)] * 2
        made = [make_frame(message, time_s) for message in messages]
        if tenth not in (10, 11):
            frames += made
    broken = frames[0].data[:-1] + b"\x55"
    return [*frames, CanFrame(frames[0].can_id, broken, 4.0)]


@pytest.fixture
def drive(tmp_path: Path, make_frame: MakeFrame) -> Path:
    path = tmp_path / "drive.log"
    path.write_text(
        "".join(
            candump_line(frame, WALL_S + frame.time_s, "can0") + "\n"
            for frame in frames_of_a_drive(make_frame)
        )
    )
    return path


def watched(frames: list[CanFrame]) -> tuple[Watch, Track]:
    watch, track = Watch(0.0), Track()
    for frame in frames:
        track.take(watch.take(frame))
    return watch, track


def test_what_is_kept_is_what_the_frames_said(make_frame: MakeFrame) -> None:
    _, track = watched(frames_of_a_drive(make_frame))

    happy = track.known(("Happy", "Sad"))["Happy"]
    assert set(happy.values) == {90, 40}
    assert happy.times_s[happy.values.index(40)] == 2.0
    assert track.courses["Speed"].values[-1] == 89.0
    assert list(track.known(("Distraction", "Drowsiness", "Nothing"))) == ["Drowsiness"]
    assert track.requests == [(2.0, "are you all right")]  # asked twice, the same
    faults = {(fault.message, fault.status) for fault in track.faults}
    assert ("DriverState", FrameStatus.SOME_LOST) in faults
    assert ("DriverState", FrameStatus.WRONG_CRC) in faults
    assert max(value or 0.0 for value in track.intervals["DriverState"].values) < 0.35


def test_a_line_breaks_where_nothing_came_for_long(make_frame: MakeFrame) -> None:
    frames = [make_frame(HealthMessage(1, fps=30), time_s) for time_s in (0.0, 0.5, 9.0, 9.5, 10.0)]
    _, track = watched(frames)

    assert None in track.courses["FrameRate"].values


def test_the_picture_has_a_panel_for_each_kind_of_thing(make_frame: MakeFrame) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is of the workstation")
    watch, track = watched(frames_of_a_drive(make_frame))

    figure: Any = draw(track, list(watch.history), 0.0, 4.0, "a drive")

    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[:2] == ["driver state", "emotion"]
    assert titles[-1].startswith("time between frames")
    assert {"confidence, drowsiness", "speed", "frame rate", "latency", "temperature"} <= {*titles}
    states = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert states == ["attentive", "uncertain"]
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in figure.axes[0].patches]
    assert bars == [(pytest.approx(0.1), pytest.approx(2.0)), (pytest.approx(2.0), 4.0)]
    assert [text.get_text() for text in figure.axes[0].texts] == [" are you all right?"]
    named = figure.axes[-1].get_legend().get_texts()
    assert "wrong crc (1)" in [text.get_text() for text in named]


def test_the_evidence_of_the_state_is_drawn(make_frame: MakeFrame) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is of the workstation")
    evidence = DriverEvidenceMessage(
        yaw_deg=-30.0, pitch_deg=3.0, lid_opening_percent=80.0, eyes_unseen_s=4.0
    )
    frames = frames_of_a_drive(make_frame)
    frames += [make_frame(evidence, 4.0 + index / 10) for index in range(4)]
    watch, track = watched(frames)

    figure: Any = draw(track, list(watch.history), 0.0, 6.0, "a drive")

    titles = {axes.get_title(loc="left") for axes in figure.axes}
    assert {"yaw, pitch", "lid opening", "eyes unseen"} <= titles
    assert track.courses["Yaw"].values[-1] == -30.0


def test_each_cyclic_message_and_each_rate_is_drawn(make_frame: MakeFrame) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is of the workstation")
    cyclic = [name for name, known in definitions().items() if known.is_cyclic]
    messages: list[Message] = [MESSAGE_CLASSES[name]() for name in cyclic]
    messages += [HealthMessage(1, fps=28), PipelineFiguresMessage(0, 30, 28, 6, 10, 12)]
    frames = [
        make_frame(message, index * (definition(message.NAME).cycle_s or 0.0))
        for index in range(4)
        for message in messages
    ]
    watch, track = watched(sorted(frames, key=lambda frame: frame.time_s))

    figure: Any = draw(track, list(watch.history), 0.0, 4.0, "a drive")

    named = [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert set(cyclic) <= set(named)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "camera rate, frame rate, face rate, emotion rate" in titles


def test_any_signal_is_drawn_by_its_name(make_frame: MakeFrame) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is of the workstation")
    watch = Watch(0.0)
    track = Track(parse_signals("health.latency, FrameRate,Health.Camera,Temperature"))
    for index in range(12):
        for message in (
            DriverStateMessage(1),
            HealthMessage(0, 1 if index > 6 else 0, fps=20 + index, latency_ms=40 - index),
        ):
            track.take(watch.take(make_frame(message, index / 10)))

    figure: Any = draw(track, list(watch.history), 0.0, 2.0, "a drive")

    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == [
        "driver state",
        "Health.Latency",
        "Health.FrameRate",
        "Health.Camera",
        "Health.Temperature (never available)",
    ]
    latency, rate, camera = (axes.lines[0].get_ydata() for axes in figure.axes[1:4])
    assert (latency[-1], rate[-1]) == (29, 31)
    assert [tick.get_text() for tick in figure.axes[3].get_yticklabels()] == ["good", "blocked"]
    assert set(camera) == {0, 1}
    assert [axes.get_ylabel() for axes in figure.axes[1:3]] == ["ms", "fps"]


def test_neighbours_with_one_unit_share_a_panel_with_the_legend_beside(
    make_frame: MakeFrame,
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is of the workstation")
    track, watch = Track(parse_signals("Yaw,GazeYaw")), Watch(0.0)
    for index in range(4):
        for message in (DriverStateMessage(1), DriverEvidenceMessage(yaw_deg=3, gaze_yaw_deg=5)):
            track.take(watch.take(make_frame(message, index / 10)))
    figure: Any = draw(track, list(watch.history), 0.0, 1.0, "a drive")
    assert figure.axes[-1].get_title(loc="left") == "DriverEvidence.Yaw, DriverEvidence.GazeYaw"
    legend = figure.axes[-1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["yaw", "gaze yaw"]
    assert legend.get_bbox_to_anchor().x0 > figure.axes[-1].bbox.x1 - 1  # beside, not on it


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Healt.latency", "did you mean Health.Latency"),
        ("nothing at all", "there is no"),
        (" , ", "none are named"),
    ],
)
def test_a_signal_that_there_is_not_is_said(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=said):
        run_monitor("slcan:x", json_lines=True, plot=tmp_path / "a.png", signals=text)
    with pytest.raises(BridgeError, match="add --plot"):
        run_monitor("slcan:x", json_lines=True, signals="Latency")


def test_a_message_stands_for_all_of_its_signals() -> None:
    named = parse_signals("drivERState,State")
    assert [name.signal for name in named] == list(definition("DriverState").signals)


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_a_recording_is_drawn_at_once(drive: Path, ending: str) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is of the workstation")
    path = drive.with_suffix(ending)

    assert run_monitor(f"replay:{drive}?speed=0.01", json_lines=True, plot=path) == 0

    drawn = path.read_bytes()
    assert drawn.startswith(PNG if ending == ".png" else b"<?xml")
    if ending == ".svg":
        assert b"2026-11-18" in drawn  # when it was, by the recording


def test_without_matplotlib_one_line_says_what_to_install(drive: Path, tmp_path: Path) -> None:
    """On a device: nothing of it is imported, or needed for anything else."""
    run = (
        "import sys\n"
        "import importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'matplotlib' else find(name, *rest)\n"
        "sys.modules['matplotlib'] = None\n"
        "from edge_fer.cli.app import main; main(sys.argv[1:])\n"
    )

    def monitor(*options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", run, "monitor", f"replay:{drive}?speed=1000", *options],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    picture = tmp_path / "drive.png"
    done = monitor("--plot", str(picture))
    assert done.returncode == 2
    assert done.stderr == ("edge-fer: --plot needs matplotlib: pip install 'edge-fer[plot]'\n")
    assert not picture.exists()
    assert monitor().returncode == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("drive.gif", "use a name that ends in .png, .svg, .pdf"),
        ("drive", "use a name that ends in"),
        ("no/drive.png", "there is no folder"),
    ],
)
def test_a_name_that_cannot_be_drawn_is_said_before_the_watch(
    tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(BridgeError, match=said):
        PlotView(tmp_path / name, LivePort("slcan:x"))


def test_nothing_received_is_nothing_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is of the workstation")
    path = tmp_path / "drive.log"
    path.write_text("(1795000000.0) can0 123#00\n")
    with pytest.raises(BridgeError, match="no driver state was received"):
        run_monitor(f"replay:{path}", json_lines=True, plot=tmp_path / "drive.png")


def test_a_picture_that_cannot_be_written_is_said(drive: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is of the workstation")
    (tmp_path / "drive.png").mkdir()
    with pytest.raises(BridgeError, match=r"drive\.png: cannot be written"):
        run_monitor(f"replay:{drive}", json_lines=True, plot=tmp_path / "drive.png")
