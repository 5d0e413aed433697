from collections.abc import Iterator

import pytest

from tests.firmware_bridge.transports.backends import BACKENDS, Ends, Terminal


@pytest.fixture(params=sorted(BACKENDS))
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    with BACKENDS[request.param]() as made:
        yield made


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.unplug()
