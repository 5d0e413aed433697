"""Installing and rolling back: whatever happens, one model that works is there."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_fer.errors import UserError
from edge_fer.models.card import card_of, load_card
from edge_fer.models.check import check_files, require_sound
from edge_fer.models.files import ModelFiles, card_path, read_model_files
from edge_fer.models.store import ModelStore

MakeTiny = Callable[..., Path]

# Kills itself before the step number argv[5] that changes a file or a name. The steps are those
# that the interpreter reports of itself, so that none can be forgotten here.
KILLED_SCRIPT = """
import os, signal, sys
from pathlib import Path
from edge_fer.models.check import check_files, require_sound
from edge_fer.models.store import ModelStore

verb, folder, source, apart, fatal = sys.argv[1:]
steps = 0

def changes(event, arguments):
    if event == "open":
        mode, flags = arguments[1], arguments[2]
        return bool(flags & (os.O_WRONLY | os.O_RDWR)) and str(arguments[0]).startswith(folder)
    return event in ("os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.chmod",
                     "subprocess.Popen", "fcntl.flock")

def hook(event, arguments):
    global steps
    if changes(event, arguments):
        steps += 1
        if steps == int(fatal):
            os.kill(os.getpid(), signal.SIGKILL)

store = ModelStore(Path(folder), check=require_sound if apart == "apart" else check_files)
sys.addaudithook(hook)
if verb == "install":
    store.install(Path(source))
else:
    store.rollback()
