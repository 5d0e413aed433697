"""Whatever lies in the store, the daemon starts with a model that works, and soon."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from edge_fer.daemon.opening import open_networks
from edge_fer.errors import UserError
from edge_fer.face.opening import open_eyes, open_face_network
from edge_fer.face.settings import FaceConfig
from edge_fer.models.attempts import ALL_CHECKS_S, LoadAttempts
from edge_fer.models.fallback import open_classifier
from edge_fer.models.files import read_model_files
from edge_fer.models.kind import EYES, FACE
from edge_fer.models.settings import ModelConfig
from edge_fer.models.store import ModelStore
from edge_fer.paths import SHIPPED_EYES, SHIPPED_FACE, SHIPPED_MODEL
from tests.edge_fer.models.hostile import QUICK, SLOW, of_kind, store_with

CRASHES = ("an endless loop", "a crash")


@pytest.mark.parametrize("attack", QUICK)
def test_what_is_no_model_is_refused_without_running_it(
    tmp_path: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(files: object, **_: object) -> None:
        pytest.fail("it was run")

    monkeypatch.setattr("edge_fer.models.fallback.require_sound", started)
    store = store_with(tmp_path / "store", QUICK[attack])
    for path in ModelStore(store).candidates(SHIPPED_MODEL)[:2]:
        with pytest.raises(UserError) as refused:
            open_classifier(ModelConfig(path=str(path)))
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 400
    with pytest.raises(UserError):
        ModelStore(tmp_path / "another").install(store / "current" / "model.tflite")


def test_then_the_shipped_one_is_used(tmp_path: Path) -> None:
    store = store_with(tmp_path / "store", QUICK["the card is a pipe"])
    loaded = open_classifier(ModelConfig(store=str(store)))
    assert loaded.path == SHIPPED_MODEL
    assert len(loaded.failures) == 2


@pytest.mark.parametrize("shipped", [SHIPPED_FACE, SHIPPED_EYES], ids=lambda path: path.stem)
def test_neither_is_it_one_of_the_other_networks(
    tmp_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(files: object, **_: object) -> None:
        pytest.fail("it was run")

    base, opened = of_kind(shipped), open_eyes if shipped == SHIPPED_EYES else open_face_network
    for attack, write in QUICK.items():
        store = tmp_path / attack
        hostile = store_with(store / shipped.stem, write, base)
        with monkeypatch.context() as patch:
            patch.setattr("edge_fer.models.fallback.require_sound", started)
            loaded = opened(ModelConfig(store=str(store)), None)
        assert (loaded.path, len(loaded.failures)) == (shipped, 2), attack
        kind = EYES if shipped == SHIPPED_EYES else FACE
        with pytest.raises(UserError):
            ModelStore(tmp_path / "another", kind).install(hostile / "current" / "model.tflite")


@pytest.mark.slow
@pytest.mark.parametrize("shipped", [SHIPPED_FACE, SHIPPED_EYES], ids=lambda path: path.stem)
def test_what_does_harm_in_the_other_networks(tmp_path: Path, shipped: Path) -> None:
    base, opened = of_kind(shipped), open_eyes if shipped == SHIPPED_EYES else open_face_network
    for attack in ("a tensor of 2 GB", "an endless loop", "a crash", "answers of another model"):
        store = tmp_path / attack
        store_with(store / shipped.stem, SLOW[attack], base)
        loaded = opened(ModelConfig(store=str(store)), LoadAttempts(None))
        assert (loaded.path, len(loaded.failures)) == (shipped, 2), attack


@pytest.mark.slow
@pytest.mark.parametrize("attack", SLOW)
def test_what_does_harm_does_it_in_a_process_of_its_own(tmp_path: Path, attack: str) -> None:
    store = store_with(tmp_path / "store", SLOW[attack])
    config = ModelConfig(store=str(store))
    marks = tmp_path / "attempts.json"
    for start in range(3):
        attempts = LoadAttempts(marks)
        started_s = time.monotonic()
        loaded = open_classifier(config, attempts)
        assert time.monotonic() - started_s < 10.0
        assert loaded.path == SHIPPED_MODEL
        assert len(loaded.failures) == 2
        passed_over = attack in CRASHES and start > 0
        assert ("passed over" in loaded.failures[1]) is passed_over, loaded.failures
        attempts.ready()


def test_a_model_that_ends_the_daemon_is_passed_over_after_two_starts(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_fer.models.fallback.require_sound", lambda files, **_: None)
    store = tmp_path / "store"
    ModelStore(store, check=lambda files: None).install(tiny_model)
    config, marks = ModelConfig(store=str(store)), tmp_path / "attempts.json"
    for _ in range(2):  # each of these processes dies before it is ready
        assert not open_classifier(config, LoadAttempts(marks)).is_fallback
    third = LoadAttempts(marks)
    loaded = open_classifier(config, third)
    assert loaded.path == SHIPPED_MODEL
    assert "the daemon did not survive it twice" in loaded.failures[0]
    third.ready()  # with another model: that says nothing about the first
    assert open_classifier(config, LoadAttempts(marks)).is_fallback


def test_a_model_that_comes_to_be_ready_has_no_mark(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_fer.models.fallback.require_sound", lambda files, **_: None)
    marks = tmp_path / "attempts.json"
    for _ in range(5):
        attempts = LoadAttempts(marks)
        assert open_classifier(ModelConfig(path=str(tiny_model)), attempts).path == tiny_model
        attempts.ready()


def test_marks_count_for_one_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = tmp_path / "attempts.json"
    for _ in range(2):
        LoadAttempts(marks).begin("ab")
    assert LoadAttempts(marks).is_passed_over("ab")
    monkeypatch.setattr("edge_fer.models.attempts.boot_id", lambda: "another")
    assert not LoadAttempts(marks).is_passed_over("ab")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[" * 4000,
        '{"boot": 1e999}',
        "null",
        '{"boot": "BOOT", "starts": {"ab": 1e999}}',
        '{"boot": "BOOT", "starts": [1]}',
        '{"boot": "BOOT", "starts": {"ab": [1]}}',
        "\xff" * 5000,
    ],
)
def test_any_content_of_the_marks_is_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr("edge_fer.models.attempts.boot_id", lambda: "BOOT")
    marks = tmp_path / "attempts.json"
    marks.write_text(content, encoding="latin-1")
    attempts = LoadAttempts(marks)
    assert not attempts.is_passed_over("ab")
    attempts.begin("ab")
    attempts.begin("ab")
    assert LoadAttempts(marks).is_passed_over("ab")


def test_marks_that_cannot_be_kept(tmp_path: Path) -> None:
    for place in (None, tmp_path / "none" / "attempts.json"):
        attempts = LoadAttempts(place)
        attempts.begin("ab")
        attempts.ready()
        assert not LoadAttempts(place).is_passed_over("ab")


@pytest.mark.usefixtures("patient_checks")
def test_files_that_are_swapped_after_they_were_read_are_not_run(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attacker changes the files at each moment at which they could be read again."""
    before = read_model_files(tiny_model)
    reads = []

    def read_and_swap(path: Path) -> object:
        reads.append(path)
        files = read_model_files(path)
        path.write_bytes(b"swapped")
        path.with_suffix(".json").write_text('{"swapped": true}')
        return files

    monkeypatch.setattr("edge_fer.models.classifier.read_model_files", read_and_swap)
    loaded = open_classifier(ModelConfig(path=str(tiny_model)))
    assert reads == [tiny_model]
    assert loaded.model.card.sha256 in before.card.decode()


@pytest.mark.parametrize("which", ["face", "eyes"])
def test_a_named_network_that_fails_does_not_end_a_service(tmp_path: Path, which: str) -> None:
    installed, missing = ModelConfig(store=str(tmp_path)), str(tmp_path / "no.tflite")
    if which == "face":
        config = replace(installed, face_path=missing)
    else:
        config = replace(installed, eyes_path=missing)
    networks = open_networks(config, FaceConfig(), stand_in=True)
    assert networks.parts.model_is_fallback
    with pytest.raises(UserError, match=r"no\.tflite: cannot read the model"):
        open_networks(config, FaceConfig(), stand_in=False)


def test_the_checks_of_all_kinds_share_the_time_of_one_start() -> None:
    attempts = LoadAttempts(None)
    assert attempts.until_s <= time.monotonic() + ALL_CHECKS_S < 10.0 + time.monotonic()
