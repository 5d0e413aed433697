"""Options that do nothing together are refused before the work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_fer.cli.app import main
from firmware_bridge.protocol.database import use_ids
from firmware_bridge.protocol.ids import BASE_ID, ids_at

QUANTIZE = ["quantize", "a.keras", "--data", "d.csv", "--out", "{}/a.tflite"]
MEASURE_FACES = ["benchmark", "faces", "a"]


@pytest.fixture(autouse=True)
def ids_stay() -> Iterator[None]:
    """Put the messages back that --base-id moved before the other option was refused."""
    yield
    use_ids(ids_at(BASE_ID))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["demo", "--json", "--picture", "{}/a.svg"], "--json and --picture exclude each other"),
        (["demo", "--preview", "--json"], "--preview excludes --json and --picture"),
        (["doctor", "--report", "{}/a.md"], "--camera and --report need --check-driver"),
        ([*QUANTIZE, "--format", "float16", "--curve", "{}"], "--curve has no effect with --form"),
        ([*QUANTIZE, "--format", "dynamic", "--qat-epochs", "1"], "--qat-epochs has no effect"),
        ([*QUANTIZE, "--format", "float32", "--no-verify"], "--no-verify has no effect"),
        (["train", "--data", "d.csv", "--teacher-weight", "0.3"], "no effect without --teacher"),
        (["train", "--data", "d.csv", "--consistent-teachers"], "no effect without --teacher"),
        (["train", "--data", "d.csv", "--yunet", "y.onnx"], "--yunet has no effect without --face"),
        (["data", "d.csv", "--yunet", "y.onnx"], "--yunet has no effect without --face-crop"),
        (["faces", "a", "--out", "{}", "--yunet", "y", "--config", "c"], "no effect with --config"),
        (["faces", "a", "--out", "{}", "--config", "c", "--yunet", "y"], "no effect with --config"),
        ([*MEASURE_FACES, "--detector", "haar", "--yunet", "y"], "without --detector yunet"),
        (["monitor", "virtual:x", "--dbc", "a.dbc", "--base-id", "1"], "--base-id and --dbc both"),
        (["monitor", "virtual:x", "--base-id", "1", "--dbc", "a.dbc"], "both move the messages"),
        (["controller", "virtual:x", "--dbc", "a.dbc"], "dbc: a.dbc: cannot be read (No such file"),
        (["dbc", "--base-id", "1", "--dbc", "a.dbc"], "--base-id and --dbc both move"),
        (["benchmark", "soak", "1000", "--plot", "{}/a.png"], "--plot has no effect"),
    ],
)
def test_it_is_refused(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([argument.format(tmp_path) for argument in arguments])
    assert end.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["demo", "--picture", "/dev/null/a.svg"], "--picture /dev/null: is a file"),
        (["demo", "--picture", "a.png"], "--picture a.png: end the name in .svg"),
        (["monitor", "slcan:x", "--record", "/dev/null/a.log"], "--record /dev/null: is a file"),
        (["monitor", "slcan:x", "--plot", "a.gif"], "--plot a.gif: end the name in .png"),
        (["search", "--data", "d.csv", "--report", "/dev/null/a"], "--report /dev/null/a: cannot"),
        (["benchmark", "link", "--out", "/dev/null/a.json"], "--out /dev/null: is a file"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert said in capsys.readouterr().err
