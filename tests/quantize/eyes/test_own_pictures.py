"""An eye network measured on pictures of one's own."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import edge_fer
from edge_fer.errors import UserError
from edge_fer.models.kind import EYES
from edge_fer.paths import SHIPPED_EYES
from quantize.evaluation.predictors import open_predictor
from quantize.eyes.own_pictures import OwnEyes, has_own_pictures, measure_own_pictures
from quantize.eyes.verb import evaluate_verb

PICTURE = Path(edge_fer.__file__).parent / "assets" / "collins.jpg"


def put(path: Path, image: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.asarray(image, np.uint8))


def test_people_and_eyes_in_folders_open_and_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not has_own_pictures(tmp_path)
    picture = cv2.imread(str(PICTURE))
    assert picture is not None
    put(tmp_path / "set" / "Open" / "anna" / "1.jpg", picture)
    put(tmp_path / "set" / "closed" / "eye.png", np.full((40, 52), 120))
    put(tmp_path / "set" / "closed" / "nobody.png", np.full((200, 300), 120))
    put(tmp_path / "set" / "elsewhere" / "1.png", np.full((40, 52), 120))
    assert has_own_pictures(tmp_path)
    found = measure_own_pictures(tmp_path, SHIPPED_EYES, open_predictor(SHIPPED_EYES, EYES))
    assert (found.open, found.open_right) == (1, 1)
    assert (found.closed, found.crops, found.unseen) == (1, 1, 1)
    assert found.passed_over == {"file outside of open and closed folders": 1}
    evaluate_verb(SHIPPED_EYES, tmp_path, seed=1, json_output=True, report=None, clips=tmp_path)
    values = json.loads(capsys.readouterr().out)
    assert values["recall_open"] == 1.0
    evaluate_verb(SHIPPED_EYES, tmp_path, seed=1, json_output=False, report=None, clips=tmp_path)
    assert "recall of open" in capsys.readouterr().out


def test_shares_of_what_is_not_there_are_unknown() -> None:
    counts = OwnEyes()
    counts.add(False, 0.2)
    counts.add(False, 0.9)
    counts.add(True, None)
    values = counts.to_json()
    assert (values["accuracy"], values["recall_open"], values["recall_closed"]) == (0.5, 0.5, None)


def test_pictures_in_which_nothing_can_be_judged(tmp_path: Path) -> None:
    put(tmp_path / "open" / "nobody.png", np.full((200, 300), 120))
    with pytest.raises(UserError, match="no eyes that can be judged in 1 picture"):
        measure_own_pictures(tmp_path, SHIPPED_EYES, open_predictor(SHIPPED_EYES, EYES))
