"""Loading through the cache."""

from pathlib import Path

import numpy as np
import pytest

from edge_fer.errors import UserError
from quantize.data import cache as dataset_cache
from quantize.data import load as data
from quantize.data.fer2013 import Fer2013
from quantize.data.load import Reading, load_fer2013

HEADER = "emotion,pixels,Usage\n"


def row(value: int, label: int = 3) -> str:
    return f"{label},{' '.join([str(value)] * 2304)},Training\n"


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "fer2013.csv"
    path.write_text(HEADER + row(1) + row(2))
    return path


def forbid_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*args: object, **kwargs: object) -> Fer2013:
        raise AssertionError("parsed although it was cached")

    monkeypatch.setattr(data, "read_csv", parse)


def test_second_load_comes_from_the_cache(csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_fer2013(csv)
    forbid_parsing(monkeypatch)
    second = load_fer2013(csv)
    assert second.digest() == first.digest()
    assert second.labels.dtype == np.int64
    assert second.usages.dtype == np.uint8


def test_changed_file_is_parsed_anew_into_the_same_entry(csv: Path) -> None:
    load_fer2013(csv)
    csv.write_text(HEADER + row(9))
    assert (load_fer2013(csv).images == 9).all()
    assert len(list(dataset_cache.cache_folder().iterdir())) == 1


def test_damaged_cache_is_rebuilt(csv: Path) -> None:
    expected = load_fer2013(csv).digest()
    (entry,) = dataset_cache.cache_folder().iterdir()
    whole = entry.read_bytes()
    middle = len(whole) // 2
    for damaged in (
        b"",
        b"PK\x03\x04",
        whole[:-100],
        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
    ):
        entry.write_bytes(damaged)
        assert load_fer2013(csv).digest() == expected
        assert entry.read_bytes() != damaged


def test_entry_of_another_shape_is_rebuilt(csv: Path) -> None:
    expected = load_fer2013(csv).digest()
    (entry,) = dataset_cache.cache_folder().iterdir()
    with np.load(entry) as arrays:
        changed = dict(arrays)
    changed["labels"] = changed["labels"][:1]
    np.savez(entry, **changed)
    assert load_fer2013(csv).digest() == expected


def test_strict_load_sees_the_error_behind_a_cached_lenient_one(csv: Path) -> None:
    csv.write_text(HEADER + row(1) + row(1, label=8))
    for _ in range(2):
        assert load_fer2013(csv, skip_bad=True).skipped == {"unknown label": 1}
        with pytest.raises(UserError, match="line 3: unknown label"):
            load_fer2013(csv)


def test_lenient_load_is_cached_too(csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    csv.write_text(HEADER + row(1) + row(1, label=8))
    load_fer2013(csv, skip_bad=True)
    forbid_parsing(monkeypatch)
    assert load_fer2013(csv, skip_bad=True).skipped == {"unknown label": 1}


def test_cache_that_cannot_be_written_does_no_harm(
    csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EDGE_FER_CACHE", str(tmp_path / "file"))
    assert len(load_fer2013(csv)) == 2


def test_interrupted_store_leaves_nothing(csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_fer2013(csv)
    assert not list(dataset_cache.cache_folder().iterdir())


def test_place_of_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EDGE_FER_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert dataset_cache.cache_folder() == tmp_path / "own"
    monkeypatch.delenv("EDGE_FER_CACHE")
    assert dataset_cache.cache_folder() == tmp_path / "xdg" / "edge-fer"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert dataset_cache.cache_folder() == tmp_path / "home" / ".cache" / "edge-fer"


def test_folder_that_holds_the_csv(csv: Path) -> None:
    assert load_fer2013(csv.parent).digest() == load_fer2013(csv).digest()


def test_the_only_table_of_a_folder_may_have_any_name(csv: Path) -> None:
    wanted = load_fer2013(csv).digest()
    (csv.parent / "deep" / "er").mkdir(parents=True)
    csv.rename(csv.parent / "deep" / "er" / "faces of 2019.csv")
    assert load_fer2013(csv.parent).digest() == wanted


def test_a_table_is_read_once_however_folders_are_read(
    csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = load_fer2013(csv).digest()
    forbid_parsing(monkeypatch)
    for reading in (Reading(unsplit="PublicTest"), Reading(side_px=112)):
        assert load_fer2013(csv, reading=reading).digest() == wanted


def test_missing_path(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        load_fer2013(tmp_path / "nothing.csv")


def test_unreadable_file(csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match=r"fer2013\.csv: cannot be read \(Permission denied\)"):
        load_fer2013(csv)


def test_selection_keeps_order_and_refuses_unknown_usages(small_fer2013: Fer2013) -> None:
    public = small_fer2013.select("PublicTest")
    np.testing.assert_array_equal(public.images, small_fer2013.images[small_fer2013.usages == 1])
    assert len(small_fer2013.select("PrivateTest")) == 0
    with pytest.raises(UserError, match="usage 'Test' is unknown: choose one of Training"):
        small_fer2013.select("Test")


def test_digest_sees_each_part(small_fer2013: Fer2013) -> None:
    images, labels, usages = (
        small_fer2013.images.copy(),
        small_fer2013.labels.copy(),
        small_fer2013.usages.copy(),
    )
    digests = {small_fer2013.digest()}
    for part in (images, labels, usages):
        part.ravel()[0] += 1
        digests.add(Fer2013(images, labels, usages).digest())
    assert len(digests) == 4


def test_parts_that_do_not_belong_together() -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        Fer2013(np.zeros((2, 48, 48), np.uint8), np.zeros(3, np.int64), np.zeros(3, np.uint8))


@pytest.mark.slow
def test_the_real_data(fer2013_csv: Path) -> None:
    counts = load_fer2013(fer2013_csv).counts()
    assert {usage: sum(classes.values()) for usage, classes in counts.items()} == {
        "Training": 28_558,
        "PublicTest": 3_589,
    }
    assert counts["PublicTest"] == {
        "angry": 467,
        "disgust": 56,
        "fear": 496,
        "happy": 895,
        "sad": 653,
        "surprise": 415,
        "neutral": 607,
    }
