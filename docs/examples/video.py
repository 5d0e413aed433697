"""A video file: print each change of the driver state with its time in the video.

python docs/examples/video.py drive.mp4
"""

import sys

from edge_fer import DriverMonitor, open_camera


def main(path: str) -> None:
    """Judge each frame of a video as fast as this machine can."""
    monitor = DriverMonitor()
    camera = open_camera(f"file:{path}?speed=max")
    state, number = None, 0
    while (picture := camera.read()) is not None:
        # The time in the video: the states do not depend on how fast it is read.
        reading = monitor.observe(picture, number / camera.fps)
        if reading.state is not state:
            state = reading.state
            reason = reading.reason.name.lower().replace("_", " ")
            print(f"{reading.time_s:7.2f} s  {state.label} ({reason})")
        number += 1
    camera.close()


if __name__ == "__main__":
    main(sys.argv[1])
