"""The verb `evaluate`."""

import json
from pathlib import Path

from rich.console import Console

from quantize.data import load_fer2013
from quantize.evaluation import evaluate_predictor, rows_of
from quantize.predictors import open_predictor
from quantize.render_evaluation import render_evaluation


def evaluate_verb(model: Path, data: Path, *, usage: str, json_output: bool) -> None:
    """Measure a model file and print the scores, as JSON or for people."""
    predictor = open_predictor(
        model
    )  # first, so that a wrong model is said before the data is read
    rows = rows_of(load_fer2013(data, progress=True), usage)
    evaluation = evaluate_predictor(predictor, str(model), rows, usage, progress=True)
    if json_output:
        print(json.dumps(evaluation.to_json(), indent=2))
    else:
        Console().print(render_evaluation(evaluation))
