"""A copy of evidence with other values is what `dataclasses.replace` gives."""

from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from edge_fer.driver_state.changed import changed
from edge_fer.driver_state.head_evidence import HeadEvidence
from edge_fer.driver_state.settings import PolicySettings


@dataclass(frozen=True)
class Loose:
    """A list of its own in each."""

    one: int = 1
    many: list[int] = field(default_factory=list)


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (HeadEvidence(), {}),
        (HeadEvidence(seen_s=1.0), {"away": True, "away_s": 2.5}),
        (Loose(), {"one": 2}),
    ],
)
def test_it_is_as_replace(value: HeadEvidence | Loose, changes: dict[str, object]) -> None:
    copy = changed(value, **changes)
    assert copy == replace(value, **changes)  # type: ignore[arg-type]
    assert type(copy) is type(value)
    assert copy is not value


def test_the_value_stays_and_the_copy_is_frozen() -> None:
    value = HeadEvidence()
    copy = changed(value, away=True)
    assert not value.away
    with pytest.raises(FrozenInstanceError):
        copy.away = False  # type: ignore[misc]


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(TypeError, match="HeadEvidence has no field 'awya'"):
        changed(HeadEvidence(), awya=True)


def test_what_checks_its_values_is_refused() -> None:
    with pytest.raises(TypeError, match="PolicySettings checks its values"):
        changed(PolicySettings(), ready_after_s=-1.0)


@dataclass(frozen=True, slots=True)
class Tight:
    """With slots."""

    one: int = 1


def test_what_has_slots_is_refused() -> None:
    with pytest.raises(TypeError, match="Tight has slots"):
        changed(Tight(), one=2)
