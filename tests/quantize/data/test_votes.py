"""FER+ votes go row for row with the data, or are refused with the line that does not."""

from pathlib import Path

import numpy as np
import pytest

from edge_fer.errors import UserError
from quantize.data.fer2013 import Fer2013
from quantize.data.votes import VOTE_CLASSES, load_votes, unclear_share, votes_as_labels

HEADER = ",".join(("Usage", *VOTE_CLASSES))
TWO_ROWS = Fer2013(np.zeros((2, 48, 48), np.uint8), np.array([0, 3]), np.array([0, 1], np.uint8))


def votes_file(folder: Path, *lines: str) -> Path:
    path = folder / "votes.csv"
    path.write_text("\n".join((HEADER, *lines)) + "\n", encoding="utf-8")
    return path


def test_votes_are_shares_of_the_taggers(tmp_path: Path) -> None:
    path = votes_file(tmp_path, "Training,4,0,0,1,3,2,0,0,0,0", "PublicTest,0,9,0,0,0,0,0,0,0,0")
    shares = load_votes(path, TWO_ROWS)
    assert shares.dtype == np.float32
    assert shares.tolist()[1] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(shares[0], [0.4, 0, 0, 0.1, 0.3, 0.2, 0, 0, 0, 0], rtol=1e-6)


def test_votes_in_the_order_of_our_classes_and_those_that_name_none() -> None:
    votes = np.zeros((3, 10), np.float32)
    votes[0, [0, 1, 4]] = 0.5, 0.25, 0.25  # neutral, happiness, anger
    votes[1, [3, 7, 9]] = 0.25, 0.25, 0.5  # sadness, contempt, not a face
    votes[2, [7, 8]] = 0.5, 0.5  # contempt, unknown
    labels, there = votes_as_labels(votes)
    assert there.tolist() == [True, True, False]
    assert labels.tolist() == [[0.25, 0, 0, 0.25, 0, 0, 0.5], [0, 0, 0, 0, 1, 0, 0], [0] * 7]
    assert unclear_share(votes).tolist() == [0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("Training,4,0,0,1,3,2,0,0,0,0",), "has 0 rows of PublicTest, the data 1"),
        (("Training" + ",1" * 10, "Training" + ",1" * 10), "has 2 rows of Training, the data 1"),
        (("Training" + ",1" * 10, "Test" + ",1" * 10), "line 3 is 'Test': no usage"),
        (("Training" + ",1" * 10, "PublicTest" + ",1" * 9), "line 3 is not 10 counts"),
        (("Training" + ",1" * 10, "PublicTest" + ",-1" * 10), "line 3 is not 10 counts"),
        (("Training" + ",0" * 10, "PublicTest" + ",1" * 10), "line 2 has no vote"),
    ],
)
def test_votes_that_do_not_fit_are_refused(
    tmp_path: Path, lines: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        load_votes(votes_file(tmp_path, *lines), TWO_ROWS)


PUBLISHED = ",".join(("Usage", "Image name", *VOTE_CLASSES))


def published(folder: Path, *lines: str) -> Path:
    path = folder / "fer2013new.csv"
    path.write_text("\r\n".join((PUBLISHED, *lines)) + "\r\n", encoding="utf-8-sig")
    return path


def test_votes_as_microsoft_publishes_them(tmp_path: Path) -> None:
    """Rows without a name are no faces; whole parts may be missing in the data."""
    path = published(
        tmp_path,
        "Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0",
        "Training,,0,0,0,0,0,0,0,0,0,10",
        "PublicTest,fer0000002.png,0,9,0,0,0,0,0,0,0,0",
        "PrivateTest,fer0000003.png,0,0,9,0,0,0,0,0,0,0",
    )
    shares = load_votes(path, TWO_ROWS)
    assert shares[:, :2].tolist() == [[pytest.approx(0.4), 0], [0, 1]]
    all_three = Fer2013(
        np.zeros((3, 48, 48), np.uint8), np.array([0, 3, 3]), np.array([1, 0, 0], np.uint8)
    )
    assert load_votes(path, all_three)[:, 9].tolist() == [0, 0, 1]


def test_votes_are_matched_by_name_where_rows_are_files(tmp_path: Path) -> None:
    path = published(
        tmp_path,
        "Training,fer0000000.png,9,0,0,0,0,0,0,0,0,0",
        "Training,fer0000001.png,0,9,0,0,0,0,0,0,0,0",
        "PublicTest,fer0000002.png,0,0,9,0,0,0,0,0,0,0",
    )

    def files(*names: str, usages: tuple[int, ...] = (0, 1)) -> Fer2013:
        return Fer2013(
            np.zeros((2, 48, 48), np.uint8),
            np.array([0, 3]),
            np.array(usages, np.uint8),
            names=np.array(names),
        )

    found = load_votes(path, files("train/sad/fer0000001.png", "test/sad/fer0000002.png"))
    assert found[:, 1:3].tolist() == [[1, 0], [0, 1]]
    with pytest.raises(UserError, match=r"no row for 1 of 2 images, as fer9.png"):
        load_votes(path, files("train/sad/fer9.png", "test/sad/fer0000002.png"))
    with pytest.raises(
        UserError, match=r"line 3: fer0000001\.png is of Training, in the data of Pub"
    ):
        load_votes(path, files("a/fer0000000.png", "b/fer0000001.png"))


def test_votes_out_of_step_are_noticed(tmp_path: Path) -> None:
    labels = np.arange(400) % 7
    dataset = Fer2013(np.zeros((400, 48, 48), np.uint8), labels, np.zeros(400, np.uint8))
    of_label = [4, 5, 6, 1, 3, 2, 0]
    votes = np.eye(10, dtype=int)[[of_label[label] for label in labels]] * 9
    lines = ["Training," + ",".join(map(str, row)) for row in votes]
    assert load_votes(votes_file(tmp_path, *lines), dataset).max() == 1
    with pytest.raises(UserError, match="their order is not that of the data"):
        load_votes(votes_file(tmp_path, *lines[1:], lines[0]), dataset)


def test_a_file_that_is_no_votes_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "fer2013.csv"
    other.write_text("emotion,pixels,Usage\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"has no FER\+ header"):
        load_votes(other, TWO_ROWS)
    with pytest.raises(UserError, match="cannot be read"):
        load_votes(tmp_path / "missing.csv", TWO_ROWS)


@pytest.mark.slow
def test_the_real_votes_go_with_the_real_data(shared: Path, fer2013_csv: Path) -> None:
    from quantize.data.load import load_fer2013

    path = shared / "fer2013" / "ferplus_votes.csv"
    if not path.is_file():
        pytest.skip(f"the FER+ votes are not there: {path}")
    dataset = load_fer2013(fer2013_csv)
    shares = load_votes(path, dataset)
    # Most taggers agree with FER2013's own label on happy faces, or the rows are out of step.
    assert shares[dataset.labels == 3, VOTE_CLASSES.index("happiness")].mean() > 0.7
