"""Where packages keep the files of the teachers' networks."""

import importlib.util
from pathlib import Path


def package_file(package: str, file: Path) -> Path | None:
    """Return the path of `file` in the folder of `package`, which is not imported.

    None where the package is not installed. The file itself may be missing.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations))) / file
