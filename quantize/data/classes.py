"""Names of classes and usages in the spellings in which people's data has them."""

import re
from dataclasses import dataclass

from edge_fer.emotions import LABELS
from edge_fer.errors import UsageError, UsageReason

FEWEST_CLASSES, MOST_CLASSES = 2, 10

# The nouns are those of FER+, the adjectives those of Kaggle's folders.
_SPELLINGS: dict[str, tuple[str, ...]] = {
    "angry": ("anger", "mad"),
    "disgust": ("disgusted",),
    "fear": ("fearful", "afraid", "scared"),
    "happy": ("happiness", "joy", "smile", "smiling"),
    "sad": ("sadness", "unhappy"),
    "surprise": ("surprised", "suprise"),
    "neutral": ("neutrality", "natural", "normal"),
}
_EMOTION_OF = {
    spelling: label for label, spellings in _SPELLINGS.items() for spelling in (label, *spellings)
}
_USAGE_SPELLINGS: dict[str, tuple[str, ...]] = {
    "Training": ("train", "training", "trainset", "trainingset", "traindata"),
    "PublicTest": (
        *("publictest", "validation", "validate", "valid", "val", "validationset", "valset"),
        *("dev", "eval"),
    ),
    "PrivateTest": ("privatetest",),
    # Which test it is depends on what else is there: `quantize.data.places`.
    "test": ("test", "testing", "testset", "testdata"),
}
_USAGE_OF = {
    spelling: usage for usage, spellings in _USAGE_SPELLINGS.items() for spelling in spellings
}
USAGE_WORDS = tuple(_USAGE_OF)

# A number in front of a name, as in "0_angry" or "3 - happy".
_NUMBERED = re.compile(r"(?P<code>\d+)[\s._-]+(?P<name>\D.*)")
_NAME = re.compile(r"[^\s,][^,\n]{0,39}")


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes that rows may have.

    `labels` are their names, in the order of the codes of a data set in memory. `codes` are the
    names that stand for the numbers 0, 1, ... in files. Both have FER2013's order without options.
    `first_code` is the number that stands for the first of `codes`: RAF-DB counts from 1.
    """

    labels: tuple[str, ...] = LABELS
    codes: tuple[str, ...] = LABELS
    first_code: int = 0

    def find(self, word: str) -> int | None:
        """Return the index in `labels` of a class as a file or folder names it, or None.

        ValueError where the word names an emotion that is not one of `labels`: such a row is of a
        class that was not asked for, and not wrong.
        """
        text = word.strip().lower()
        if text.isascii() and text.isdigit():
            place = int(text) - self.first_code
            name = self.codes[place] if 0 <= place < len(self.codes) else None
        else:
            numbered = _NUMBERED.fullmatch(text)
            name = canonical(numbered["name"] if numbered else text)
        if name in self.labels:
            return self.labels.index(name)
        if name in LABELS:
            raise ValueError(name)
        return None


FER2013 = Classes()


def canonical(name: str) -> str:
    """Return the project's name of an emotion in another spelling; other names in lower case."""
    text = name.strip().lower()
    return _EMOTION_OF.get(text, text)


def parse_labels(text: str, option: str = "--labels") -> tuple[str, ...]:
    """Read `angry,disgust,...` as class names; UserError unless they are 2 to 10 different ones."""
    names = tuple(canonical(part) for part in text.split(","))
    for name in names:
        if not _NAME.fullmatch(name):
            raise UsageError(
                UsageReason.BAD_VALUE, f"{option} {text}: {name!r} is not a name of a class"
            )
    if not FEWEST_CLASSES <= len(names) <= MOST_CLASSES:
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"{option} {text}: {len(names)} classes are not in {FEWEST_CLASSES}..{MOST_CLASSES}: "
            "put a comma between the names",
        )
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(UsageReason.BAD_VALUE, f"{option} {text}: {repeated[0]!r} occurs twice")
    return names


def classes_of(labels: str | None, codes: str | None = None) -> Classes:
    """Return the classes of a network with outputs `labels` and of data with numbers `codes`.

    None: FER2013's seven. Labels that are those seven in another order are a data set's in
    FER2013's order: it is the network's outputs that are brought into it.
    """
    wanted = LABELS if labels is None else parse_labels(labels)
    is_fer2013 = sorted(wanted) == sorted(LABELS)
    if codes is not None:
        numbers = parse_labels(codes, "--data-labels")
    else:
        numbers = LABELS if set(wanted) & set(LABELS) else wanted
    return Classes(LABELS if is_fer2013 else wanted, numbers)


def data_classes(labels: str | None) -> Classes:
    """Return the classes of data whose numbers 0, 1, ... stand for `labels`, as the option says."""
    if labels is None:
        return FER2013
    codes = parse_labels(labels)
    return Classes(LABELS if set(codes) <= set(LABELS) else codes, codes)


def emotion_classes(labels: str | None) -> Classes:
    """Return `data_classes`; UserError where they are not FER2013's, which our networks have."""
    classes = data_classes(labels)
    if classes.labels != LABELS:
        other = next(name for name in classes.codes if name not in LABELS)
        raise UsageError(
            UsageReason.BAD_VALUE,
            f"--labels {labels}: {other!r} is none of {', '.join(LABELS)}, which the networks "
            "trained here have; `edge-fer quantize` takes a network of yours with other classes",
        )
    return classes


def find_usage(word: str) -> str | None:
    """Return the usage that a file or folder names, "test" where it is one of both, or None."""
    return _USAGE_OF.get(re.sub(r"[\s._-]", "", word.lower()))
