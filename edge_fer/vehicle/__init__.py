"""Between the pipeline and the messages of the vehicle, both ways."""
