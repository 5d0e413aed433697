"""The recorder's own process: gathers clips from the frames that it is handed, and writes them.

Started by `edge_fer.recording.process` with SOCKET MEMORY, inherited descriptors. The first message
is the config; the end of the socket means "finish and go".
"""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import cv2

from edge_fer.no_dumps import forbid_dumps
from edge_fer.recording.chain import ClipChain, load_device_key
from edge_fer.recording.clip import CABIN, FORWARD, Event, Shot
from edge_fer.recording.feed import Channel, FrameReceiver
from edge_fer.recording.forward import ForwardCamera
from edge_fer.recording.gathering import COMPLETE, CONTINUED, Gatherer
from edge_fer.recording.pictures import compress
from edge_fer.recording.ring import Ring
from edge_fer.recording.sealing import lock_for
from edge_fer.recording.settings import RecordingConfig
from edge_fer.recording.writer import ClipWriter
from edge_fer.wall_clock import is_synchronised

STATUS_EVERY_S = 0.5
# For the last clip, when the daemon has gone; then this process ends in any case. Of a service
# systemd kills what is left after TimeoutStopSec=2, and starts the next daemon only then.
FINISH_S, FINISH_OF_A_SERVICE_S = 8.0, 1.2
STANDBY = "cut short: standby"
STOPPED = "cut short: the daemon ended"
DAY_S = 86400.0
_MOST_OOM_SCORE = b"1000"


class Recorder:
    """Between the daemon's messages, the forward camera and the disk; for one thread."""

    def __init__(self, config: RecordingConfig, channel: Channel, memory: int) -> None:
        self._config, self._channel = config, channel
        self._frames = FrameReceiver(memory)
        self._slots_to_free: list[int] = []
        self._gatherer = Gatherer(config.before_s, config.after_s, config.fps)
        folder, key = Path(config.folder), config.device_key
        self._writer = ClipWriter(
            Ring(
                folder,
                most_bytes=config.max_megabytes * 1_000_000,
                most_age_s=config.max_age_days * DAY_S,
                chain=ClipChain(folder, load_device_key(Path(key))) if key else None,
            ),
            lambda: lock_for(config.public_key),
        )
        self._forward = (
            ForwardCamera(config.forward_camera, config.fps) if config.forward_camera else None
        )
        self._forward_due_s = self._status_due_s = 0.0
        self._paused = False

    def run(self) -> None:
        """Work until the daemon is gone; then keep what there is of a clip."""
        period_s = 1.0 / self._config.fps
        with contextlib.suppress(EOFError):
            while True:
                select.select([self._channel.socket], [], [], period_s / 2)
                while (message := self._channel.receive()) is not None:
                    self._hear(message)
                    self._hand_back()
                self._hand_back()  # what the daemon had no ear for before
                now_s = time.monotonic()
                self._look_forward(now_s, period_s)
                self._finish_if_due(now_s)
                self._tell(now_s)
        self._finish(STOPPED)
        if self._forward is not None:
            self._forward.stop()
        is_service = "INVOCATION_ID" in os.environ  # systemd.exec(5)
        self._writer.stop(FINISH_OF_A_SERVICE_S if is_service else FINISH_S)

    def _hear(self, message: dict[str, Any]) -> None:
        if "slot" in message:
            try:
                jpeg = self._compress(self._frames.look(message))
            finally:
                self._slots_to_free.append(message["slot"])
            if not self._paused:
                self._gatherer.shot(Shot(CABIN, message["captured_s"], jpeg))
        elif "event" in message:
            event = Event(**message["event"])
            if not self._gatherer.has_room_for(event):
                self._finish(CONTINUED if self._gatherer.continues(event) else COMPLETE)
            self._gatherer.event(event)
        elif "paused" in message:
            self._paused = message["paused"]
            if self._paused:
                self._finish(STANDBY)
                self._gatherer.forget()
                if self._forward is not None:
                    self._forward.stop()

    def _hand_back(self) -> None:
        while self._slots_to_free and self._channel.send({"free": self._slots_to_free[-1]}):
            self._slots_to_free.pop()

    def _look_forward(self, now_s: float, period_s: float) -> None:
        if self._forward is None or self._paused or now_s < self._forward_due_s:
            return
        frame = self._forward.poll(now_s)
        if frame is not None:
            # As the rate says on the average, however late this came.
            self._forward_due_s = max(self._forward_due_s + period_s, now_s - period_s)
            jpeg = self._compress(frame.grey)
            self._gatherer.shot(Shot(FORWARD, frame.captured_s, jpeg))

    def _compress(self, grey: Any) -> bytes:
        return compress(grey, width_px=self._config.width_px, quality=self._config.jpeg_quality)

    def _finish_if_due(self, now_s: float) -> None:
        if self._gatherer.due(now_s):
            self._finish(COMPLETE)

    def _finish(self, ended: str) -> None:
        event_s = time.time() - self._gatherer.event_age_s(time.monotonic())
        clip = self._gatherer.finish(event_s, synchronised=is_synchronised(), ended=ended)
        if clip is not None:
            self._writer.take(clip)

    def _tell(self, now_s: float) -> None:
        if now_s < self._status_due_s:
            return
        self._status_due_s = now_s + STATUS_EVERY_S
        stored = self._writer.stored
        forward = None if self._forward is None else self._forward.error
        status = {
            "gathers": self._gatherer.gathers,
            "clips": stored.clips,
            "size": stored.size,
            "kept": stored.kept,
            "lost": stored.lost,
            "error": stored.error,
            "forward_error": None if forward is None else str(forward),
        }
        self._channel.send({"status": status})


def main(arguments: list[str]) -> int:
    """Run the recorder; return the exit status."""
    # These reach all processes of a daemon at once; this one has a clip to finish first.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Where memory runs out, the kernel is to take this process and not the daemon. Before dumps
    # are forbidden: after that the file is root's.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_bytes(_MOST_OOM_SCORE)
    forbid_dumps()
    cv2.setNumThreads(1)
    end, memory = map(int, arguments)
    channel = Channel(socket.socket(fileno=end))
    select.select([channel.socket], [], [])
    try:
        first = channel.receive()
    except EOFError:
        return 0
    if first is None:
        return 1
    Recorder(RecordingConfig(**first["config"]), channel, memory).run()
    return 0


if __name__ == "__main__":
    # Not sys.exit: a thread that waits for a disk would be waited for.
    os._exit(main(sys.argv[1:]))
