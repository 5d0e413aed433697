"""The bridge stands alone: it can be built and tested without the other packages."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

IMPORT_ALL = """
import pkgutil, sys
import firmware_bridge
names = [m.name for m in pkgutil.walk_packages(firmware_bridge.__path__, "firmware_bridge.")]
assert len(names) > 15, names
for name in names:
    __import__(name)
others = ("edge_fer", "quantize", "tensorflow", "keras", "cv2")
loaded = [name for name in others if name in sys.modules]
print(",".join(loaded))
"""


def test_it_imports_nothing_of_the_other_packages() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr
