"""A picture: print the faces in it and the emotion of each.

python docs/examples/picture.py edge_fer/assets/collins.jpg
"""

import sys

import cv2

from edge_fer import EmotionClassifier


def main(path: str) -> None:
    """Classify the faces of one picture file."""
    picture = cv2.imread(path)
    if picture is None:
        sys.exit(f"{path}: cannot be read as a picture")
    for face in EmotionClassifier().classify(picture):
        x, y = face.box.centre
        print(f"{face.emotion.name.lower()} {face.confidence:.0%} at {x:.0f}, {y:.0f}")


if __name__ == "__main__":
    main(sys.argv[1])
