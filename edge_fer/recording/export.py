"""Takes a clip apart for people: a video of each camera on one clock, times, and what happened."""

import csv
import json
import os
from pathlib import Path

import cv2

from edge_fer.errors import ClipError, ClipReason, OutputError, OutputReason
from edge_fer.recording.clip import CAMERAS, Clip, Shot
from edge_fer.recording.pictures import decompress


def export_clip(clip: Clip, folder: Path, *, images: bool = False) -> list[Path]:
    """Write a clip into a new folder; return the files, without single images.

    Folder and files are for their owner's eyes only (0700, 0600): they show people.

    Picture n of each video is the newest one of its camera at the same time, so that the videos run
    side by side. UserError where the folder is there already or cannot be written to.
    """
    before = os.umask(0o077)
    try:
        folder.mkdir(parents=True)
        return _write(clip, folder, images=images)
    except (ValueError, cv2.error) as error:
        raise ClipError(
            ClipReason.DAMAGED, f"{folder.name}: a picture in it is damaged ({error})"
        ) from error
    except FileExistsError:
        raise OutputError(
            OutputReason.EXISTS, f"{folder}: is there already: choose another folder"
        ) from None
    except OSError as error:
        raise OutputError(
            OutputReason.NOT_WRITABLE, f"{folder}: cannot be written ({error.strerror})"
        ) from error
    finally:
        os.umask(before)


def _write(clip: Clip, folder: Path, *, images: bool) -> list[Path]:
    about, times = folder / "clip.json", folder / "pictures.csv"
    about.write_text(json.dumps(clip.header.to_json(), indent=2) + "\n", encoding="utf-8")
    with times.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("camera", "time_s"))
        rows.writerows((CAMERAS[shot.camera], f"{shot.captured_s:.6f}") for shot in clip.shots)
    written = [about, times]
    for camera, name in enumerate(CAMERAS):
        shots = [shot for shot in clip.shots if shot.camera == camera]
        if not shots:
            continue
        written.append(folder / f"{name}.avi")
        _write_video(written[-1], clip, shots)
        if images:
            _write_images(folder / name, shots)
    return written


def _write_video(path: Path, clip: Clip, shots: list[Shot]) -> None:
    header = clip.header
    height, width = decompress(shots[0].jpeg).shape
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), header.fps, (width, height), isColor=False
    )
    if not writer.isOpened():
        raise OutputError(OutputReason.NOT_WRITABLE, f"{path}: cannot be written")
    try:
        for shot in on_the_grid(shots, header.from_s, header.to_s, header.fps):
            grey = decompress(shot.jpeg)
            if grey.shape != (height, width):  # the camera came back with another size
                grey = cv2.resize(grey, (width, height)).astype(grey.dtype, copy=False)
            writer.write(grey)
    finally:
        writer.release()


def on_the_grid(shots: list[Shot], from_s: float, to_s: float, fps: float) -> list[Shot]:
    """Return for each moment of a steady clock the newest picture, or the first to come."""
    chosen, index = [], 0
    for number in range(round((to_s - from_s) * fps) + 1):
        time_s = from_s + number / fps
        while index + 1 < len(shots) and shots[index + 1].captured_s <= time_s + 0.5 / fps:
            index += 1
        chosen.append(shots[index])
    return chosen


def _write_images(folder: Path, shots: list[Shot]) -> None:
    folder.mkdir()
    for shot in shots:
        (folder / f"{shot.captured_s:+09.3f}s.jpg").write_bytes(shot.jpeg)
