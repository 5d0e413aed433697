"""The panel beside the picture: state and reason, what is seen, emotions."""

from edge_fer.annotate.drawing import (
    DARK,
    GREY,
    WHITE,
    Picture,
    colour,
    fill,
    fitted,
    put_text,
)
from edge_fer.emotions import LABELS
from edge_fer.live.scene import Scene
from edge_fer.observation import CameraCondition, EyeReading
from firmware_bridge.monitor.colours import EMOTION_COLOURS, state_colour

PANEL_UNITS = 190.0  # its width
_UNSEEN = "not seen"


def draw_panel(panel: Picture, scene: Scene, unit: float) -> None:
    """Fill `panel` with what `scene` says in words and bars."""
    height, width = panel.shape[:2]
    panel[:] = DARK
    margin = 8.0 * unit
    inner = width - 2 * margin
    block = 46.0 * unit
    fill(panel, 0, 0, width, block, colour(state_colour(scene.state.label)))
    label = scene.state.label
    put_text(panel, label, (margin, 21 * unit), fitted(label, 15 * unit, inner), WHITE, bold=True)
    reason = f"{scene.reason.label}, {scene.since_s:.1f} s"
    put_text(panel, reason, (margin, 38 * unit), fitted(reason, 9 * unit, inner))
    y = block + 18 * unit
    for name, value in readings(scene):
        put_text(panel, name, (margin, y), 9 * unit, GREY)
        ink = GREY if value == _UNSEEN else WHITE
        put_text(
            panel, value, (margin + 66 * unit, y), fitted(value, 9 * unit, inner - 66 * unit), ink
        )
        y += 15 * unit
    y += 3 * unit
    if scene.probabilities is not None:
        step = min(15 * unit, (height - y - 4 * unit) / len(LABELS))
        if step >= 6 * unit:  # a low picture has no room for them
            for name, share, shade in zip(
                LABELS, scene.probabilities, EMOTION_COLOURS, strict=True
            ):
                text_px = min(9 * unit, 0.8 * step)
                put_text(panel, name, (margin, y + 0.75 * step), text_px, GREY)
                left = margin + 66 * unit
                fill(panel, left, y + 0.2 * step, width - margin, y + 0.8 * step, (58, 55, 52))
                right = left + share * (width - margin - left)
                fill(panel, left, y + 0.2 * step, right, y + 0.8 * step, colour(shade))
                y += step


def readings(scene: Scene) -> list[tuple[str, str]]:
    """Return the rows of the panel: names and values in words."""
    rows = [("time", f"{scene.time_s:.2f} s")]
    if scene.camera is not CameraCondition.GOOD:
        rows.append(("camera", scene.camera.name.lower()))
    head = scene.head
    if scene.profile:
        rows.append(("head", "profile"))
    elif head is None:
        rows.append(("head", _UNSEEN))
    else:
        rows.append(("yaw", _turn(head.yaw_deg, "left", "right")))
        rows.append(("pitch", _turn(head.pitch_deg, "up", "down")))
        rows.append(("roll", _turn(head.roll_deg, "left", "right")))
    eyes = scene.eyes
    right, left = (None, None) if eyes is None else (eyes.right, eyes.left)
    rows.append(("right eye", _eye(right)))
    rows.append(("left eye", _eye(left)))
    if scene.mouth_opening is not None:
        rows.append(("mouth", f"{scene.mouth_opening:.2f} open"))
    if scene.yawns:
        rows.append(("yawns", str(scene.yawns)))
    if scene.drowsiness is not None:
        rows.append(("PERCLOS", f"{scene.drowsiness:.0%}"))
    if scene.distraction is not None:
        rows.append(("away", f"{scene.distraction:.0%} of 30 s"))
    if scene.question is not None:
        rows.append(("asked", scene.question))
    return rows


def _turn(angle_deg: float, positive: str, negative: str) -> str:
    return f"{abs(angle_deg):.0f} deg {positive if angle_deg >= 0 else negative}"


def _eye(eye: EyeReading | None) -> str:
    if eye is None:
        return _UNSEEN
    return f"lid {eye.lid_opening:.2f}, closed {eye.closed:.0%}"
