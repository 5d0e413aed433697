"""Downloads YuNet's file on request. Nothing else in edge-fer uses the internet."""

import contextlib
import http.client
import urllib.request
from pathlib import Path

from edge_fer.atomic_write import write_atomically
from edge_fer.errors import ModelError, ModelReason, OutputError, OutputReason, UserError
from edge_fer.face.yunet import FILE_NAME, MOST_BYTES, SHA256, URL, check_content, read_model

TIMEOUT_S = 20.0


def fetch_yunet(folder: Path, *, url: str = URL) -> Path:
    """Download the file into `folder`, check its sha256 and return its path.

    An existing correct file is kept; another file is replaced. Raises UserError if the folder is
    missing, the download fails, or the downloaded file is another one.
    """
    path = folder / FILE_NAME
    if not folder.is_dir():
        raise OutputError(
            OutputReason.NO_FOLDER,
            f"--to {folder}: there is no such folder: make it, or name another",
        )
    with contextlib.suppress(UserError):
        read_model(path)
        return path
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            content: bytes = answer.read(MOST_BYTES)
    except (OSError, ValueError, http.client.HTTPException) as error:
        # No network, no such host, a time-out, or an answer that is no HTTP.
        reason = getattr(error, "reason", None) or " ".join(str(error).split())
        raise ModelError(
            ModelReason.NO_DOWNLOAD,
            f"{FILE_NAME}: cannot be downloaded ({reason}): on a machine with a network get {url} "
            f"(sha256 {SHA256}) and copy it to {path}",
        ) from error
    check_content(content, url)
    write_atomically(path, content)
    return path
