"""`edge-fer replay FILE --to URI`: sends a recording over a transport, as canplayer does."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.counted import counted
from firmware_bridge.errors import EndOfStream, SendTimeoutError
from firmware_bridge.reception.frame_filter import FrameFilter, parse_filter
from firmware_bridge.reception.supervision import BusSupervisor
from firmware_bridge.recording.replay import Replay, parse_speed
from firmware_bridge.terminal.interrupts import EndingSignal, ending_signals_interrupt
from firmware_bridge.transports import Transport, open_transport

_SLICE_S = 0.05
_PATIENCE_S = 15.0  # with an adapter: the longest `settle_ms`, and its dialogue


@dataclass
class Sent:
    """What became of the frames."""

    frames: int = 0
    not_taken: int = 0  # the other side did not take them in time
    unread_lines: int = 0  # of the recording, as long as it was played
    damage: str | None = None  # why it ended too early


def resend(
    path: Path, to: str, *, speed: float = 1.0, loops: int = 1, filter_text: str = ""
) -> int:
    """Send the frames of a recording, byte for byte, at `speed` times their pace, `loops` times.

    `loops` 0 goes on until SIGTERM or SIGHUP. Return 0, or 1 if the other side took none;
    KeyboardInterrupt on SIGINT, after the count is printed.
    BridgeError where the recording cannot be read, or the port does not open or vanishes.
    """
    parse_speed(f"{speed:g}", "replay")
    Replay(f"replay:{path}", path, speed=speed)  # says what is wrong with it, before a port is open
    sent = Sent()
    start_s = time.monotonic()
    wanted = parse_filter(filter_text)
    transport = open_transport(to, patience_s=_PATIENCE_S)
    interrupt: KeyboardInterrupt | None = None
    try:
        done = 0
        with ending_signals_interrupt():
            while done < loops or loops == 0:
                _play(Replay(f"replay:{path}", path, speed=speed), transport, wanted, sent)
                done += 1
    except EndingSignal:
        pass
    except KeyboardInterrupt as error:
        interrupt = error
    finally:
        transport.close()
    passed_s = time.monotonic() - start_s
    lost = f", {sent.not_taken} not taken in time" if sent.not_taken else ""
    if refused := transport.counters.frames_refused:
        lost += f", {refused} refused by the adapter"
    print(f"{counted(sent.frames, 'frame')} to {to} in {passed_s:.1f} s{lost}", file=sys.stdout)
    if sent.unread_lines:
        print(f"warning: {path}: lines that are no frames: {sent.unread_lines}", file=sys.stdout)
    if sent.damage is not None:
        print(f"warning: {path}: {sent.damage}", file=sys.stdout)
    if interrupt is not None:
        raise interrupt
    return 0 if sent.frames else 1


def _play(replay: Replay, transport: Transport, wanted: FrameFilter, sent: Sent) -> None:
    supervisor = BusSupervisor()
    replay.open(replay.uri)
    while True:
        try:
            frames = replay.receive(_SLICE_S)
        except EndOfStream as end:
            sent.damage = end.damage
            break
        for frame in frames:
            if not wanted.is_empty and not wanted.passes(supervisor.judge(frame)):
                continue
            try:
                transport.send(frame)
                sent.frames += 1
            except SendTimeoutError:
                sent.not_taken += 1
        # What an adapter or the other side says is of no concern, and must not fill the port.
        transport.receive(0.0)
        sent.unread_lines = replay.counters.rejected_lines
