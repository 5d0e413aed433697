"""A training learns, resumes after a kill, and refuses to mix two trainings."""

import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_fer.errors import UserError

keras = pytest.importorskip("keras", reason="the workstation extra is not installed")

from quantize.data.augmentation import AUGMENTATIONS  # noqa: E402
from quantize.data.batches import AugmentedBatches  # noqa: E402
from quantize.data.load import USAGES, Fer2013  # noqa: E402
from quantize.networks.architectures import build_edge, build_paper  # noqa: E402
from quantize.training import learner, run_folder  # noqa: E402
from quantize.training import train as training  # noqa: E402
from quantize.training.folds import fold_of  # noqa: E402
from quantize.training.learner import Learner  # noqa: E402
from quantize.training.run_folder import RunFolder, RunState  # noqa: E402
from quantize.training.settings import Stage, TrainingSettings, paper_settings  # noqa: E402
from quantize.training.train import train  # noqa: E402
from quantize.training.weight_average import WeightAverage  # noqa: E402
from quantize.verbs.train import parse_stages, settings_for, with_changes  # noqa: E402


def seven_patterns(rows_per_class: int, usage: str, seed: int) -> Fer2013:
    """Return noisy images that a small network can tell apart: class k is bright in band k."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(7, dtype=np.int64), rows_per_class)
    images = rng.integers(0, 100, (len(labels), 48, 48)).astype(np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label : 6 * label + 8] += 120
    usages = np.full(len(labels), USAGES.index(usage), np.uint8)
    return Fer2013(images, labels, usages)


def tiny_dataset() -> Fer2013:
    parts = [seven_patterns(16, "Training", 1), seven_patterns(4, "PublicTest", 2)]
    return Fer2013(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.usages for part in parts]),
    )


def small_edge(name: str, side_px: int | None = 48) -> Any:
    """Stand in for `build`: the family's layers, few and narrow, as most of a test is compiling."""
    assert name == "edge"
    return build_edge(side_px, widths=((4,), (8,), (8,), (8,)))


@pytest.fixture(autouse=True)
def _small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner, "build", small_edge)


TINY = TrainingSettings(stages=(Stage(16, 2), Stage(48, 1)), batch_size=28, warmup_epochs=0.2)
ONE_SIZE = replace(TINY, stages=(Stage(16, 3),))


@contextlib.contextmanager
def power_cut_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cut the power before the end of that epoch is saved."""
    save = RunFolder.save

    def save_or_end(folder: RunFolder, learner: Learner, state: RunState) -> None:
        if state.epochs_done == epochs:
            raise KeyboardInterrupt
        save(folder, learner, state)

    with monkeypatch.context() as broken:
        broken.setattr(RunFolder, "save", save_or_end)
        yield


@pytest.mark.slow
def test_a_training_learns_and_leaves_a_network_of_48_px(tmp_path: Path) -> None:
    state = train(tiny_dataset(), tmp_path / "run", TINY)
    assert [result.side_px for result in state.history] == [16, 16, 48]
    assert state.history[-1].loss < state.history[0].loss
    model = keras.models.load_model(RunFolder(tmp_path / "run").best)
    assert model.input_shape == (None, 48, 48, 1)
    assert model.output_shape == (None, 7)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "best.keras",
        "epoch-003.average.weights.h5",
        "epoch-003.keras",
        "settings.json",
        "state.json",
    ]


def small_paper(name: str, side_px: int | None = 48) -> Any:
    """Stand in for `build("paper")`, few and narrow."""
    assert name == "paper"
    return build_paper(side_px, first=4, widths=(4, 6))


@pytest.mark.slow
def test_convolutions_of_a_network_of_fixed_size_learn_at_a_smaller_one_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner, "build", small_paper)
    stages = (Stage(16, 1), Stage(48, 1))
    settings = replace(
        paper_settings(), stages=stages, batch_size=28, learning_rate=1e-6, votes_sha256="ab"
    )
    data = tiny_dataset()
    with power_cut_after(2, monkeypatch), pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "run", settings, votes=soft_votes(data))
    folder = RunFolder(tmp_path / "run")
    at_16 = keras.models.load_model(tmp_path / "run" / "epoch-001.keras")
    state = train(data, tmp_path / "run", settings, votes=soft_votes(data))
    assert [result.side_px for result in state.history] == [16, 48]
    best = keras.models.load_model(folder.best)
    assert best.input_shape == (None, 48, 48, 1)
    for name in ("conv1", "conv2", "conv3"):  # the rate is so low that they stay what they were
        np.testing.assert_allclose(
            best.get_layer(name).kernel, at_16.get_layer(name).kernel, atol=1e-4
        )
    assert best.get_layer("dense").kernel.shape != at_16.get_layer("dense").kernel.shape


KILLED_TRAINING = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]).parent))
from test_train import TINY, small_edge, tiny_dataset
from quantize.training import learner
from quantize.training.train import train
learner.build = small_edge
train(tiny_dataset(), Path(sys.argv[2]), TINY)
"""


