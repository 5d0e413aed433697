"""One face is followed, and let go when it is gone."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera.scene import HEIGHT, WIDTH, Scene
from edge_fer.face.haar import HaarDetector
from edge_fer.face.seat import SeatRegion
from edge_fer.face.tracking import DROP_AFTER_S, FaceTracker
from edge_fer.observation import FaceBox

FPS = 30
SIDE = 90
RNG = np.random.default_rng(11)
SPOTS = cv2.GaussianBlur(RNG.uniform(0, 255, (SIDE, SIDE)), (0, 0), 4)
PATCH = ((SPOTS - SPOTS.min()) * 255 / np.ptp(SPOTS)).astype(np.uint8)


def picture(*places: tuple[int, int]) -> NDArray[np.uint8]:
    """A frame with a patch (the "face") at each place."""
    grey = np.full((240, 320), 90, np.uint8)
    for x, y in places:
        grey[y : y + SIDE, x : x + SIDE] = PATCH
    return grey


class FakeDetector:
    """Sees what it is told to, and counts how often it is asked."""

    def __init__(self, *boxes: FaceBox) -> None:
        self.boxes = list(boxes)
        self.searches = self.looks_near = 0

    def detect(self, grey: NDArray[np.uint8]) -> list[FaceBox]:
        self.searches += 1
        return sorted(self.boxes, key=lambda box: box.area, reverse=True)

    def detect_near(self, grey: NDArray[np.uint8], known: FaceBox) -> FaceBox | None:
        self.looks_near += 1
        near = [box for box in self.boxes if box.overlap(known) > 0.3]
        return max(near, key=known.overlap, default=None)


def box_at(x: float, y: float, side: float = SIDE) -> FaceBox:
    return FaceBox(x, y, side, side, 5.0)


def test_face_is_followed_without_the_detector() -> None:
    detector = FakeDetector(box_at(60, 40))
    tracker = FaceTracker(detector, detect_every_s=10.0)
    for number in range(20):
        x, y = 60 + 5 * number, 40 + 2 * number
        face = tracker.update(picture((x, y)), number / FPS)
        assert face is not None
        assert face.detected == (number == 0)
        assert face.age_s == pytest.approx(number / FPS)
        assert face.box.x == pytest.approx(x, abs=3)
        assert face.box.y == pytest.approx(y, abs=3)
        assert face.box.score > 0.9
    assert (detector.searches, detector.looks_near) == (1, 0)


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_detector_confirms_as_often_as_set(fps: int) -> None:
    detector = FakeDetector(box_at(60, 40))
    tracker = FaceTracker(detector, detect_every_s=0.5)
    faces = [tracker.update(picture((60, 40)), number / fps) for number in range(5 * fps + 1)]
    assert all(face is not None and face.age_s <= 0.5 for face in faces)
    assert 9 <= detector.looks_near <= 11


def test_interval_of_zero_detects_in_each_frame() -> None:
    tracker = FaceTracker(FakeDetector(box_at(60, 40)), detect_every_s=0.0)
    faces = [tracker.update(picture((60, 40)), number / 5) for number in range(10)]
    assert all(face is not None and face.detected for face in faces)


def test_unconfirmed_face_is_dropped_however_alike() -> None:
    # A hand that came slowly looks just like the frame before; only the detector knows better.
    detector = FakeDetector(box_at(60, 40))
    tracker = FaceTracker(detector, detect_every_s=0.5)
    tracker.update(picture((60, 40)), 0.0)
    detector.boxes.clear()
    held_s = [n / FPS for n in range(3 * FPS) if tracker.update(picture((60, 40)), n / FPS)]
    assert max(held_s) == pytest.approx(DROP_AFTER_S, abs=1.5 / FPS)
    assert len(held_s) == round(DROP_AFTER_S * FPS) + 1


def test_face_that_is_gone_is_none_at_once() -> None:
    detector = FakeDetector(box_at(60, 40))
    tracker = FaceTracker(detector)
    assert tracker.update(picture((60, 40)), 0.0)
    detector.boxes.clear()
    other = RNG.integers(0, 256, (240, 320)).astype(np.uint8)
    assert tracker.update(other, 0.03) is None
    assert tracker.update(np.full((240, 320), 90, np.uint8), 0.06) is None


def test_face_that_jumps_is_found_in_the_same_frame() -> None:
    detector = FakeDetector(box_at(10, 10))
    tracker = FaceTracker(detector)
    tracker.update(picture((10, 10)), 0.0)
    detector.boxes = [box_at(220, 140)]
    face = tracker.update(picture((220, 140)), 0.03)
    assert face is not None
    assert face.detected
    assert face.box.x == 220


def test_search_without_a_face_is_rationed() -> None:
    detector = FakeDetector()
    tracker = FaceTracker(detector)
    for number in range(2 * FPS):
        assert tracker.update(picture(), number / FPS) is None
    assert 15 <= detector.searches <= 21


def test_same_person_is_kept() -> None:
    driver, passenger = box_at(20, 20), box_at(180, 60, 120)
    detector = FakeDetector(driver)
    tracker = FaceTracker(detector)
    assert tracker.update(picture((20, 20)), 0.0)
    detector.boxes = [passenger]
    blank = np.full((240, 320), 90, np.uint8)
    detector.boxes = []
    assert tracker.update(blank, 0.1) is None
    detector.boxes = [passenger, driver]
    face = tracker.update(picture((20, 20)), 0.3)
    assert face is not None
    assert face.box.x == 20


def test_after_a_while_the_largest_is_the_driver() -> None:
    detector = FakeDetector(box_at(20, 20))
    tracker = FaceTracker(detector)
    assert tracker.update(picture((20, 20)), 0.0)
    detector.boxes = []
    assert tracker.update(np.full((240, 320), 90, np.uint8), 0.1) is None
    detector.boxes = [box_at(20, 20), box_at(180, 60, 120)]
    face = tracker.update(picture((20, 20)), 5.0)
    assert face is not None
    assert face.box.x == 180


def test_detections_that_jitter_are_damped() -> None:
    detector = FakeDetector(box_at(60, 40))
    tracker = FaceTracker(detector, detect_every_s=0.1)
    widths = []
    for number in range(60):
        detector.boxes = [box_at(60, 40, SIDE * (1.08 if number % 2 else 0.92))]
        face = tracker.update(picture((60, 40)), number * 0.11)
        assert face is not None
        widths.append(face.box.width)
    assert np.ptp(widths[5:]) < 0.1 * SIDE  # of 0.16 that the detections differ


@pytest.mark.parametrize("fps", [10, 30])
def test_box_grows_with_a_face_that_comes_nearer(fps: int) -> None:
    scene, tracker = Scene(), FaceTracker(HaarDetector())
    widths = {}
    for number in range(int(4.9 * fps), 8 * fps):
        face = tracker.update(scene.render(number / fps), number / fps)
        assert face is not None
        widths[number / fps] = face.box.width
    far, near = widths[5.0], widths[6.8]
    assert near / far == pytest.approx(1.75 / 1.3, rel=0.15)


def test_hand_over_the_face_loses_it() -> None:
    """A hand that rises before the face and stays: it is not followed in the face's place."""
    scene, tracker = Scene(), FaceTracker(HaarDetector())
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    fingers = 120 + 25 * np.sin(columns / 9.0) + 10 * np.sin(rows / 21.0)
    seen_s = []
    for number in range(4 * FPS):
        time_s = number / FPS
        grey = scene.render(time_s)
        top = int(max(480 - 900 * max(time_s - 1.0, 0.0), 90))  # over the face by 1.4 s
        hand = (rows > top) & (abs(columns - 325) < 100)
        grey = np.where(hand, fingers + grey % 8, grey).astype(np.uint8)
        if tracker.update(grey, time_s) is not None:
            seen_s.append(time_s)
    assert min(seen_s) < 0.2
    assert 1.0 < max(seen_s) < 2.0


