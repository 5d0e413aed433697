"""The V4L2 camera against the kernel: a loopback device that gets its pictures from this test."""

import fcntl
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.camera import open_camera
from edge_fer.camera.process import CameraProcess
from edge_fer.errors import UserError

WIDTH, HEIGHT = 320, 240
PATIENCE_S = 60.0
# linux/videodev2.h on 64 bits: struct v4l2_format is the type, padding, and 200 bytes of union.
VIDIOC_S_FMT = 0xC0D05605
VIDIOC_QUERYCAP = 0x80685600
CAPABILITY_BYTES, FORMAT_BYTES = 104, 208
VIDEO_OUTPUT, FIELD_NONE, COLORSPACE_SRGB = 2, 1, 8
LEVELS = (40, 90, 140, 190)


def driver_of(device: Path) -> str:
    try:
        handle = os.open(device, os.O_RDWR)
    except OSError:
        return ""
    try:
        capability = bytearray(CAPABILITY_BYTES)
        fcntl.ioctl(handle, VIDIOC_QUERYCAP, capability)
        return bytes(capability[:16]).split(b"\0")[0].decode()
    except OSError:
        return ""
    finally:
        os.close(handle)


@pytest.fixture(scope="module")
def device() -> Path:
    for path in sorted(Path("/dev").glob("video*")):
        if "loopback" in driver_of(path):
            return path
    pytest.skip("no loopback device: apt install v4l2loopback-dkms, modprobe v4l2loopback")


def picture(level: int) -> NDArray[np.uint8]:
    """Return uint8[HEIGHT,WIDTH], darker on its left."""
    ramp = np.linspace(level - 20, level + 20, WIDTH).astype(np.uint8)
    return np.tile(ramp, (HEIGHT, 1))


def packed(level: int, pixels: str) -> bytes:
    grey = picture(level)
    if pixels == "GREY":
        return grey.tobytes()
    if pixels == "YUYV":
        return np.dstack([grey, np.full_like(grey, 128)]).tobytes()
    return cv2.imencode(".jpg", grey)[1].tobytes()


@contextmanager
def feeding(device: Path, pixels: str) -> Iterator[threading.Event]:
    """Write pictures into the device, 30 a second, until the end or until the event is set."""
    handle = os.open(device, os.O_RDWR)
    size = WIDTH * HEIGHT * 2
    wanted = struct.pack(
        "=II 8I", VIDEO_OUTPUT, 0, WIDTH, HEIGHT, int(cv2.VideoWriter.fourcc(*pixels)),
        FIELD_NONE, WIDTH * (2 if pixels == "YUYV" else 1), size, COLORSPACE_SRGB, 0,
    )  # fmt: skip
    fcntl.ioctl(handle, VIDIOC_S_FMT, bytearray(wanted.ljust(FORMAT_BYTES, b"\0")))
    stop = threading.Event()

    def feed() -> None:
        number = 0
        while not stop.wait(1 / 30):
            with suppress(OSError):
                os.write(handle, packed(LEVELS[number % len(LEVELS)], pixels))
            number += 1

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        time.sleep(0.2)  # a loopback has no format to offer before its first picture
        yield stop
    finally:
        stop.set()
        thread.join()
        os.close(handle)


@pytest.mark.parametrize("pixels", ["GREY", "YUYV", "MJPG"])
def test_each_format_of_a_real_device(device: Path, pixels: str) -> None:
    with feeding(device, pixels):
        camera = open_camera(f"v4l2:{device}?width={WIDTH}&height={HEIGHT}&format={pixels}")
        try:
            frames = [camera.read() for _ in range(8)]
        finally:
            camera.close()
    for frame in frames:
        assert frame is not None
        assert frame.shape == (HEIGHT, WIDTH)
        assert frame.flags.c_contiguous
        assert frame[:, :20].mean() < frame[:, -20:].mean()
    # A loopback repeats and drops, but it invents no picture.
    means = {round(float(frame.mean())) for frame in frames if frame is not None}
    assert len(means) > 1


def test_what_a_real_device_does_not_give_is_refused(device: Path) -> None:
    with (
        feeding(device, "GREY"),
        pytest.raises(UserError, match="the camera gives"),
    ):
        open_camera(f"v4l2:{device}?width={WIDTH * 2}&height={HEIGHT}&format=GREY")


def test_a_real_device_that_falls_silent(device: Path) -> None:
    uri = f"v4l2:{device}?width={WIDTH}&height={HEIGHT}&format=GREY"
    with feeding(device, "GREY") as stop, CameraProcess(uri) as camera:
        assert camera.wait(PATIENCE_S) is not None
        stop.set()
        while camera.wait(1.0) is not None:
            pass
        # Hung in the driver or given up: either way it can be ended, and started anew.
        camera.stop(0.2)
        assert not camera.alive
