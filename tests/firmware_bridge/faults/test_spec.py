import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.faults.spec import FaultSpec, parse_faults


def test_faults_are_named_with_their_amount() -> None:
    assert parse_faults("flip=0.001, drop=.5,stall=10,seed=7") == FaultSpec(
        flip=0.001, drop=0.5, stall=10.0, seed=7
    )
    assert parse_faults("seed=2") == FaultSpec(seed=2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "faults: '' is not NAME=VALUE of flip, burst, drop"),
        ("drop", "faults: 'drop' is not NAME=VALUE"),
        ("dorp=0.1", "faults: 'dorp=0.1' is not NAME=VALUE"),
        ("drop=2", "faults: drop=2: a share, 0..1 is expected"),
        ("drop=nan", "faults: drop=nan: a share"),
        ("drop=much", "faults: drop=much: a share"),
        ("unplug=0.5", "faults: unplug=0.5: seconds between two, 0 or from 1"),
        ("stall=inf", "faults: stall=inf: seconds between two"),
        ("seed=1.5", "faults: seed=1.5: a whole number from 0"),
        ("seed=inf", "faults: seed=inf: a whole number from 0"),
    ],
)
def test_a_mistake_is_one_line(text: str, said: str) -> None:
    with pytest.raises(BridgeError) as caught:
        parse_faults(text)

    assert str(caught.value).startswith(said)
