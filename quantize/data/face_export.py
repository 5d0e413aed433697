"""Faces of pictures and videos, cut as the pipeline sees them, with a table of what it measures."""

import csv
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_fer.camera.condition import judge, measure
from edge_fer.errors import (
    DataError,
    DataReason,
    OutputError,
    OutputReason,
    UsageError,
    UsageReason,
)
from edge_fer.face.crop import crop_face
from edge_fer.face.cutting import cut_square
from edge_fer.face.head_pose import head_pose
from edge_fer.face.opening import open_tracker
from edge_fer.face.settings import FaceConfig
from edge_fer.face.tracking import TrackedFace
from edge_fer.models.kind import FACE_PX
from edge_fer.observation import HeadPose
from edge_fer.quiet import quiet_output
from quantize.data.face_crop import find_face
from quantize.data.fer2013 import BadRowError
from quantize.data.files import SourceFile, is_archive, open_files
from quantize.data.folder import IMAGE_SUFFIXES, decode

VIDEO_SUFFIXES = frozenset(
    {".gif", ".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mjpeg"}
)
TABLE = "faces.csv"
COLUMNS = (
    *("file", "source", "time_s", "x", "y", "width", "height", "score", "detected"),
    *("right_eye_x", "right_eye_y", "left_eye_x", "left_eye_y", "nose_x", "nose_y"),
    *("right_mouth_x", "right_mouth_y", "left_mouth_x", "left_mouth_y"),
    *("yaw_deg", "pitch_deg", "roll_deg"),
    *("camera", "brightness", "contrast", "sharpness"),
)


@dataclass(frozen=True, slots=True)
class ExportedFace:
    """One face. `file` is the crop's name below the folder, `source` the picture's or video's.

    Boxes and landmarks are in pixels of the frame. `brightness` and `contrast` are mean and
    standard deviation of the 48 x 48 crop in grey values, `sharpness` is the variance of its
    Laplacian, `camera` how the daemon judges the frame.
    """

    file: str
    source: str
    time_s: float
    face: TrackedFace
    head: HeadPose | None
    camera: str
    brightness: float
    contrast: float
    sharpness: float

    def row(self) -> list[str]:
        """Return the values of COLUMNS; "" for what was not measured."""
        box, landmarks = self.face.box, self.face.box.landmarks
        points = (
            [math.nan] * 10
            if landmarks is None
            else [
                value
                for point in (
                    *(landmarks.right_eye, landmarks.left_eye, landmarks.nose),
                    *(landmarks.right_mouth, landmarks.left_mouth),
                )
                for value in point
            ]
        )
        head = (
            [math.nan] * 3
            if self.head is None
            else [self.head.yaw_deg, self.head.pitch_deg, self.head.roll_deg]
        )
        return [
            self.file,
            self.source,
            _number(self.time_s, 3),
            *(_number(value, 1) for value in (box.x, box.y, box.width, box.height)),
            _number(box.score, 3),
            str(int(self.face.detected)),
            *(_number(value, 1) for value in (*points, *head)),
            self.camera,
            *(_number(value, 1) for value in (self.brightness, self.contrast, self.sharpness)),
        ]


@dataclass(slots=True)
class ExportCounts:
    """How many frames were looked at, had a face, and what was not looked at, by reason."""

    frames: int = 0
    faces: int = 0
    passed_over: dict[str, int] | None = None

    def pass_over(self, reason: str) -> None:
        """Count a file that was not looked at."""
        self.passed_over = self.passed_over or {}
        self.passed_over[reason] = self.passed_over.get(reason, 0) + 1


def export_faces(
    source: Path,
    out: Path,
    config: FaceConfig,
    *,
    every_s: float,
    side_px: int,
    most: int = 0,
    advance: Callable[[int], None] = lambda files: None,
) -> ExportCounts:
    """Write the faces of a picture, a video, a folder or an archive of both below `out`.

    Folders stay as they are, so that classes keep their names: `sad/1.jpg` becomes `sad/1.png`. A
    video's face is written each `every_s` seconds, and tracked in each frame between. A crop has
    `side_px` pixels a side, 0: as many as in the frame. `most` above 0 is after how many faces it
    stops. `advance` is called with the number of files done.
    The table TABLE has a row for each crop. What lies below `out` already is no source; the crops
    of an earlier run, which its table names, are removed. UserError where nothing can be read or
    written.
    """
    counts = ExportCounts()
    _check_exists(source)  # before what an earlier run wrote is removed
    if source.is_dir() and out.resolve() == source.resolve():
        raise UsageError(
            UsageReason.CONTRADICTION, f"--out {out}: it is the source: give another folder"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        _remove_earlier(out)
        # By the line, so that a run that is killed leaves no crop that its table does not name.
        with (out / TABLE).open("w", encoding="utf-8", newline="", buffering=1) as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            found = _faces(source, out, config, every_s, side_px, counts, advance)
            for face, crop in itertools.islice(found, most or None):
                table.writerow(face.row())
                path = out / face.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(cv2.imencode(".png", crop)[1].tobytes())
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"--out {out}: cannot be written ({error.strerror or error})"
        ) from error
    if not counts.frames:
        raise DataError(
            DataReason.EMPTY,
            f"{source}: no picture and no video in it (videos end in "
            f"{', '.join(sorted(VIDEO_SUFFIXES))})",
        )
    return counts


