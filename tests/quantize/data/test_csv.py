"""FER2013 as CSV: what is read, and what is refused with file, line and reason."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_fer.errors import UserError
from quantize.data.classes import classes_of, data_classes
from quantize.data.csv import NO_USAGES, all_of_usage, read_csv
from quantize.data.fer2013 import Fer2013

PIXELS = " ".join(str(value % 256) for value in range(2304))
HEADER = "emotion,pixels,Usage"


def row(label: str = "3", pixels: str = PIXELS, usage: str = "Training") -> str:
    return f"{label},{pixels},{usage}"


def read(path: Path, *, skip_bad: bool = False) -> Fer2013:
    return read_csv(path, skip_bad=skip_bad, advance=lambda amount: None)


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, header: str = HEADER, end: str = "\n") -> Path:
        path = tmp_path / "fer2013.csv"
        path.write_bytes("".join(line + end for line in (header, *lines)).encode())
        return path

    return write


def test_rows_are_read_in_order(csv: Callable[..., Path]) -> None:
    dark = " ".join(["7"] * 2304)
    dataset = read(csv(row(), row("0", dark, "PublicTest"), row("6", PIXELS, "PrivateTest")))
    assert dataset.images.shape == (3, 48, 48)
    assert dataset.images[0].ravel().tolist() == [value % 256 for value in range(2304)]
    assert (dataset.images[1] == 7).all()
    assert dataset.labels.tolist() == [3, 0, 6]
    assert dataset.usages.tolist() == [0, 1, 2]
    assert not dataset.skipped


def test_gzip_is_told_by_content_not_by_name(csv: Callable[..., Path]) -> None:
    path = csv(row())
    plain = read(path)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert read(path).digest() == plain.digest()


def test_header_of_icml_face_data(csv: Callable[..., Path]) -> None:
    path = csv(f"2,PublicTest,{PIXELS}", header="emotion, Usage, pixels")
    dataset = read(path)
    assert (dataset.labels[0], dataset.usages[0]) == (2, 1)


def listed(text: str, form: str) -> str:
    return text.replace(PIXELS, form.format(PIXELS.replace(" ", ", ")))


def pointed(text: str) -> str:
    pixels = " ".join(f"{pixel}.0" for pixel in PIXELS.split())
    return text.replace(PIXELS, pixels).replace("\n3,", "\n3.0,")


SPELLINGS = [
    ("tabs", lambda text: text.replace(",", "\t").encode()),
    ("semicolons", lambda text: text.replace(",", ";").encode()),
    ("old Mac line ends", lambda text: text.replace("\n", "\r").encode()),
    ("UTF-16 with a mark", lambda text: text.encode("utf-16")),
    ("UTF-16 without a mark", lambda text: text.encode("utf-16-le")),
    ("UTF-32", lambda text: text.encode("utf-32")),
    ("pixels in quotes with commas", lambda text: listed(text, '"{}"').encode()),
    ("pixels as a list", lambda text: listed(text, '"[{}]"').encode()),
    ("pixels in brackets", lambda text: text.replace(PIXELS, f"[{PIXELS}]").encode()),
    ("numbers with a point", lambda text: pointed(text).encode()),
    ("commas at the end", lambda text: text.replace("\n", ",,\n").encode()),
    ("zipped UTF-16", lambda text: gzip.compress(text.encode("utf-16-be"))),
    (
        "words",
        lambda text: text.replace("\n3,", "\nHappiness,").replace("Training", "train").encode(),
    ),
]


@pytest.mark.parametrize(("name", "spell"), SPELLINGS, ids=[name for name, _ in SPELLINGS])
def test_other_ways_to_write_the_same_rows(
    tmp_path: Path, name: str, spell: Callable[[str], bytes]
) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(spell(f"{HEADER}\n{row()}\n{row('0', PIXELS, 'PublicTest')}\n"))
    dataset = read(path)
    assert dataset.labels.tolist() == [3, 0]
    assert dataset.usages.tolist() == [0, 1]
    assert dataset.images[0].ravel().tolist() == [value % 256 for value in range(2304)]


def test_further_columns_are_passed_by(csv: Callable[..., Path]) -> None:
    path = csv(f"0,3,{PIXELS},Training,x", header=",emotion,pixels,Usage,note")
    assert read(path).labels.tolist() == [3]


def test_a_quoted_column_may_hold_commas(csv: Callable[..., Path]) -> None:
    path = csv(f'3,"a ""b"", c",{PIXELS},Training', header="emotion,note,pixels,Usage")
    assert read(path).images[0].ravel().tolist() == [value % 256 for value in range(2304)]


def test_a_test_part_beside_a_validation_part_chooses_nothing(csv: Callable[..., Path]) -> None:
    rows = (row(usage="train"), row(usage="test"), row(usage="validation"))
    dataset = read(csv(*rows))
    assert dataset.usages.tolist() == [0, 2, 1]
    assert "PrivateTest" in dataset.notes[0]
    assert read(csv(*rows[:2])).usages.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "a web page"),
        (b"\n <html lang=en>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        ("<html>".encode("utf-16"), "a web page"),
        (b"<?xml version='1.0'?><Error>", "a page of XML"),
        (b"\x89PNG\r\n", "a picture"),
        (b"PAR1\x15", "Parquet"),
        (b"\x93NUMPY\x01\x00v\x00{", "binary data"),
        (b"PK\x03\x04 no archive", "save it as CSV"),
        (b'{"rows": []}', "JSON"),
        (b"", "the file is empty"),
        (f"{row()}\n".encode(), "it is a row and not a header"),
    ],
)
def test_what_is_no_csv_is_called_by_its_name(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=reason):
        read(path)


def test_classes_in_another_order_and_those_not_asked_for(csv: Callable[..., Path]) -> None:
    path = csv(row("0"), row("2"), row("1"))
    order = data_classes("happy,neutral,sad,angry,disgust,fear,surprise")
    whole = read_csv(path, skip_bad=False, advance=lambda amount: None, classes=order)
    assert whole.labels.tolist() == [3, 4, 6]
    two = read_csv(
        path, skip_bad=False, advance=lambda amount: None, classes=classes_of("fear,angry")
    )
    assert (two.labels.tolist(), two.classes) == ([1, 0], ("fear", "angry"))
    assert list(two.passed_over.values()) == [1]


@pytest.mark.parametrize("header", ["\ufeffemotion,pixels,Usage", '"emotion","pixels","Usage"'])
def test_header_with_mark_or_quotes(csv: Callable[..., Path], header: str) -> None:
    assert len(read(csv(row(), header=header))) == 1


def test_windows_line_ends_quotes_and_blank_lines(csv: Callable[..., Path]) -> None:
    dataset = read(csv(f'3,"{PIXELS}",Training', "", row(), end="\r\n"))
    assert len(dataset) == 2


BAD_ROWS = [
    (row(pixels=PIXELS + " 1"), "wrong pixel count", "2305 instead of 2304"),
    (row(pixels=PIXELS[:-4]), "wrong pixel count", "2303 instead of 2304"),
    (row(pixels=""), "wrong pixel count", "0 instead of 2304"),
    (row(pixels="256" + PIXELS[1:]), "pixel value out of range", "'256' is pixel 1 of the row"),
    (row(pixels="9" * 30 + PIXELS[1:]), "pixel value out of range", "'99999"),
    (row(pixels="-1" + PIXELS[1:]), "pixel value out of range", "'-1' is pixel 1"),
    (row(pixels="x" + PIXELS[1:]), "pixel value is not a whole number", "'x' is pixel 1"),
    (row(pixels="1.5" + PIXELS[1:]), "pixel value is not a whole number", "'1.5' is pixel 1"),
    (row(pixels="0+1" + PIXELS[3:]), "pixel value is not a whole number", "'0+1' is pixel 1"),
    (row(pixels="0\0" + PIXELS[1:]), "pixel value is not a whole number", "pixel 1"),
    (row(pixels="0 nan" + PIXELS[3:]), "pixel value is not a whole number", "'nan' is pixel 2"),
    (row(label="7"), "unknown label", "'7' is not in 0..6"),
    (row(label="7"), "unknown label", "do they count from 1? lower them by 1"),
    (row(pixels=" ".join(["0.50"] * 2304)), "pixel values are shares", "multiply them by 255"),
    (row(pixels=" ".join(["1"] * 4096)), "wrong pixel count", "64x64: images of other sizes"),
    (row(label="-1"), "unknown label", "'-1'"),
    (row(label="hapy"), "unknown label", "'hapy' is not in 0..6, nor one of angry, disgust"),
    (row(label=""), "unknown label", "''"),
    (row(usage="fold3"), "unknown usage", "'fold3' is none of Training, PublicTest"),
    (HEADER, "second header", "were two files joined?"),
    (f"3,{PIXELS.replace(' ', ',')},Training", "wrong number of columns", "by blanks"),
    (row(usage=""), "unknown usage", "''"),
    ("3," + PIXELS, "wrong number of columns", "2 instead of 3"),
    (row() + ",1", "wrong number of columns", "4 instead of 3"),
]


@pytest.mark.parametrize(("line", "reason", "detail"), BAD_ROWS)
def test_bad_row_is_named_by_line_and_reason(
    csv: Callable[..., Path], line: str, reason: str, detail: str
) -> None:
    path = csv(row(), "", line, row())
    with pytest.raises(UserError) as error:
        read(path)
    message = str(error.value)
    assert message.startswith(f"{path}, line 4: {reason}: ")
    assert detail in message
    assert "\n" not in message


def test_bad_rows_are_counted_by_reason(csv: Callable[..., Path]) -> None:
    dataset = read(csv(row(), *(line for line, _, _ in BAD_ROWS), row()), skip_bad=True)
    assert len(dataset) == 2
    assert dataset.skipped == {
        "pixel value is not a whole number": 5,
        "pixel value out of range": 3,
        "pixel values are shares": 1,
        "second header": 1,
        "unknown label": 5,
        "unknown usage": 2,
        "wrong number of columns": 3,
        "wrong pixel count": 4,
    }


@pytest.mark.parametrize("skip_bad", [False, True])
def test_missing_column_is_an_error_in_either_case(
    csv: Callable[..., Path], skip_bad: bool
) -> None:
    with pytest.raises(UserError, match=r"line 1: the header has no column pixels: "):
        read(csv("3,Training", header="emotion,Usage"), skip_bad=skip_bad)


def test_without_usages_a_fifth_of_each_class_is_held_out(csv: Callable[..., Path]) -> None:
    labels = "3" * 10 + "6" * 7 + "33333"
    lines = [f"{label},{PIXELS}" for label in labels]
    dataset = read(csv(*lines, "3,1 2", header="emotion,pixels"), skip_bad=True)
    assert dataset.notes == (NO_USAGES,)
    held = [place for place, usage in enumerate(dataset.usages) if usage == 1]
    assert held == [4, 9, 14, 21]
    assert set(dataset.usages.tolist()) == {0, 1}
    whole = all_of_usage(dataset, "PublicTest")
    assert set(whole.usages.tolist()) == {1}
    assert whole.notes == ("no column Usage: all rows are PublicTest",)
    named = read(csv(row()))
    assert all_of_usage(named, "PublicTest") is named


def test_no_header_at_all(csv: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match="no column emotion and no pixels and no Usage"):
        read(csv(header=row()))


@pytest.mark.parametrize("skip_bad", [False, True])
def test_no_usable_row(csv: Callable[..., Path], skip_bad: bool) -> None:
    with pytest.raises(UserError, match="no usable row"):
        read(csv(), skip_bad=skip_bad)


def test_cut_gzip_file(csv: Callable[..., Path]) -> None:
    path = csv(row(), row())
    whole = gzip.compress(path.read_bytes())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="damaged gzip file"):
        read(path)


def test_progress_adds_up_to_the_file(csv: Callable[..., Path]) -> None:
    path = csv(*[row()] * 700)
    told: list[int] = []
    read_csv(path, skip_bad=False, advance=told.append)
    assert sum(told) == path.stat().st_size
    assert len(told) > 2


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 4))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_written_is_read_back(tmp_path: Path, seed: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (rows, 48, 48), dtype=np.uint8)
    labels = rng.integers(0, 7, rows)
    path = tmp_path / "data.csv"
    lines = [
        f"{label},{' '.join(map(str, image.ravel()))},PublicTest"
        for image, label in zip(images, labels, strict=True)
    ]
    path.write_text("\n".join([HEADER, *lines]))
    dataset = read(path)
    np.testing.assert_array_equal(dataset.images, images)
    np.testing.assert_array_equal(dataset.labels, labels)


@given(data=st.data(), zipped=st.booleans())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_damaged_bytes_are_refused_or_read_but_never_crash(
    tmp_path: Path, data: st.DataObject, zipped: bool
) -> None:
    content = "\n".join([HEADER, row(), row("1")]).encode()
    damaged = bytearray(gzip.compress(content) if zipped else content)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "data.csv"
    path.write_bytes(damaged)
    try:
        dataset = read(path)
    except UserError as error:
        assert str(path) in str(error)  # noqa: PT017  # either outcome is right
    else:
        assert 1 <= len(dataset) <= 2
