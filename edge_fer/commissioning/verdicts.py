"""What the measurements of a step mean. Pure.

The limits are the project's choice, each with its reason; the figures are reported beside them.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_fer.commissioning.sample import Sample
from edge_fer.commissioning.steps import Step
from edge_fer.doctor.finding import Level
from edge_fer.models.kind import FACE_PX
from edge_fer.observation import CameraCondition

SEEN_SHARE = 0.8  # of the pictures; a blink or a lost frame is no fault
MIDDLE = (0.25, 0.75)  # of the picture: a head that leans stays inside
GOOD_FACE_PX = 2 * FACE_PX  # the eyes are then some 20 pixels wide
LEVEL_DEG = 12.0  # tilt of a camera that was mounted level, or of a head that is held upright
FACE_LEVELS = (40.0, 215.0)  # grey values between which lids and mouth keep their contrast
MOST_GLARE = 0.05  # of the face
STEADY_DEG = 5.0  # of the yaw while somebody looks ahead
FAR_ASIDE_DEG = 35.0  # beyond it one eye is hidden (`driver_state.gaze`)
CLOSED_FROM = 0.5  # probability
CLOSED_SHARE = 0.6  # of the pictures: closing and opening take their time
DOWN_DEG = 8.0  # head or eyes; half of what counts as away by default
ASIDE_DEG = 10.0
GAZE_MOVED = 0.15  # half widths of the eye: some ten degrees


@dataclass(frozen=True, slots=True)
class Result:
    """What a step showed, in a line; what to do (empty where nothing is); and its figures."""

    step: Step
    level: Level
    text: str
    remedy: str = ""
    measured: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Road:
    """How this driver looks at the road, as the later steps are compared with it."""

    yaw_deg: float
    pitch_deg: float
    gaze_x: float | None
    gaze_y: float | None
    lid_opening: float | None


def road_of(samples: Sequence[Sample]) -> Road | None:
    """Return the medians; None where the head was seen too seldom."""
    seen = sum(one.yaw_deg is not None for one in samples)
    if not samples or seen < SEEN_SHARE * len(samples):
        return None
    yaw, pitch = _median(samples, "yaw_deg"), _median(samples, "pitch_deg")
    if yaw is None or pitch is None:
        return None
    return Road(
        yaw,
        pitch,
        _median(samples, "gaze_x"),
        _median(samples, "gaze_y"),
        _median(samples, "lid_opening"),
    )


def judge(step: Step, samples: Sequence[Sample], road: Road | None) -> Result:
    """Return what `samples` of a step mean; `road` is that of the step before, None if unknown."""
    if not samples:
        return Result(step, Level.FAILED, "the camera gave no pictures", "edge-fer doctor")
    if (alone := {Step.AIM: _aim, Step.LIGHT: _light, Step.ROAD: _road}.get(step)) is not None:
        return alone(samples)
    if road is None:
        return Result(step, Level.FAILED, "not judged: the look at the road was not seen")
    if step is Step.EYES_CLOSED:
        return _eyes_closed(samples, road)
    return _down(samples, road) if step is Step.DOWN else _mirror(step, samples, road)


def _aim(samples: Sequence[Sample]) -> Result:
    seen = _share(samples, lambda one: one.face_px is not None)
    figures: tuple[tuple[str, float], ...] = (("face seen, share", seen),)
    if seen < SEEN_SHARE:
        text = f"a face was seen in {seen:.0%} of the pictures"
        remedy = "point the camera at the face, and look at the light"
        return Result(Step.AIM, Level.FAILED, text, remedy, figures)
    faces = [one for one in samples if one.face_px is not None]
    x, y, width = (_median(faces, name) or 0.0 for name in ("face_x", "face_y", "face_px"))
    roll = _median(samples, "roll_deg") or 0.0
    figures += (("x", x), ("y", y), ("face width, px", width), ("tilt, deg", roll))
    problems, remedies = [], []
    if width < FACE_PX:
        text = f"the face is {width:.0f} px wide, at least {FACE_PX} are needed"
        return Result(
            Step.AIM, Level.FAILED, text, "move the camera nearer, or take more pixels", figures
        )
    if width < GOOD_FACE_PX:
        problems.append(f"the face is {width:.0f} px wide, {GOOD_FACE_PX} are good for eyes")
        remedies.append("move the camera nearer, or take more pixels")
    if not MIDDLE[0] <= x <= MIDDLE[1]:
        side = "left" if x < MIDDLE[0] else "right"
        problems.append(f"the face is far to the {side} of the picture")
        remedies.append(f"turn the camera to that side, the {side} of the picture")
    if not MIDDLE[0] <= y <= MIDDLE[1]:
        problems.append(f"the face is {'high' if y < MIDDLE[0] else 'low'} in the picture")
        remedies.append(f"tilt the camera {'up' if y < MIDDLE[0] else 'down'}")
    if abs(roll) > LEVEL_DEG:
        problems.append(f"the picture is tilted by {abs(roll):.0f} deg")
        remedies.append("level the camera, or set ?rotate= in its URI")
    if problems:
        return Result(Step.AIM, Level.WARNING, "; ".join(problems), "; ".join(remedies), figures)
    text = f"the face is in the middle, {width:.0f} px wide and level"
    return Result(Step.AIM, Level.OK, text, "", figures)


def light_text(sample: Sample) -> str | None:
    """Return in a few words how much light the face has; None where no face was seen."""
    level, glare = sample.face_level, sample.glare
    if level is None or glare is None:
        return None
    if level < FACE_LEVELS[0]:
        return f"too dark, {level:.0f} of 255"
    if glare > MOST_GLARE:
        return f"glare on {glare:.0%} of the face"
    return (
        f"too bright, {level:.0f} of 255" if level > FACE_LEVELS[1] else f"good, {level:.0f} of 255"
    )


def _light(samples: Sequence[Sample]) -> Result:
    bad = [one.camera for one in samples if one.camera is not CameraCondition.GOOD]
    if len(bad) > len(samples) * (1 - SEEN_SHARE):
        worst = max(set(bad), key=bad.count)
        return Result(
            Step.LIGHT,
            Level.FAILED,
            f"the picture is {worst.name.lower()} in {len(bad) / len(samples):.0%} of the time",
            "free the lens, and give the face light: an infra-red lamp of 940 nm does not dazzle",
        )
    level, glare = _median(samples, "face_level"), _median(samples, "glare")
    if level is None or glare is None:
        return Result(Step.LIGHT, Level.FAILED, "not judged: no face was seen")
    figures = (("grey value of the face", level), ("saturated, share", glare))
    if level < FACE_LEVELS[0]:
        text = f"the face is dark: grey value {level:.0f} of 255"
        remedy = (
            "give the face light: an infra-red lamp of 940 nm does not dazzle, and needs a camera"
            " without an infra-red filter"
        )
        return Result(Step.LIGHT, Level.WARNING, text, remedy, figures)
    if level > FACE_LEVELS[1] or glare > MOST_GLARE:
        text = f"the face is dazzled: grey value {level:.0f}, {glare:.0%} of it saturated"
        return Result(
            Step.LIGHT, Level.WARNING, text, "shade the camera, or shorten its exposure", figures
        )
    return Result(Step.LIGHT, Level.OK, f"the face has grey value {level:.0f}", "", figures)


def _road(samples: Sequence[Sample]) -> Result:
    head = _share(samples, lambda one: one.yaw_deg is not None)
    eyes = _share(samples, lambda one: one.lid_opening is not None)
    road = road_of(samples)
    if head < SEEN_SHARE or road is None:
        text = f"the head was judged in {head:.0%} of the pictures"
        return Result(Step.ROAD, Level.FAILED, text, "mount the camera nearer to the line of sight")
    spread = statistics.pstdev([one.yaw_deg for one in samples if one.yaw_deg is not None])
    figures = [("yaw, deg", road.yaw_deg), ("pitch, deg", road.pitch_deg)]
    figures += [("eyes seen, share", eyes), ("yaw spread, deg", spread)]
    if road.lid_opening is not None:
        figures.append(("lid opening", road.lid_opening))
    where = f"yaw {road.yaw_deg:.0f} deg, pitch {road.pitch_deg:.0f} deg"
    if abs(road.yaw_deg) > FAR_ASIDE_DEG:
        text, remedy = f"the camera sees the face from far aside: {where}", "mount it nearer"
    elif eyes < SEEN_SHARE:
        text = f"the eyes were judged in {eyes:.0%} of the pictures"
        remedy = "dark glasses, reflections or a small face hide them"
    elif spread > STEADY_DEG:
        text, remedy = f"the head moved ({spread:.0f} deg)", "repeat the check and look ahead"
    else:
        return Result(Step.ROAD, Level.OK, f"neutral pose: {where}", "", tuple(figures))
    return Result(Step.ROAD, Level.WARNING, text, remedy, tuple(figures))


def _eyes_closed(samples: Sequence[Sample], road: Road) -> Result:
    closed = _share(samples, lambda one: one.closed is not None and one.closed >= CLOSED_FROM)
    figures: tuple[tuple[str, float], ...] = (("closed, share", closed),)
    lid = _median(samples, "lid_opening")
    if lid is not None and road.lid_opening:
        figures += (("lid opening of the open one's", lid / road.lid_opening),)
    if closed >= CLOSED_SHARE:
        text = f"closed eyes are seen in {closed:.0%} of the pictures"
        return Result(Step.EYES_CLOSED, Level.OK, text, "", figures)
    text = f"closed eyes were seen in {closed:.0%} of the pictures"
    remedy = "drowsiness and sleep cannot be detected here: look at glasses, light and distance"
    return Result(Step.EYES_CLOSED, Level.FAILED, text, remedy, figures)


def _down(samples: Sequence[Sample], road: Road) -> Result:
    moved = _moved(samples, "pitch_deg", road.pitch_deg)
    gaze = _moved(samples, "gaze_y", road.gaze_y)
    figures = _figures(("pitch, deg", moved), ("gaze", gaze))
    if (moved is not None and moved <= -DOWN_DEG) or (gaze is not None and gaze <= -GAZE_MOVED):
        return Result(Step.DOWN, Level.OK, "a look down is seen", "", figures)
    text = "a look down was not seen"
    return Result(Step.DOWN, Level.WARNING, text, "mount the camera lower, or nearer", figures)


def _mirror(step: Step, samples: Sequence[Sample], road: Road) -> Result:
    side = 1.0 if step is Step.LEFT_MIRROR else -1.0  # yaw is positive to the driver's left
    moved = _moved(samples, "yaw_deg", road.yaw_deg)
    gaze = _moved(samples, "gaze_x", road.gaze_x)
    profile = _share(samples, lambda one: one.profile)
    figures = (*_figures(("yaw, deg", moved), ("gaze", gaze)), ("profile, share", profile))
    aside = (moved is not None and side * moved >= ASIDE_DEG) or (
        gaze is not None and side * gaze >= GAZE_MOVED
    )
    if aside or profile >= CLOSED_SHARE:
        return Result(step, Level.OK, f"a look at the {step.value} is seen", "", figures)
    return Result(
        step,
        Level.WARNING,
        f"a look at the {step.value} was not seen",
        "repeat the check; else mount the camera nearer to the line of sight",
        figures,
    )


def _figures(*pairs: tuple[str, float | None]) -> tuple[tuple[str, float], ...]:
    return tuple((name, value) for name, value in pairs if value is not None)


def _moved(samples: Sequence[Sample], name: str, before: float | None) -> float | None:
    now = _median(samples, name)
    return None if now is None or before is None else now - before


def _share(samples: Sequence[Sample], holds: Callable[[Sample], bool]) -> float:
    return sum(map(holds, samples)) / len(samples)


def _median(samples: Sequence[Sample], name: str) -> float | None:
    values = [value for one in samples if (value := getattr(one, name)) is not None]
    return statistics.median(values) if values else None