def _remove_earlier(out: Path) -> None:
    """Remove the crops that the table of an earlier run names, and nothing else."""
    try:
        with (out / TABLE).open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            if table.fieldnames is None or tuple(table.fieldnames) != COLUMNS:
                return  # somebody else's
            names = [row["file"] for row in table if row["file"]]
    except (FileNotFoundError, UnicodeDecodeError, csv.Error):
        return
    for name in names:
        crop = out / name
        if crop.suffix == ".png" and crop.resolve().is_relative_to(out.resolve()):
            crop.unlink(missing_ok=True)


def _faces(
    source: Path,
    out: Path,
    config: FaceConfig,
    every_s: float,
    side_px: int,
    counts: ExportCounts,
    advance: Callable[[int], None],
) -> Iterator[tuple[ExportedFace, NDArray[np.uint8]]]:
    tracker = open_tracker(config)
    taken: set[str] = set()

    def exported(
        grey: NDArray[np.uint8], face: TrackedFace, path: PurePosixPath, time_s: float, stem: str
    ) -> tuple[ExportedFace, NDArray[np.uint8]]:
        counts.faces += 1
        name = _free_name(path.with_name(f"{stem}.png"), taken)
        return _exported(grey, face, name, str(path), time_s), _crop(grey, face, side_px)

    for file in media_files(source):
        suffix = file.path.suffix.lower()
        if file.problem:
            counts.pass_over(file.problem)
        elif source.is_dir() and (source / file.path).resolve().is_relative_to(out.resolve()):
            if file.name != TABLE:  # which is being written
                counts.pass_over("file below --out")
        elif suffix in VIDEO_SUFFIXES:
            if (path := video_path(source, file)) is None:
                counts.pass_over("video in an archive: unpack it")
                continue
            tracker.forget()
            due_s = 0.0
            for grey, time_s in video_frames(path, counts):
                face = tracker.update(grey, time_s)
                if face is not None and time_s >= due_s:
                    due_s = time_s + every_s
                    stem = f"{file.path.stem}_{round(time_s * 1000):07d}"
                    yield exported(grey, face, file.path, time_s, stem)
        elif suffix in IMAGE_SUFFIXES:
            try:
                grey = decode(file)
            except BadRowError as problem:
                counts.pass_over(str(problem))
                continue
            counts.frames += 1
            face = find_face(tracker, grey)
            if face is not None:
                yield exported(grey, face, file.path, 0.0, file.path.stem)
        else:
            counts.pass_over("file that is neither picture nor video")
        advance(1)


def _check_exists(source: Path) -> None:
    if not source.exists():
        raise DataError(DataReason.NOT_FOUND, f"{source}: no such file or folder")


def media_files(source: Path) -> Iterator[SourceFile]:
    """Yield the files of a folder or an archive, or the one file that `source` is."""
    _check_exists(source)
    if source.is_file() and not is_archive(source):
        yield SourceFile(PurePosixPath(source.name), source.read_bytes)
        return
    with open_files(source) as files:
        yield from files


def video_path(source: Path, file: SourceFile) -> Path | None:
    """Return where a file of `source` lies, or None for one in an archive."""
    if source.is_dir():
        return source / file.path
    return source if source.name == str(file.path) else None


def video_frames(path: Path, counts: ExportCounts) -> Iterator[tuple[NDArray[np.uint8], float]]:
    """Yield each frame of a video, uint8[h, w], and its time in seconds."""
    with quiet_output():  # what FFmpeg says of a file that is no video
        capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        fps = capture.get(cv2.CAP_PROP_FPS)
        fps = fps if math.isfinite(fps) and fps > 0 else 30.0  # a raw stream does not say
        number = 0
        while True:
            ok, colour = capture.read()
            if not ok:
                break
            counts.frames += 1
            grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
            yield grey, number / fps
            number += 1
        if not number:
            counts.pass_over("video that cannot be read")
    finally:
        capture.release()


def _crop(grey: NDArray[np.uint8], face: TrackedFace, side_px: int) -> NDArray[np.uint8]:
    """Return the pipeline's square around the face, `side_px` a side, 0: as in the frame."""
    if side_px == FACE_PX:
        return crop_face(grey, face.box)
    box = face.box
    side = max(round(max(box.width, box.height)), 1)
    x, y = box.centre
    square = cut_square(grey, round(x - side / 2), round(y - side / 2), side)
    if not side_px:
        return square
    filter_ = cv2.INTER_AREA if side > side_px else cv2.INTER_LINEAR
    resized = cv2.resize(square, (side_px, side_px), interpolation=filter_)
    return resized.astype(np.uint8, copy=False)


def _exported(
    grey: NDArray[np.uint8], face: TrackedFace, name: str, source: str, time_s: float
) -> ExportedFace:
    crop = crop_face(grey, face.box)
    head = None
    if face.reading is not None:
        head = face.reading.head
    elif face.box.landmarks is not None:
        head = head_pose(face.box.landmarks, grey.shape)
    return ExportedFace(
        name,
        source,
        time_s,
        face,
        head,
        judge(measure(grey)).name.lower(),
        float(crop.mean()),
        float(crop.std()),
        float(cv2.Laplacian(crop, cv2.CV_64F).var()),
    )


def _free_name(wanted: PurePosixPath, taken: set[str]) -> str:
    """Return a name that no other crop has: `a.jpg` and `a.png` may lie side by side."""
    name, number = str(wanted), 1
    while name in taken:
        name, number = str(wanted.with_stem(f"{wanted.stem}_{number}")), number + 1
    taken.add(name)
    return name


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else ""
