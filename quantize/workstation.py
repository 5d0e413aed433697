"""Brings TensorFlow in, quietly, for the verbs that need it."""

import importlib
import os
import sys

from edge_fer.errors import Extra, MissingPackageError
from edge_fer.quiet import quiet_output


def require_tensorflow() -> None:
    """Import TensorFlow and Keras; UserError that names the extra where they are not installed.

    To be called before the import of a module that imports them at its top, for TensorFlow greets
    on stderr with a page about graphics cards.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" not in sys.modules and sys.stderr.isatty():
        print("Starting TensorFlow ...", file=sys.stderr, flush=True)  # it takes seconds
    try:
        with quiet_output():
            tensorflow = importlib.import_module("tensorflow")
            importlib.import_module("keras")
            tensorflow.config.list_physical_devices()  # complains of missing drivers once, here
    except ImportError as error:
        raise MissingPackageError(
            Extra.WORKSTATION,
            f"this needs TensorFlow: pip install 'edge-fer[workstation]' ({error})",
        ) from error
