"""What the verbs below `edge-fer face` do."""

import json
import os
from pathlib import Path

from rich.console import Console

from edge_fer.errors import UserError
from edge_fer.whole_file import write_whole
from quantize.data import load_fer2013
from quantize.face.labels import FaceLabels, fer_pictures, label, read_faces
from quantize.out_path import check_out_path
from quantize.progress import progress_bar
from quantize.workstation import require_tensorflow

TURNED = 9000  # drawings of turned heads to train on
RECORD = "training.json"
NETWORK = "last.keras"


def label_verb(faces: Path, fer2013: Path, out: Path, *, seed: int, workers: int | None) -> None:
    """Have the teacher read all faces, and write what it saw to one file."""
    check_out_path(out, ".npz")
    pictures = list(read_faces(faces))
    training = load_fer2013(fer2013).select("Training")
    pictures.extend(fer_pictures(training.images))
    with progress_bar("The face mesh labels faces", len(pictures)) as advance:
        labels = label(pictures, seed=seed, workers=workers or os.cpu_count() or 1, done=advance)
    labels.save(out)
    print(f"{out}: {len(labels):,} faces labelled; next: edge-fer face train --labels {out}")


def train_verb(
    labels_path: Path, out: Path, *, seed: int, epochs: int, initial: Path | None
) -> None:
    """Train on all but the held-out groups; write network, history and record into a folder."""
    require_tensorflow()
    from quantize.face.samples import FaceSource  # noqa: PLC0415
    from quantize.face.splits import SPLIT, split, turned_heads  # noqa: PLC0415
    from quantize.face.training import FaceTraining, train_face  # noqa: PLC0415  # TensorFlow

    settings = FaceTraining(seed=seed, epochs=epochs)
    labels = FaceLabels.load(labels_path)
    natural, fer, _ = split(labels, seed)
    if not len(natural) or not len(fer):
        raise UserError(f"{labels_path}: it takes faces and FER2013 to train")
    console = Console(stderr=True)
    turned = turned_heads(natural, seed=seed, count=TURNED)
    out.mkdir(parents=True, exist_ok=True)
    digests = {"faces": natural.digest(), "fer2013": fer.digest()}
    record = settings.record(digests, epochs) | {
        "split": SPLIT,
        "faces": {"natural": len(natural), "fer2013": len(fer), "turned": len(turned)},
        "initial": initial.name if initial else None,
    }
    write_whole(out / RECORD, (json.dumps(record, indent=2) + "\n").encode())

    def done(epoch: int, losses: dict[str, float]) -> None:
        console.print(
            f"epoch {epoch:3d}/{epochs}  loss {losses['loss']:.4f}  {losses['seconds']:.0f} s",
            highlight=False,
        )

    train_face(
        FaceSource(natural),
        FaceSource(fer),
        FaceSource(turned, exact=True),
        settings,
        out,
        done,
        initial=initial,
    )
    print(f"{out}: trained; next: edge-fer face quantize {out}")
