"""A guided check of camera and driver, when a camera is mounted: on the page and in a terminal.

`sample` is what one picture shows of it, `steps` what the person is asked to do, `verdicts` what
the answers mean, `check` leads through the steps, and `report` writes down the result.
"""
