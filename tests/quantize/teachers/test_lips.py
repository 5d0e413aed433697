"""The network for lips: where it cuts, and what it reads."""

import importlib.util
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

import edge_fer
from quantize.face import mouths
from quantize.face.mouths import BY_LIPS, BY_MESH, mouth_teacher_name, open_mouth_teacher
from quantize.face.targets import mouth_opening
from quantize.teachers.lips import LipsTeacher, MouthCutter, lips_file
from quantize.teachers.mesh import MeshTeacher, square_of

PORTRAIT = Path(edge_fer.__file__).parent / "assets" / "collins.jpg"


@pytest.mark.parametrize("turn_deg", [0.0, 20.0, -35.0])
def test_the_cut_is_around_the_lips_and_level_with_them(turn_deg: float) -> None:
    turn = math.radians(turn_deg)
    across = np.array([math.cos(turn), math.sin(turn)])
    down = np.array([-math.sin(turn), math.cos(turn)])
    middle = np.array([24.0, 26.0])
    # Corners 8 apart, lips 4 apart.
    mesh = np.array(
        [middle - 4 * across, middle + 4 * across, middle - 2 * down, middle + 2 * down], np.float32
    )
    rows, columns = np.mgrid[0:48, 0:48].astype(np.float32)
    features = np.stack([columns, rows], axis=-1)
    cut, cell = MouthCutter((0, 1, 2, 3), 0, 1, (1.5, 1.5), 16).cut(features, mesh)
    assert cut.shape == (16, 16, 2)
    assert cell == pytest.approx([1.5 * 8 / 16, 1.5 * 4 / 16], rel=1e-5)
    # Each cell holds the place that it was read at; a pixel's middle lies at a half.
    assert cut.mean(axis=(0, 1)) == pytest.approx(middle - 0.5, abs=0.05)
    first = middle - 7.5 * cell[0] * across - 7.5 * cell[1] * down - 0.5
    assert cut[0, 0] == pytest.approx(first, abs=0.05)


@pytest.mark.skipif(lips_file() is None, reason="the package mediapipe is not installed")
def test_it_reads_the_same_mouth_however_the_face_lies() -> None:
    grey = np.asarray(cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE), np.uint8)
    mesh_teacher, lips = MeshTeacher(), LipsTeacher()
    size = min(grey.shape)
    found = []
    for turn_deg in (0.0, 25.0):
        there = cv2.getRotationMatrix2D((grey.shape[1] / 2, grey.shape[0] / 2), turn_deg, 1.0)
        turned = np.asarray(cv2.warpAffine(grey, there, grey.shape[::-1]), np.uint8)
        mesh, _ = mesh_teacher.read(
            turned,
            (turned.shape[1] / 2, turned.shape[0] / 3),
            size * 0.8,
            -math.radians(turn_deg),
        )
        for _ in range(3):
            mesh, score = mesh_teacher.read(turned, *square_of(mesh))
        assert score > 0.9
        found.append(lips.read(turned, mesh))
    # She smiles with her teeth shown.
    assert 0.02 < found[0] < 0.35
    assert found[1] == pytest.approx(found[0], abs=0.06)


def test_without_the_package_the_mesh_reads_mouths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mouths, "lips_file", lambda: None)
    teacher = open_mouth_teacher()
    assert mouth_teacher_name() == BY_MESH
    mesh = np.random.default_rng(1).normal(0, 30, (468, 3)).astype(np.float32)
    assert teacher.read(np.zeros((8, 8), np.uint8), mesh) == mouth_opening(mesh)


def test_where_the_package_lies_without_the_file_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_loader("mediapipe", None, is_package=True)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    spec.submodule_search_locations.append(str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec)
    assert lips_file() is None


@pytest.mark.skipif(lips_file() is None, reason="the package mediapipe is not installed")
def test_with_the_package_it_reads_mouths() -> None:
    assert mouth_teacher_name() == BY_LIPS