@pytest.mark.slow
def test_a_killed_training_resumes_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_TRAINING, __file__, str(folder)],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    deadline = time.monotonic() + 120
    while not (folder / "state.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    before = RunFolder(folder).state()
    assert before is not None
    assert 1 <= before.epochs_done <= 3
    assert (folder / before.checkpoint).exists()

    after = train(tiny_dataset(), folder, TINY)

    assert after.history[: before.epochs_done] == before.history
    assert [result.epoch for result in after.history] == [1, 2, 3]


def soft_votes(dataset: Fer2013) -> NDArray[np.float32]:
    """Return seven taggers in ten for the class of a row's own number, three for the last."""
    votes = np.zeros((len(dataset), 10), np.float32)
    votes[:, 9] = 0.3
    votes[np.arange(len(dataset)), dataset.labels] = 0.7
    return votes


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(TINY, id="plain"),
        pytest.param(
            replace(TINY, votes_sha256="ab", precision="mixed_bfloat16"), id="votes-bfloat16"
        ),
        pytest.param(
            replace(
                TINY,
                votes_sha256="ab",
                votes_in_label=0.3,
                sharpness=0.05,
                mirror_agreement=0.5,
                early_learning=0.5,
                stages=(Stage(16, 1), Stage(48, 2)),
            ),
            id="sharpness-agreement-early-learning",
        ),
    ],
)
def test_a_resumed_training_ends_where_an_unbroken_one_does(
    tmp_path: Path, settings: TrainingSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny_dataset()
    votes = None if settings.votes_sha256 is None else soft_votes(data)
    unbroken = train(data, tmp_path / "unbroken", settings, votes=votes)

    with power_cut_after(3, monkeypatch), pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "broken", settings, votes=votes)
    resumed = train(data, tmp_path / "broken", settings, votes=votes)

    # Threads add in no fixed order, so the last digits may differ.
    assert [epoch.loss for epoch in resumed.history] == pytest.approx(
        [epoch.loss for epoch in unbroken.history], rel=1e-2
    )
    assert resumed.history[-1].validation_loss == pytest.approx(
        unbroken.history[-1].validation_loss, rel=1e-2
    )


@pytest.mark.slow
def test_the_second_head_is_trained_and_not_shipped(tmp_path: Path) -> None:
    data = tiny_dataset()
    settings = replace(TINY, stages=(Stage(48, 1),), votes_sha256="ab")
    state = train(data, tmp_path / "run", settings, votes=soft_votes(data))
    folder = RunFolder(tmp_path / "run")
    in_training = keras.models.load_model(folder.checkpoint(state))
    assert set(in_training.output) == {"logits", "votes"}
    assert np.any(in_training.get_layer("votes").bias.numpy())
    best = keras.models.load_model(folder.best)
    assert best.output_shape == (None, 7)
    assert best.count_params() == small_edge("edge").count_params()


@pytest.mark.slow
def test_rows_are_drawn_with_their_votes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiny_dataset()
    drawn: list[AugmentedBatches] = []

    def spy(images: Any, targets: Any, **words: Any) -> AugmentedBatches:
        drawn.append(AugmentedBatches(images, targets, **words))
        return drawn[-1]

    monkeypatch.setattr(training, "AugmentedBatches", spy)
    settings = replace(ONE_SIZE, stages=(Stage(16, 1),), rows=50, votes_sha256="ab", batch_size=50)
    plain = replace(settings, augmentation=AUGMENTATIONS["none"])
    train(data, tmp_path / "run", plain, votes=soft_votes(data))
    (batches,) = drawn
    assert len(batches) == 1
    faces, targets = batches[0]
    assert isinstance(targets, dict)
    assert len(faces) == 50
    assert len({face.tobytes() for face in np.asarray(faces)}) == 50
    np.testing.assert_array_equal(targets["logits"].argmax(axis=1), targets["votes"].argmax(axis=1))


