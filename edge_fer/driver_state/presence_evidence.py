"""Whether somebody sits in the driver's seat, and whether it is still the same person."""

import math
from dataclasses import dataclass

from edge_fer.driver_state.latch import NO_RUN, ROUNDING_S, Run
from edge_fer.driver_state.settings import PolicySettings
from edge_fer.observation import CameraCondition, FaceBox, Observation

# A head moves by so many widths of its face in a second, and grows by so much, coming nearer.
MOST_SPEED = 6.0
MOST_GROWTH_A_SECOND = 2.0
# However long nobody looked: farther away, or by more of another size, it is somebody else.
MOST_JUMP, MOST_GROWTH = 1.5, 1.5
# Who sits behind the driver has a face of half the width. So small a face is not the driver's,
# however long it stays, until nobody else was there for a minute.
REAR_SHARE, REAR_AFTER_S = 0.65, 60.0
# A place is the driver's own after a face stayed there for so long: within half a width, and hardly
# of another size. Who comes back to it is the driver, whatever looked like a face elsewhere.
SETTLED_S = 1.0
SETTLED_JUMP, SETTLED_GROWTH = 0.5, 1.4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face was, in pixels of the frame, and when (monotonic seconds)."""

    x: float
    y: float
    width: float
    time_s: float


@dataclass(frozen=True, slots=True)
class PresenceEvidence:
    """`face` is the run of frames with the driver's face, `place` its last place.

    `anchor` is where the driver's face has stayed recently, and since when; `home` is the last
    place at which it stayed for long.

    `other` is the run of frames with a face that cannot be the driver's, `other_place` its last
    place. `cut` is whether the scene changed and no face has stayed in the new scene for long
    enough to be the driver's. `is_driver` is whether the newest observation shows the driver's own
    face, and `another` whether it made another person the driver.

    `absent_s` is how long a usable picture has shown no driver, and `absent` whether this is long
    enough for *no driver*. `looks_empty_s` is how long the seat itself has looked empty.
    """

    face: Run = NO_RUN
    place: Place | None = None
    anchor: Place | None = None
    home: Place | None = None
    other: Run = NO_RUN
    other_place: Place | None = None
    cut: bool = False
    is_driver: bool = False
    another: bool = False
    absent_s: float = 0.0
    looks_empty_s: float = 0.0
    absent: bool = False


def update_presence(
    before: PresenceEvidence, seen: Observation, *, elapsed_s: float, settings: PolicySettings
) -> PresenceEvidence:
    """Return the evidence after the observation `seen`; a bad camera changes nothing."""
    if seen.camera is not CameraCondition.GOOD:
        return PresenceEvidence(
            face=before.face,
            place=before.place,
            anchor=before.anchor,
            home=before.home,
            other=before.other,
            other_place=before.other_place,
            cut=before.cut,
            absent_s=before.absent_s,
            looks_empty_s=before.looks_empty_s,
            absent=before.absent,
        )
    box = seen.face if seen.face is not None and _is_box(seen.face) else None
    face, place = before.face, before.place
    anchor, home = before.anchor, before.home
    other, other_place = before.other, before.other_place
    cut = (before.cut or (seen.cut and place is not None)) and not before.absent
    if seen.cut:
        face, anchor, home, other, other_place = NO_RUN, None, None, NO_RUN, None
    is_driver = another = False
    if box is not None:
        here = Place(*box.centre, box.width, seen.time_s)
        # A face that is followed may go where it wants.
        lost = place is not None and seen.time_s - place.time_s > settings.dropout_s + ROUNDING_S
        small = lost and not cut and _is_rear(home or place, here)
        rear = small and before.absent_s < REAR_AFTER_S
        forgotten = place is None or before.absent
        known = () if cut else (place, home)
        same = any(each is not None and _is_same(each, here, settings) for each in known)
        same_other = (
            other_place is not None
            and other.is_current(seen.time_s, gap_s=settings.dropout_s)
            and _is_same(other_place, here, settings)
        )
        # Who was seen to come from elsewhere is the driver only in the driver's own place.
        same = same and not (same_other and (home is None or not _is_near(home, here)))
        if not rear and (forgotten or same):
            is_driver, another = True, before.absent and place is not None
        else:
            other = (other if same_other else NO_RUN).seen(seen.time_s, gap_s=settings.dropout_s)
            other_place = here
            # Somebody who stays where the driver was not, while nobody is where the driver was.
            is_driver = another = not rear and other.reaches(settings.driver_swap_s)
        if is_driver:
            cut = False
            run = NO_RUN if another and not before.absent else face
            face = run.seen(seen.time_s, gap_s=settings.dropout_s)
            anchor, home = _settled(place, anchor, None if another else home, here, settings)
            place, other, other_place = here, NO_RUN, None
    confirmed = is_driver and face.reaches(settings.face_confirmed_after_s)
    # In a new scene somebody is there, though nobody knows yet who drives.
    there = confirmed or (cut and box is not None)
    absent_s = 0.0 if there else before.absent_s + elapsed_s
    empty = box is None and seen.seat_empty is True
    # A flash of a face on a seat does not make it look taken.
    looks_empty_s = 0.0 if confirmed else before.looks_empty_s + (elapsed_s if empty else 0.0)
    if before.absent:
        absent = not (is_driver and face.reaches(settings.driver_back_after_s))
    else:
        absent = absent_s >= settings.empty_seat_after_s - ROUNDING_S or (
            min(absent_s, looks_empty_s) >= settings.no_driver_after_s - ROUNDING_S
        )
    return PresenceEvidence(
        face=face,
        place=place,
        anchor=anchor,
        home=home,
        other=other,
        other_place=other_place,
        cut=cut,
        is_driver=is_driver,
        another=another,
        absent_s=absent_s,
        looks_empty_s=looks_empty_s,
        absent=absent,
    )


def _settled(
    place: Place | None,
    anchor: Place | None,
    home: Place | None,
    here: Place,
    settings: PolicySettings,
) -> tuple[Place, Place | None]:
    """Return where the face has stayed and since when, and the driver's own place."""
    gone = place is None or here.time_s - place.time_s > settings.dropout_s + ROUNDING_S
    if anchor is None or gone or not _is_near(anchor, here):
        return here, home
    return anchor, here if here.time_s - anchor.time_s >= SETTLED_S - ROUNDING_S else home


def _is_near(place: Place, here: Place) -> bool:
    width = max(place.width, here.width)
    jump = math.hypot(here.x - place.x, here.y - place.y) / width
    return jump <= SETTLED_JUMP and width / min(place.width, here.width) <= SETTLED_GROWTH


def _is_rear(driver: Place | None, here: Place) -> bool:
    """Whether a face is so much smaller than the driver's that it is on a rear seat."""
    return driver is not None and here.width < REAR_SHARE * driver.width


def _is_box(box: FaceBox) -> bool:
    values = (box.x, box.y, box.width, box.height)
    return all(math.isfinite(value) for value in values) and box.width > 0.0


def _is_same(place: Place, here: Place, settings: PolicySettings) -> bool:
    """Whether a face at `here` can be the one that was at `place`."""
    between_s = here.time_s - place.time_s
    width = max(place.width, here.width)
    jump = math.hypot(here.x - place.x, here.y - place.y) / width
    growth = width / min(place.width, here.width)
    return jump <= min(settings.face_jump + MOST_SPEED * between_s, MOST_JUMP) and growth <= min(
        settings.face_growth + MOST_GROWTH_A_SECOND * between_s, MOST_GROWTH
    )