@pytest.mark.parametrize("shape", [(1, 1), (30, 30), (480, 640)])
def test_any_frame_can_follow_any_other(shape: tuple[int, int]) -> None:
    tracker = FaceTracker(HaarDetector())
    assert tracker.update(Scene().render(1.0), 0.0) is not None
    tracker.update(RNG.integers(0, 256, shape).astype(np.uint8), 0.03)


def frames_of(clip: Path, step: int = 1) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    capture = cv2.VideoCapture(str(clip))
    fps, number = capture.get(cv2.CAP_PROP_FPS), 0
    while capture.grab():
        if number % step == 0:
            _, colour = capture.retrieve()
            yield number / fps, cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY).astype(np.uint8)
        number += 1


# Measured 1.00, 1.00, 0.77, 1.00, 0.55 (the person turns away in 1 and 3), less some room for
# detections that come out otherwise on another machine.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("clm_cap12_edit", 0.98),
        ("clm_cap13_edit2", 0.98),
        ("incluit_video1", 0.65),
        ("incluit_video2", 0.98),
        ("incluit_video3", 0.45),
    ],
)
def test_real_clips_lose_no_face_that_the_detector_sees(
    shared: Path, name: str, least: float
) -> None:
    clip = shared / "clips" / f"{name}.mp4"
    if not clip.is_file():
        pytest.skip(f"the clip is not there: {clip}")
    detector, tracker = HaarDetector(), FaceTracker(HaarDetector())
    tracked = detected = compared = frames = 0
    for number, (time_s, grey) in enumerate(frames_of(clip, 2)):
        face = tracker.update(grey, time_s)
        frames += 1
        tracked += face is not None
        if number % 8 == 0:
            compared += 1
            detected += bool(detector.detect(grey))
    assert tracked / frames >= least
    assert tracked / frames >= detected / compared - 0.05


