"""Python loads this at its start from PYTHONPATH: adds the camera `faulty:` for one test."""

import edge_fer.camera
from edge_fer import isolated

edge_fer.camera._BACKENDS["faulty"] = "faulty_camera"
# The camera's own process is isolated: it loads this only because it is asked to.
isolated.BOOTSTRAP = isolated.BOOTSTRAP.replace("sys.argv = ", "import sitecustomize\nsys.argv = ")
