"""The ring: never too large, never too old, never without a clip that it should still have."""

import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_fer.recording.clip_file import read_clip, write_clip
from edge_fer.recording.ring import Ring, RingError, WallClock
from edge_fer.recording.sealing import PlainLock
from edge_fer.recording.stored import list_clips
from tests.edge_fer.recording.making_clips import make_clip

CLIP = make_clip()
MOST_BYTES, MOST_AGE_S = 1000, 3600
TEN_YEARS_S = 315_360_000
NOW_S = 1_800_000_000


@dataclass
class FakeClock:
    """`true_s` only goes on; what the system says of it may be wrong, and says so."""

    true_s: int = NOW_S
    offset_s: int = 0

    def __call__(self) -> WallClock:
        return WallClock(self.true_s + self.offset_s, synchronised=self.offset_s == 0)


@dataclass
class KeptRing:
    """A ring in a folder with a clock of its own."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    ring: Ring = field(init=False)

    def __post_init__(self) -> None:
        self.ring = Ring(
            self.folder, most_bytes=MOST_BYTES, most_age_s=MOST_AGE_S, clock=self.clock
        )

    def keep(self, size: int) -> int:
        number = self.ring.keep(lambda file: file.write(bytes(size))).number
        self.ring.prune()
        return number

    @property
    def numbers(self) -> list[int]:
        return [clip.number for clip in list_clips(self.folder)]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptRing]:
    made = KeptRing(tmp_path / "clips")
    yield made
    made.ring.close()


def test_the_oldest_go_when_there_are_too_many_bytes(kept: KeptRing) -> None:
    for _ in range(5):
        kept.keep(400)
    assert kept.numbers == [4, 5]
    kept.keep(1000)
    assert kept.numbers == [6]


def test_folder_and_clips_are_for_their_owner_alone(kept: KeptRing) -> None:
    kept.keep(1)
    assert kept.folder.stat().st_mode & 0o777 == 0o700
    assert list_clips(kept.folder)[0].path.stat().st_mode & 0o777 == 0o600


def test_what_is_too_old_goes(kept: KeptRing) -> None:
    kept.keep(10)
    kept.clock.true_s += MOST_AGE_S // 2
    kept.keep(10)
    kept.clock.true_s += MOST_AGE_S // 2 + 1
    kept.ring.prune()
    assert kept.numbers == [2]
    kept.clock.true_s += MOST_AGE_S
    kept.ring.prune()
    assert kept.numbers == []


@pytest.mark.parametrize("jump_s", [TEN_YEARS_S, -TEN_YEARS_S])
def test_a_clock_that_jumps_makes_nothing_older(kept: KeptRing, jump_s: int) -> None:
    kept.keep(10)
    kept.clock.offset_s = jump_s
    kept.keep(10)
    kept.ring.prune()
    kept.clock.offset_s = 0
    kept.ring.prune()
    assert kept.numbers == [1, 2]
    # The age of the second began when the clock was right again.
    kept.clock.true_s += MOST_AGE_S + 1
    kept.ring.prune()
    assert kept.numbers == []


def test_a_clip_from_the_future_begins_to_age_now(kept: KeptRing) -> None:
    kept.keep(10)
    kept.clock.true_s -= TEN_YEARS_S  # that a clock was wrong while it said it was right
    kept.ring.prune()
    kept.clock.true_s += MOST_AGE_S + 1
    kept.ring.prune()
    assert kept.numbers == []


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.integers(0, MOST_BYTES)),
        st.tuples(st.just("wait"), st.integers(0, 2 * MOST_AGE_S)),
        st.tuples(st.just("jump"), st.sampled_from([-TEN_YEARS_S, -90, 0, 0, 90, TEN_YEARS_S])),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=30,
)


@given(STEPS)
def test_only_what_is_too_old_or_too_much_is_deleted(steps: list[tuple[str, int]]) -> None:
    folder = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / f"ring-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    kept = KeptRing(folder)
    made: dict[int, tuple[int, int, bool]] = {}  # number: size, true time, clock was right
    alive: set[int] = set()
    try:
        for what, amount in steps:
            if what == "keep":
                number = kept.keep(amount)
                assert number > max(alive, default=0)
                made[number] = amount, kept.clock.true_s, kept.clock().synchronised
                alive.add(number)
            elif what == "wait":
                kept.clock.true_s += amount
            elif what == "jump":
                kept.clock.offset_s = amount
            else:
                kept.ring.close()
                kept = KeptRing(folder, kept.clock)
                kept.ring.open()
            kept.ring.open()
            kept.ring.prune()
            left = set(kept.numbers)
            assert left <= alive
            for number in alive - left:
                size, made_s, _ = made[number]
                too_old = kept.clock.true_s - made_s > MOST_AGE_S
                newer = sum(made[other][0] for other in alive if other > number)
                assert too_old or size + newer > MOST_BYTES, (number, alive)
            assert sum(made[number][0] for number in left) <= MOST_BYTES
            if kept.clock().synchronised:
                for number in left:
                    _, made_s, right = made[number]
                    assert not right or kept.clock.true_s - made_s <= MOST_AGE_S
            alive = left
    finally:
        kept.ring.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_what_is_not_ours_is_left_alone(kept: KeptRing, tmp_path: Path) -> None:
    kept.folder.mkdir()
    outside = tmp_path / "outside"
    outside.write_bytes(bytes(5000))
    (kept.folder / "holiday.jpg").write_bytes(bytes(5000))
    (kept.folder / "clip-1.efclip").write_bytes(bytes(5000))
    (kept.folder / "clip-00000000.efclip").symlink_to(outside)
    for _ in range(4):
        kept.keep(400)
    assert kept.numbers == [3, 4]
    assert outside.stat().st_size == 5000
    assert (kept.folder / "holiday.jpg").exists()
    assert (kept.folder / "clip-1.efclip").exists()
    assert (kept.folder / "clip-00000000.efclip").is_symlink()


def test_a_clip_larger_than_the_ring_costs_no_other(kept: KeptRing) -> None:
    kept.keep(400)
    with pytest.raises(RingError, match="larger than the whole ring"):
        kept.keep(1001)
    assert kept.numbers == [1]
    assert kept.keep(400) == 2


def test_two_recorders_do_not_share_a_folder(kept: KeptRing) -> None:
    kept.keep(10)
    other = KeptRing(kept.folder)
    with pytest.raises(RingError, match="another recorder writes here"):
        other.ring.open()
    kept.ring.close()
    other.ring.open()
    other.ring.close()


# Faults of the disk


def full(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "call", ["os.open", "os.fdopen", "os.fsync", "os.utime", "os.fstat", "pathlib.Path.rename"]
)
def test_a_disk_that_is_full_costs_the_new_clip_alone(
    kept: KeptRing, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    kept.keep(400)
    kept.keep(500)
    before = {path.name: path.read_bytes() for path in kept.folder.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(call, full)
        with pytest.raises(RingError, match="No space left on device"):
            kept.ring.keep(lambda file: file.write(bytes(400)))
    after = {path.name: path.read_bytes() for path in kept.folder.iterdir()}
    assert after == before
    assert kept.keep(100) == 3


def test_each_write_of_a_clip_may_fail(kept: KeptRing) -> None:
    kept.keep(300)
    writes = 0

    class Failing:
        def __init__(self, file: BinaryIO, at: int) -> None:
            self.file, self.at, self.count = file, at, 0

        def write(self, data: bytes) -> int:
            nonlocal writes
            self.count += 1
            writes = max(writes, self.count)
            return int(full()) if self.count == self.at else self.file.write(data)

    def keep(at: int) -> None:
        kept.ring.keep(lambda file: write_clip(Failing(file, at), CLIP, PlainLock()))  # type: ignore[arg-type]

    kept.ring.close()
    kept.ring = Ring(kept.folder, most_bytes=10**6, most_age_s=MOST_AGE_S, clock=kept.clock)
    for at in range(1, len(CLIP.shots) + 4):
        with pytest.raises(RingError, match="No space left"):
            keep(at)
        assert kept.numbers == [1]
        assert not list(kept.folder.glob(".clip*"))
    keep(1000)
    assert writes == len(CLIP.shots) + 3
    assert read_clip(list_clips(kept.folder)[-1].path) == CLIP


def test_a_file_that_may_not_grow_costs_the_new_clip_alone(kept: KeptRing) -> None:
    kept.keep(400)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
    try:
        with pytest.raises(RingError, match="File too large"):
            kept.keep(900)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert kept.numbers == [1]
    assert not list(kept.folder.glob(".clip*"))


def test_a_really_full_disk(tmp_path: Path) -> None:
    mounted = tmp_path / "small"
    mounted.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "edge-fer-test", str(mounted)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("a tmpfs cannot be mounted here (needs root)")
    ring = Ring(mounted / "clips", most_bytes=10**6, most_age_s=MOST_AGE_S)
    try:
        for number in (1, 2):
            assert ring.keep(lambda file: file.write(bytes(20_000))).number == number
        with pytest.raises(RingError, match="No space left on device"):
            ring.keep(lambda file: file.write(bytes(40_000)))
        assert [clip.size for clip in list_clips(mounted / "clips")] == [20_000, 20_000]
        assert not list((mounted / "clips").glob(".clip*"))
    finally:
        ring.close()
        subprocess.run(["umount", str(mounted)], check=True)


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RingError, match=r"file/clips: Not a directory"):
        KeptRing(tmp_path / "file" / "clips").ring.open()
    with pytest.raises(RingError, match="file: "):
        KeptRing(tmp_path / "file").ring.open()


def test_a_forbidden_folder_is_said_and_used_once_it_may_be(
    kept: KeptRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:  # root may all; the kernel's answer is what counts

        def forbidden(*_: Any, **__: Any) -> Any:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        with monkeypatch.context() as patch:
            patch.setattr("os.open", forbidden)
            with pytest.raises(RingError, match="clips: Permission denied"):
                kept.keep(1)
    else:
        kept.folder.mkdir(mode=0o500)
        with pytest.raises(RingError, match="clips: Permission denied"):
            kept.keep(1)
        kept.folder.chmod(0o700)
    assert kept.keep(1) == 1


def test_a_ring_that_cannot_delete_does_not_grow(
    kept: KeptRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.keep(600)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", full)
        with pytest.raises(RingError):
            kept.keep(600)  # kept, but the first stays
        with pytest.raises(RingError):
            kept.keep(600)
        assert kept.numbers == [1, 2]
    kept.ring.prune()
    assert kept.numbers == [2]


def newest(folder: Path) -> int:
    """Return the number of the newest clip; 0 where there is none."""
    clips = list_clips(folder) if folder.exists() else []
    return clips[-1].number if clips else 0


WRITES_FOR_EVER = """
import sys
from pathlib import Path
from edge_fer.recording.clip_file import write_clip
from edge_fer.recording.ring import Ring
from edge_fer.recording.sealing import PlainLock
from tests.edge_fer.recording.making_clips import make_clip
clip = make_clip(shots=200)
ring = Ring(Path(sys.argv[1]), most_bytes=3_000_000, most_age_s=1e9)
ring.open()
print("ready", flush=True)
while True:
    ring.keep(lambda file: write_clip(file, clip, PlainLock()))
    ring.prune()
