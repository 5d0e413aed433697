"""What runs on the device: camera, face, int8 inference, driver state. Never imports TensorFlow."""

__version__ = "0.1.0"
