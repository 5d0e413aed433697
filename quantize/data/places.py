"""Which usage and class a file belongs to, from the folders that it lies in.

A usage and a class may stand at any level: `train/angry/1.jpg`, `data/angry/train/anna/1.jpg`.
The outermost folder that names one counts, and a class in words before a number. A file name that
begins with `Training_`, `PublicTest_` or `PrivateTest_` overrules its folder.

A folder `test` is PublicTest, which chooses checkpoints, as long as nothing else is: beside a
`validation` it is PrivateTest, which is kept apart.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from edge_fer.errors import DataError, DataReason
from quantize.data.classes import USAGE_WORDS, Classes, find_usage
from quantize.data.fer2013 import USAGES, BadRowError

HELD_OUT = 5  # one group of files in so many, where folders name no usage
_NUMBERS_AT_END = re.compile(r"[\s_.-]*\d+$")
_PUBLIC = USAGES.index("PublicTest")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file belongs: an index into USAGES and one into the classes' labels."""

    usage: int
    label: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A place for each file, or what is wrong with it; None: of a class that was not asked for."""

    places: list[Place | BadRowError | None]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    usage: str | None
    label: int | BadRowError | None


def place_files(paths: Sequence[PurePosixPath], classes: Classes, *, unsplit: str) -> Placed:
    """Place each of `paths`, which are below the data set.

    Where no folder names a usage, all rows are of the usage `unsplit`, or, for "split", one group
    of files in HELD_OUT is PublicTest. UserError where numbers name the classes from 1, and nobody
    said what they mean.
    """
    classes = _counted_from(paths, classes)
    found = [_find(path, classes) for path in paths]
    notes: list[str] = []
    named = {each.usage for each in found if each.usage}
    if "test" in named:
        is_apart = "PublicTest" in named and not _only_by_file_name(paths, "PublicTest")
        test = "PrivateTest" if is_apart else "PublicTest"
        if is_apart:
            notes.append("validation is PublicTest; test is PrivateTest and chooses nothing")
        found = [replace(each, usage=test) if each.usage == "test" else each for each in found]
    if not named:
        if unsplit == "split":
            found = _split(paths, found)
            notes.append(
                f"no folder names a usage: one group of files in {HELD_OUT} is PublicTest, the "
                "others are Training (files whose names differ in their last number are a group; "
                f"of fewer than {HELD_OUT} groups, the last files of each)"
            )
        else:
            found = [replace(each, usage=unsplit) for each in found]
            notes.append(f"no folder names a usage: all rows are {unsplit}")
    return Placed([_place(path, each) for path, each in zip(paths, found, strict=True)], (*notes,))


def _find(path: PurePosixPath, classes: Classes) -> _Found:
    folders = list(path.parts[:-1])
    usage = None
    for folder in folders:
        if usage := find_usage(folder):
            folders.remove(folder)
            break
    prefix = path.name.partition("_")[0]
    label: int | BadRowError | None = None
    other = ""
    for folder in sorted(folders, key=str.isdigit):  # words first; sorted() keeps the order else
        try:
            label = classes.find(folder)
        except ValueError as error:
            other = str(error)
        if label is not None:
            break
    if label is None and not other:
        label = _why(folders, usage, classes)
    return _Found(prefix if prefix in USAGES else usage, label)


def _why(folders: list[str], usage: str | None, classes: Classes) -> BadRowError:
    if not folders:
        return BadRowError(
            "wrong place", "a file belongs at usage/class/name, as train/angry/1.jpg"
        )
    if usage is None and len(folders) == 1:
        return BadRowError(
            "unknown label", f"the folder {folders[0]!r} is none of {', '.join(classes.labels)}"
        )
    return BadRowError(
        "unknown label",
        f"the folder {folders[-1]!r} is none of {', '.join(classes.labels)}"
        " (other classes: name them all with --labels)",
    )


def _place(path: PurePosixPath, found: _Found) -> Place | BadRowError | None:
    if isinstance(found.label, BadRowError) or found.label is None:
        return found.label
    if found.usage is None:
        folder = path.parts[0] if len(path.parts) > 1 else ""
        return BadRowError(
            "unknown usage", f"the folder {folder!r} is none of {', '.join(USAGE_WORDS)}"
        )
    return Place(USAGES.index(found.usage), found.label)


def _only_by_file_name(paths: Sequence[PurePosixPath], usage: str) -> bool:
    return not any(find_usage(part) == usage for path in paths for part in path.parts[:-1])


def _counted_from(paths: Sequence[PurePosixPath], classes: Classes) -> Classes:
    """Return `classes` with the number from which the folders count; UserError: see above."""
    numbers = {
        int(part) for path in paths for part in path.parts[:-1] if part.isascii() and part.isdigit()
    }
    if not numbers or numbers != set(range(1, len(classes.codes) + 1)):
        return classes
    if any(
        part.lower() in classes.labels and part for path in paths for part in path.parts[:-1]
    ):  # the numbers stand for something else
        return classes
    if classes == Classes():
        raise DataError(
            DataReason.BAD_FORMAT,
            f"the folders are 1 to {max(numbers)}, and FER2013 counts from 0: say what they mean "
            "with --labels, as surprise,fear,disgust,happy,sad,angry,neutral for RAF-DB",
        )
    return replace(classes, first_code=1)


def _split(paths: Sequence[PurePosixPath], found: list[_Found]) -> list[_Found]:
    """Return `found` with usages: in each class, one group of files in HELD_OUT is PublicTest."""
    groups: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, (path, each) in enumerate(zip(paths, found, strict=True)):
        if isinstance(each.label, int):
            group = str(path.parent / _NUMBERS_AT_END.sub("", path.stem))
            groups[each.label][group].append(index)
    held: set[int] = set()
    for of_class in groups.values():
        members = sorted(
            of_class.items(), key=lambda item: hashlib.sha256(item[0].encode()).digest()
        )
        rows = sum(len(indices) for _, indices in members)
        if len(members) < HELD_OUT:
            # Too few groups to divide. The last files of each are the least like the first: of a
            # clip, those of another time.
            for _, indices in members:
                held.update(indices[len(indices) - len(indices) // HELD_OUT :])
            continue
        taken = 0
        for _, indices in members:
            if taken * HELD_OUT >= rows:
                break
            held.update(indices)
            taken += len(indices)
    return [
        replace(each, usage="PublicTest" if index in held else "Training")
        for index, each in enumerate(found)
    ]
