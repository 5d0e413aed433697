"""The real daemon for stories."""

from collections.abc import Callable

import pytest

from tests.stories.drive import Drive, drive


@pytest.fixture(scope="session")
def drive_daemon() -> Callable[..., Drive]:
    return drive