@pytest.mark.slow
def test_unclear_rows_are_left_out_and_votes_get_their_share_of_the_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny_dataset()
    votes = soft_votes(data)
    votes[:30, 9], votes[:30, :9] = 0.9, 0.1 / 9
    drawn: list[AugmentedBatches] = []

    def spy(images: Any, targets: Any, **words: Any) -> AugmentedBatches:
        drawn.append(AugmentedBatches(images, targets, **words))
        return drawn[-1]

    monkeypatch.setattr(training, "AugmentedBatches", spy)
    settings = replace(
        ONE_SIZE,
        stages=(Stage(16, 1),),
        votes_sha256="ab",
        votes_in_label=0.5,
        most_unclear=0.5,
        batch_size=200,
        augmentation=AUGMENTATIONS["none"],
    )
    train(data, tmp_path / "run", settings, votes=votes)
    (batches,) = drawn
    faces, targets = batches[0]
    assert isinstance(targets, dict)
    assert len(faces) == 7 * 16 - 30
    np.testing.assert_allclose(targets["logits"].sum(axis=1), 1, rtol=1e-6)
    # `soft_votes` names by number: of FER2013's *angry* (0) it says FER+'s *neutral* (0).
    angry = targets["votes"].argmax(axis=1) == 0
    np.testing.assert_allclose(targets["logits"][angry], [[0.5, 0, 0, 0, 0, 0, 0.5]] * angry.sum())
    with pytest.raises(UserError, match="most_unclear=0: no Training row is left"):
        train(data, tmp_path / "none", replace(settings, most_unclear=0.0), votes=votes)


def test_a_fold_has_a_tenth_of_the_pictures_and_all_copies_of_one() -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (2000, 8, 8)).astype(np.uint8)
    folds = fold_of(pictures)
    counts = np.bincount(folds, minlength=11)
    assert counts[0] == 0
    assert np.all(np.abs(counts[1:] - 200) < 60)
    np.testing.assert_array_equal(fold_of(pictures[::-1]), folds[::-1])


@pytest.mark.slow
def test_a_fold_chooses_and_public_test_is_measured_once_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny_dataset()
    measured: list[int] = []
    predict = training.predict_logits

    def spy(model: Any, faces: Any) -> Any:
        measured.append(len(faces))
        return predict(model, faces)

    monkeypatch.setattr(training, "predict_logits", spy)
    settings = replace(TINY, stages=(Stage(48, 2),), fold=3, choose="last", early_learning=1.0)
    state = train(data, tmp_path / "run", settings)
    held = int(np.count_nonzero(fold_of(data.select("Training").images) == 3))
    assert 0 < held < 28
    assert measured == [held, held, 28]
    assert state.best_epoch == 2
    assert state.best_accuracy == state.history[-1].validation_accuracy
    assert state.public_test is not None
    best = keras.models.load_model(RunFolder(tmp_path / "run").best)
    public = data.select("PublicTest")
    right = best.predict(public.images[..., np.newaxis] / 255.0, verbose=0).argmax(axis=1)
    assert state.public_test.accuracy == pytest.approx(np.mean(right == public.labels))
    assert train(data, tmp_path / "run", settings) == state
    assert measured == [held, held, 28]  # not once more


@pytest.mark.slow
def test_a_comparison_keeps_no_network(tmp_path: Path) -> None:
    settings = replace(ONE_SIZE, stages=(Stage(16, 1),), choose="none")
    state = train(tiny_dataset(), tmp_path / "run", settings)
    assert state.best_epoch is None
    assert not RunFolder(tmp_path / "run").best.exists()


def test_answers_are_kept_for_the_same_teachers_alone(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.answers("a") is None
    folder.save_answers(np.full((2, 7), 1 / 7, np.float32), "a")
    np.testing.assert_array_equal(folder.answers("a"), np.full((2, 7), 1 / 7, np.float32))
    assert folder.answers("b") is None
    (tmp_path / "answers.npz").write_bytes(b"PK torn")
    assert folder.answers("a") is None


@pytest.mark.slow
def test_a_training_in_bfloat16_leaves_a_network_in_float32(tmp_path: Path) -> None:
    settings = replace(TINY, stages=(Stage(48, 1),), precision="mixed_bfloat16")
    train(tiny_dataset(), tmp_path / "run", settings)
    best = keras.models.load_model(RunFolder(tmp_path / "run").best)
    assert {layer.compute_dtype for layer in best.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


def test_the_average_follows_the_weights_at_its_own_pace() -> None:
    source, mean = (keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]) for _ in range(2))
    source.set_weights([np.zeros((1, 1)), np.zeros(1)])
    average = WeightAverage(mean, source, decay=0.9, steps_done=0)
    source.set_weights([np.ones((1, 1)), np.ones(1)])
    seen = []
    for _ in range(400):
        average.on_train_batch_end(0)
        seen.append(float(mean.get_weights()[0][0, 0]))
    assert seen[:7] == [0.0] * 7  # only every eighth step moves it
    # After 82 steps the decay is no longer ramped: (1 + n) / (10 + n) is over 0.9.
    assert 1 - seen[207] == pytest.approx((1 - seen[199]) * 0.9**8, rel=1e-3)
    assert seen[-1] == pytest.approx(1.0)


@pytest.mark.slow
def test_a_finished_training_is_left_as_it_is(tmp_path: Path) -> None:
    settings = replace(TINY, stages=(Stage(16, 1),))
    first = train(tiny_dataset(), tmp_path / "run", settings)
    assert train(tiny_dataset(), tmp_path / "run", settings) == first


