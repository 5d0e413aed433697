"""Where a daemon answers, on systems that lack a place for it."""

import tempfile
from pathlib import Path

import pytest

from edge_fer.paths import SERVICE_RUNTIME, STATUS_SOCKET, own_status_socket, status_sockets


def test_a_service_is_found_on_a_system_without_a_writable_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_usable() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none_usable)
    monkeypatch.setattr("edge_fer.paths.RUN_USER", Path("/nonexistent"))
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert SERVICE_RUNTIME / STATUS_SOCKET in status_sockets()
    assert own_status_socket().name == STATUS_SOCKET