def test_real_face_is_followed_closely(shared: Path) -> None:
    """Where the detector, asked anew, sees the face is where the tracker has it."""
    clip = shared / "clips" / "clm_cap13_edit2.mp4"
    if not clip.is_file():
        pytest.skip(f"the clip is not there: {clip}")
    detector, tracker = HaarDetector(), FaceTracker(HaarDetector())
    overlaps = []
    for number, (time_s, grey) in enumerate(frames_of(clip)):
        face = tracker.update(grey, time_s)
        if number % 10 == 9 and face is not None:
            overlaps += [max(face.box.overlap(box) for box in detector.detect(grey))]
    assert np.median(overlaps) > 0.85
    assert min(overlaps) > 0.6


def test_in_each_frame_the_detector_is_asked_and_the_comparison_bridges_what_it_misses() -> None:
    detector = FakeDetector(box_at(60, 40))
    tracker = FaceTracker(detector, each_frame=True)
    assert all(
        face is not None and face.detected
        for face in (tracker.update(picture((60, 40)), number / FPS) for number in range(5))
    )
    detector.boxes = []
    face = tracker.update(picture((62, 40)), 5 / FPS)
    assert face is not None
    assert not face.detected
    assert face.box.x == pytest.approx(62, abs=3)
    assert tracker.update(picture((62, 40)), 5 / FPS + DROP_AFTER_S + 0.1) is None


def test_the_largest_face_in_the_seat_is_followed_also_out_of_it() -> None:
    passenger, driver = box_at(20, 40, 120), box_at(200, 40)
    detector = FakeDetector(passenger, driver)
    right_half = SeatRegion(0.5, 0.0, 1.0, 1.0)
    tracker = FaceTracker(detector, each_frame=True, seat=right_half)
    face = tracker.update(picture((20, 40), (200, 40)), 0.0)
    assert face is not None
    assert face.box.centre == driver.centre
    for number in range(1, 12):  # leans over, past the middle of the frame
        detector.boxes = [passenger, box_at(200 - 8 * number, 40)]
        face = tracker.update(picture((20, 40), (200 - 8 * number, 40)), number / FPS)
        assert face is not None
        assert face.box.x == 200 - 8 * number


def test_nobody_in_the_seat_is_nobody() -> None:
    tracker = FaceTracker(FakeDetector(box_at(20, 40)), seat=SeatRegion(0.5, 0.0, 1.0, 1.0))
    assert tracker.update(picture((20, 40)), 0.0) is None


@pytest.mark.parametrize(
    "text",
    ["", "0 0 1", "0 0 1 1 1", "a b c d", "0.5 0 0.5 1", "0 1 1 0", "-0.1 0 1 1", "0 0 nan 1"],
)
def test_a_seat_region_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        SeatRegion.parse(text)


def test_a_face_cut_off_by_the_edge_is_in_the_frame() -> None:
    whole = SeatRegion.parse("0 0 1 1")
    assert whole.holds((-5.0, 250.0), (240, 320))
    assert not SeatRegion.parse("0.5 0 1 1").holds((-5.0, 250.0), (240, 320))