def test_other_settings_or_other_data_in_the_same_folder_are_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run").begin(TINY, "digest")
    with pytest.raises(UserError, match="other settings or on other data"):
        RunFolder(tmp_path / "run").begin(replace(TINY, seed=2), "digest")
    with pytest.raises(UserError, match="other settings or on other data"):
        RunFolder(tmp_path / "run").begin(TINY, "another digest")


@pytest.mark.parametrize(
    ("missing", "there", "why"),
    [
        ("PublicTest", "Training", "they choose the checkpoint"),
        ("Training", "PublicTest", "they are what is learned"),
    ],
)
def test_a_usage_without_rows_is_said_before_the_work(
    tmp_path: Path, missing: str, there: str, why: str
) -> None:
    with pytest.raises(UserError, match=f"no {missing} rows, only {there}: {why}"):
        train(tiny_dataset().select(there), tmp_path / "run", TINY)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"--run .*file: cannot be written \(File exists\)"):
        train(tiny_dataset(), tmp_path / "file", TINY)
    with pytest.raises(UserError, match=r"run: cannot be written \(Not a directory\)"):
        train(tiny_dataset(), tmp_path / "file" / "run", TINY)


@pytest.mark.slow
def test_a_disk_that_is_full_ends_a_training_in_one_line_and_it_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(network: Any, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as on_a_full_disk:
        on_a_full_disk.setattr(run_folder, "_save_model", full)
        with pytest.raises(UserError, match=r"run: cannot be written \(No space left on device\)"):
            train(tiny_dataset(), tmp_path / "run", ONE_SIZE)
    assert RunFolder(tmp_path / "run").state() is None
    assert train(tiny_dataset(), tmp_path / "run", ONE_SIZE).epochs_done == 3


def test_a_folder_without_its_checkpoint_cannot_be_resumed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.begin(TINY, "digest")
    state = RunState("epoch-001.keras", (), 0.0, None)
    with pytest.raises(UserError, match=r"epoch-001\.keras is missing: nothing to resume from"):
        folder.load_learner(state, TINY, 1)


def test_settings_survive_json() -> None:
    settings = settings_for("paper", 3, None)
    assert TrainingSettings.from_json(settings.to_json()) == settings


def test_settings_of_an_earlier_version_can_be_resumed(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.begin(TINY, "digest")
    record = json.loads((tmp_path / "run" / "settings.json").read_text())
    del record["settings"]["mixup"]
    (tmp_path / "run" / "settings.json").write_text(json.dumps(record))
    assert folder.begin(TINY, "digest") is None  # no epoch done, and no complaint
    with pytest.raises(UserError, match="other settings"):
        folder.begin(replace(TINY, mixup=0.2), "digest")


def test_single_numbers_are_set_by_name() -> None:
    settings = with_changes(TINY, ["mixup=0.2", "augmentation.corrupt_severity = 1"])
    augmentation = replace(TINY.augmentation, corrupt_severity=1)
    assert settings == replace(TINY, mixup=0.2, augmentation=augmentation)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("mixup", "mixup = '' is not a number like 0.0"),
        ("mixup=much", "mixup = 'much' is not a number"),
        ("mixup=-1", "mixup = -1 is not in 0..inf"),
        ("mixup=nan", "mixup = nan is not in 0..inf"),
        ("mixup=inf", "mixup = inf is not in 0..inf"),
        ("batch_size=0", "batch_size = 0 is not in 1..inf"),
        ("batch_size=1.5", "batch_size = '1.5' is not a number like 128"),
        ("average_decay=1", "average_decay = 1 is not in 0..0.9999"),
        ("mixups=1", "'mixups' is not among seed, rows, batch_size"),
        ("augmentation=1", "'augmentation' is not among"),
        ("augmentation.flip=1", "'augmentation.flip' is not among"),
        ("other.scale=1", "'other.scale' is not among"),
    ],
)
def test_a_wrong_number_or_name_is_refused(change: str, said: str) -> None:
    with pytest.raises(UserError, match=f"--set {re.escape(change)}: .*{re.escape(said)}"):
        with_changes(TrainingSettings(), [change])


def test_stages_are_read_as_written() -> None:
    assert parse_stages("32:20,48:6") == (Stage(32, 20), Stage(48, 6))


@pytest.mark.parametrize("text", ["", "32", "32:", ":4", "32:4,", "8:4", "97:1", "32:0", "32:-1"])
def test_wrong_stages_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="--stages"):
        parse_stages(text)


def test_an_unknown_architecture_names_the_known_ones() -> None:
    with pytest.raises(UserError, match="'resnet' is not one of edge, edge-small, paper, teacher"):
        settings_for("resnet", 1, None)
