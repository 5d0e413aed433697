"""A camera: print the driver state once a second, until Ctrl-C.

python docs/examples/camera.py v4l2:/dev/video0
"""

import sys

from edge_fer import DriverMonitor, UserError, camera_frames


def main(uri: str) -> None:
    """Judge the newest frames of a camera; frames that come too fast are dropped."""
    monitor = DriverMonitor()
    print_s = 0.0
    for frame in camera_frames(uri):
        reading = monitor.observe(frame)
        if frame.captured_s >= print_s:
            print_s = frame.captured_s + 1.0
            emotion = "unknown" if reading.emotion is None else reading.emotion.name.lower()
            print(f"{reading.state.label}, emotion {emotion}, camera {reading.camera.name.lower()}")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        pass
    except UserError as error:  # one line: what, which value, what to do
        sys.exit(str(error))