"""


def killed_while_writing(folder: Path, after_s: float) -> None:
    """Kill a process so long after the first clip that it wrote."""
    before = newest(folder)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES_FOR_EVER, str(folder)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    deadline_s = time.monotonic() + 60.0
    while newest(folder) == before:
        assert time.monotonic() < deadline_s
        time.sleep(0.005)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_what_is_killed_while_it_writes_leaves_whole_clips_only(
    tmp_path: Path, rounds: int
) -> None:
    chance = random.Random(7)
    folder = tmp_path / "clips"
    halves = 0
    for _ in range(rounds):
        before = newest(folder)
        killed_while_writing(folder, chance.uniform(0.02, 0.3))
        clips = list_clips(folder)
        halves += bool(list(folder.glob(".clip*")))
        for clip in clips:
            read_clip(clip.path)
        assert before < clips[-1].number
        numbers = [clip.number for clip in clips]
        assert numbers == list(range(numbers[0], numbers[-1] + 1))  # none of the middle is gone
    if rounds > 10:
        assert halves  # that a half clip was there shows that kills hit a write
    ring = Ring(folder, most_bytes=3_000_000, most_age_s=1e9)
    ring.open()
    ring.close()
    assert not list(folder.glob(".clip*"))


def test_a_half_clip_of_a_power_cut_is_cleared_away(kept: KeptRing) -> None:
    kept.keep(10)
    half = kept.folder / ".clip-00000002.efclip.part"
    half.write_bytes(bytes(10))
    kept.ring.close()
    assert kept.numbers == [1]
    kept.ring.open()
    assert not half.exists()
    assert kept.keep(10) == 2


def test_what_is_no_clip_but_has_its_name_stops_nothing(tmp_path: Path) -> None:
    """The audit's: a folder with a clip's name stopped the recording for good."""
    ring = Ring(tmp_path, most_bytes=MOST_BYTES, most_age_s=MOST_AGE_S, clock=FakeClock())
    (tmp_path / "clip-00000001.efclip").mkdir()
    (tmp_path / ".clip-00000002.efclip.part").mkdir()
    os.mkfifo(tmp_path / "clip-00000003.efclip")
    (tmp_path / "clip-00000004.efclip").symlink_to("/etc/passwd")
    kept = [ring.keep(lambda file: file.write(b"x" * 10)) for _ in range(2)]
    assert [clip.number for clip in kept] == [5, 6]
    ring.prune()
    assert [clip.number for clip in list_clips(tmp_path)] == [5, 6]
    assert (tmp_path / "clip-00000001.efclip").is_dir()
    ring.close()