"""


@pytest.fixture
def models(tmp_path: Path, make_tiny: MakeTiny) -> list[Path]:
    return [make_tiny(tmp_path, f"model{seed}", seed) for seed in range(3)]


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "store", check=lambda path: None)


def names(store: ModelStore) -> tuple[str | None, str | None]:
    """Names of the current and the previous model, each of which has to be whole."""
    current, previous = (
        None if path is None else check_files(read_model_files(path))[1].name
        for path in (store.current, store.previous)
    )
    return current, previous


def test_the_story_of_three_models(store: ModelStore, models: list[Path], tmp_path: Path) -> None:
    shipped = tmp_path / "shipped.tflite"
    assert names(store) == (None, None)
    assert store.candidates(shipped) == [shipped]
    for model in models:
        assert not store.install(model).was_current
    assert names(store) == ("model2", "model1")
    assert store.candidates(shipped) == [store.current, store.previous, shipped]
    assert len(list((tmp_path / "store" / "versions").iterdir())) == 2
    assert store.rollback() == store.current
    assert names(store) == ("model1", "model2")
    store.rollback()
    assert names(store) == ("model2", "model1")


def test_rollback_of_the_first_goes_to_the_shipped_one(
    store: ModelStore, models: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="no other model to roll back to"):
        store.rollback()
    assert not (tmp_path / "store").exists()
    store.install(models[0])
    assert store.rollback() is None
    assert names(store) == (None, "model0")
    shipped = tmp_path / "shipped.tflite"
    assert store.candidates(shipped) == [shipped, store.previous]
    store.rollback()
    assert store.candidates(shipped) == [store.current, shipped]
    assert names(store) == ("model0", None)


def test_the_same_again_changes_nothing(store: ModelStore, models: list[Path]) -> None:
    store.install(models[0])
    store.install(models[1])
    again = store.install(models[1])
    assert again.was_current
    assert again.path == store.current
    assert names(store) == ("model1", "model0")


def test_refused_model_changes_nothing(tmp_path: Path, models: list[Path]) -> None:
    def refuse(files: ModelFiles) -> None:
        assert card_of(files).name in ("model0", "model1")
        if card_of(files).name == "model1":
            raise UserError("this device computes otherwise")

    store = ModelStore(tmp_path / "store", check=refuse)
    store.install(models[0])
    with pytest.raises(UserError, match="computes otherwise"):
        store.install(models[1])
    card_path(models[1]).unlink()
    with pytest.raises(UserError, match="model card is missing"):
        store.install(models[1])
    assert names(store) == ("model0", None)
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == [
        ".lock",
        "current",
        "versions",
    ]


def test_damaged_current_does_not_become_previous(store: ModelStore, models: list[Path]) -> None:
    store.install(models[0])
    store.install(models[1])
    assert store.current is not None
    store.current.write_bytes(b"damaged")
    store.install(models[1])  # the same model again mends it
    assert names(store) == ("model1", "model0")


def test_rollback_to_a_damaged_model_is_refused(tmp_path: Path, models: list[Path]) -> None:
    def check(files: ModelFiles) -> None:
        card_of(files)

    store = ModelStore(tmp_path / "store", check=check)
    store.install(models[0])
    store.install(models[1])
    assert store.previous is not None
    store.previous.write_bytes(b"damaged")
    with pytest.raises(UserError, match="card is of another file"):
        store.rollback()
    assert store.current is not None
    assert load_card(store.current).name == "model1"


def test_second_installation_at_the_same_time(tmp_path: Path, models: list[Path]) -> None:
    folder = tmp_path / "store"

    def meanwhile(files: ModelFiles) -> None:
        with pytest.raises(UserError, match="another installation is running"):
            ModelStore(folder, check=lambda path: None).install(models[1])

    ModelStore(folder, check=meanwhile).install(models[0])


def test_folder_that_cannot_be_made(tmp_path: Path, models: list[Path]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        ModelStore(tmp_path / "file" / "store").install(models[0])


def test_daemon_of_another_user_can_read(store: ModelStore, models: list[Path]) -> None:
    path = store.install(models[0]).path
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.parent.stat().st_mode & 0o777 == 0o755


def test_check_is_done_in_a_process_of_its_own(tmp_path: Path, models: list[Path]) -> None:
    store = ModelStore(tmp_path / "store", check=require_sound)
    store.install(models[0])
    assert names(store) == ("model0", None)


def killed(verb: str, folder: Path, source: Path, apart: bool, step: int) -> bool:
    """Do `verb` in a child that dies at `step`; say whether it died."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED_SCRIPT,
            verb,
            folder,
            source,
            "apart" if apart else "",
            str(step),
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.parametrize(
    "apart",
    [pytest.param(False, marks=pytest.mark.slow), pytest.param(True, marks=pytest.mark.slow)],
)
def test_killed_at_every_step(tmp_path: Path, models: list[Path], apart: bool) -> None:
    """Before each change of a file or name, in installing and in rolling back."""
    for verb, after in (("install", ("model2", "model1")), ("rollback", ("model0", "model1"))):
        step = 0
        seen = set()
        died = True
        while died:
            step += 1
            folder = tmp_path / f"{verb}{step}"
            store = ModelStore(folder, check=lambda path: None)
            store.install(models[0])
            store.install(models[1])
            died = killed(verb, folder, models[2], apart, step)
            current, previous = names(store)  # loads both and runs their golden images
            assert current is not None
            seen.add((current, previous))
            # And the next installation works, whatever was left behind.
            ModelStore(folder, check=lambda path: None).install(models[2])
            assert names(store)[0] == "model2"
            assert not list(folder.glob(".incoming*"))
        assert step > (10 if verb == "install" else 4)
        assert seen >= {("model1", "model0"), after}
        assert seen <= {("model1", "model0"), after, ("model1", "model1"), ("model0", "model0")}


def test_killed_between_the_links(tmp_path: Path, models: list[Path]) -> None:
    """The one gap in which both links show the same model: the old one."""
    folder = tmp_path / "store"
    store = ModelStore(folder, check=lambda path: None)
    store.install(models[0])
    store.install(models[1])
    switch = store._switch

    class Killed(BaseException):
        pass

    def dying(link: str, target: str | None) -> None:
        if link == "current":
            raise Killed
        switch(link, target)

    store._switch = dying  # type: ignore[method-assign]  # stands for a kill at that moment
    with pytest.raises(Killed):
        store.install(models[2])
    assert names(store) == ("model1", "model1")
