"""From five landmarks to the angles of the head."""

import cv2
import numpy as np

from edge_fer.observation import HeadPose, Landmarks

# Mean places of these points in millimetres: right of the picture, down, away from the camera. They
# are those of the Basel Face Model (Paysan et al. 2009) as Deng et al. 2019 ("Accurate 3D Face
# Reconstruction with Weakly-Supervised Learning") align faces by them, rounded and made symmetric.
_HEAD_MM = np.array(
    [[-31, -29, -13], [31, -29, -13], [0, 5, -55], [-25, 38, -22], [25, 38, -22]], np.float64
)
_EYES_TO_MOUTH_MM = 67.0

# Focal length in longer sides of the frame. A true one is near 1, but this code is not given it,
# and with 1 the fit explains by perspective what is a turn, because landmarks are some percent off:
# of a yaw of about 45 degrees in the clips it made 31, of a head bowed far -14. Five points cannot
# tell so much. From far away the same frames come out at 41 and about -25, wherever in the frame.
_FOCAL = 10.0


def head_pose(landmarks: Landmarks, shape: tuple[int, ...]) -> HeadPose | None:
    """Return the head's pose in a frame of `shape` (height, width); None if no pose fits.

    Angles are relative to the line of sight of a distant camera. Large angles are underestimated,
    and a head tilted back is hardly measured, because detectors place landmarks towards those of a
    level face.
    """
    height, width = shape[:2]
    points = np.array(
        [
            landmarks.right_eye,
            landmarks.left_eye,
            landmarks.nose,
            landmarks.right_mouth,
            landmarks.left_mouth,
        ],
        np.float64,
    )
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    face_px = float(max(np.linalg.norm(eyes - mouth), np.linalg.norm(points[0] - points[1])))
    if not 1.0 <= face_px <= max(height, width):  # a NaN as well
        return None
    focal_px = _FOCAL * max(height, width)
    centre = np.array([width / 2, height / 2])
    camera = np.array([[focal_px, 0, centre[0]], [0, focal_px, centre[1]], [0, 0, 1]])
    # From a frontal head at the right distance the fit cannot end in the mirrored solution.
    distance_mm = focal_px * _EYES_TO_MOUTH_MM / face_px
    place = np.append((points.mean(axis=0) - centre) * distance_mm / focal_px, distance_mm)
    fits, turn, _ = cv2.solvePnP(
        _HEAD_MM,
        points,
        camera,
        None,
        np.zeros(3),
        place,
        useExtrinsicGuess=True,
        flags=cv2.SOLVEPNP_ITERATIVE,
    )
    if not fits or not np.isfinite(turn).all():
        return None
    rotation = cv2.Rodrigues(turn)[0]
    ahead = -rotation[:, 2]  # where the nose points; (0, 0, -1) is into the camera
    return HeadPose(
        yaw_deg=float(np.degrees(np.arctan2(ahead[0], -ahead[2]))),
        pitch_deg=float(np.degrees(np.arcsin(np.clip(-ahead[1], -1.0, 1.0)))),
        roll_deg=float(np.degrees(np.arctan2(rotation[1, 0], rotation[0, 0]))),
    )
