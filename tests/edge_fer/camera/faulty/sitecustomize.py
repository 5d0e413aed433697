"""Python loads this at its start from PYTHONPATH: adds the camera `faulty:` for one test."""

import edge_fer.camera

edge_fer.camera._BACKENDS["faulty"] = "faulty_camera"
