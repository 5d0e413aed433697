"""A device that trusts a key does not go back to what its maker has replaced."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge_fer.errors import UserError
from edge_fer.models.fallback import open_classifier
from edge_fer.models.settings import ModelConfig
from edge_fer.models.signature import MOST_RELEASE, sign_model
from edge_fer.models.store import ModelStore
from edge_fer.paths import SHIPPED_MODEL

pytestmark = pytest.mark.usefixtures("patient_checks")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    pytest.importorskip("cryptography", reason="needs the signing extra")
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = tmp_path / "key.pem"
    path.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
        )
    )
    return path


@pytest.fixture
def releases(
    tmp_path: Path, make_tiny: Callable[..., Path], key: Path
) -> tuple[dict[int, Path], str]:
    """Return signed models by their release, and the public key."""
    models, public = {}, ""
    for release in (1, 2, 3):
        models[release] = make_tiny(tmp_path, f"release{release}", release)
        public = sign_model(models[release], key, release=release)
    return models, public


def a_store(folder: Path) -> ModelStore:
    return ModelStore(folder, check=lambda files: None)


def test_an_older_release_is_refused(tmp_path: Path, releases: tuple[dict[int, Path], str]) -> None:
    models, public = releases
    store = a_store(tmp_path / "store")
    store.install(models[2], trusted_key=public)
    with pytest.raises(UserError, match="release 1 is older than 2, the oldest"):
        store.install(models[1], trusted_key=public)
    store.install(models[3], trusted_key=public)
    for older in (1, 2):
        with pytest.raises(UserError, match=f"release {older} is older than 3"):
            store.install(models[older], trusted_key=public)
    assert store.install(models[3], trusted_key=public).was_current


def test_one_step_back_is_allowed_and_no_more(
    tmp_path: Path, releases: tuple[dict[int, Path], str]
) -> None:
    models, public = releases
    store = a_store(tmp_path / "store")
    for release in (1, 2, 3):
        store.install(models[release], trusted_key=public)
    assert store.floor == 2
    store.rollback(trusted_key=public)
    config = ModelConfig(store=str(tmp_path / "store"), trusted_key=public)
    assert open_classifier(config).model.card.name == "release2"
    with pytest.raises(UserError, match="release 1 is older than 2"):
        store.install(models[1], trusted_key=public)
    assert store.floor == 2


def test_an_older_release_that_was_put_there_by_other_means_is_passed_over(
    tmp_path: Path, releases: tuple[dict[int, Path], str]
) -> None:
    models, public = releases
    store = a_store(tmp_path / "store")
    for release in (2, 3):
        store.install(models[release], trusted_key=public)
    a_store(tmp_path / "store").install(models[1])  # without the key: nobody asks for signatures
    config = ModelConfig(store=str(tmp_path / "store"), trusted_key=public)
    loaded = open_classifier(config)
    assert loaded.model.card.name == "release3"
    assert "release 1 is older than 2" in loaded.failures[0]


def test_rollback_obeys_the_key(
    tmp_path: Path, releases: tuple[dict[int, Path], str], make_tiny: Callable[..., Path]
) -> None:
    models, public = releases
    store = a_store(tmp_path / "store")
    store.install(make_tiny(tmp_path, "unsigned", 9))
    store.install(models[1], trusted_key=public)
    with pytest.raises(UserError, match="cannot read the signature"):
        store.rollback(trusted_key=public)
    store.rollback()  # no key is trusted: as before


def test_back_to_the_shipped_model(tmp_path: Path, releases: tuple[dict[int, Path], str]) -> None:
    models, public = releases
    store = a_store(tmp_path / "store")
    store.install(models[2], trusted_key=public)
    assert store.rollback(trusted_key=public) is None
    assert SHIPPED_MODEL in store.candidates(SHIPPED_MODEL)
    with pytest.raises(UserError, match="release 1 is older than 2"):
        store.install(models[1], trusted_key=public)


@pytest.mark.parametrize("content", ["", "x", "-5", "9" * 400, "1e999"])
def test_any_content_of_the_floor_is_survived(
    tmp_path: Path, releases: tuple[dict[int, Path], str], content: str
) -> None:
    models, public = releases
    store = a_store(tmp_path / "store")
    store.install(models[1], trusted_key=public)
    (tmp_path / "store" / "floor").write_text(content)
    store.install(models[2], trusted_key=public)
    assert store.floor == 1


@pytest.mark.parametrize("release", [-1, MOST_RELEASE + 1])
def test_a_release_that_is_no_number(tiny_model: Path, key: Path, release: int) -> None:
    with pytest.raises(UserError, match="is not in 0"):
        sign_model(tiny_model, key, release=release)
