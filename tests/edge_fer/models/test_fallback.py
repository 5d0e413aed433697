"""The model that the daemon starts with."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from edge_fer.errors import ModelError, ModelReason, UserError
from edge_fer.face.opening import open_eyes, open_face_network
from edge_fer.models.check import check_files
from edge_fer.models.fallback import Loaded, first_that_loads, open_classifier
from edge_fer.models.files import read_model_files
from edge_fer.models.kind import EMOTIONS, EYES, FACE, KINDS, ModelKind
from edge_fer.models.settings import ModelConfig
from edge_fer.models.signature import sign_model
from edge_fer.models.store import ModelStore
from edge_fer.paths import SHIPPED_EYES, SHIPPED_FACE, SHIPPED_MODEL

pytestmark = pytest.mark.usefixtures("patient_checks")
FIRST, SECOND, THIRD = (Path(name) for name in ("first", "second", "third"))


def failing(*bad: Path) -> Callable[[Path], str]:
    def load(path: Path) -> str:
        if path in bad:
            raise UserError(f"{path} will not do")
        return str(path)

    return load


def test_the_first_that_passes() -> None:
    loaded = first_that_loads([FIRST, SECOND], failing())
    assert (loaded.model, loaded.path, loaded.failures) == ("first", FIRST, ())
    assert not loaded.is_fallback


def test_failures_are_kept() -> None:
    loaded = first_that_loads([FIRST, SECOND, THIRD], failing(FIRST, SECOND))
    assert loaded.model == "third"
    assert loaded.failures == ("first will not do", "second will not do")
    assert loaded.is_fallback


def test_none_is_left() -> None:
    with pytest.raises(UserError, match="first will not do; second will not do"):
        first_that_loads([FIRST, SECOND], failing(FIRST, SECOND))
    with pytest.raises(UserError, match="no model to load"):
        first_that_loads([], failing())


def test_a_store_whose_new_model_is_damaged(tmp_path: Path, make_tiny: Callable[..., Path]) -> None:
    store = ModelStore(tmp_path / "store", check=lambda path: None)
    for seed in range(2):
        store.install(make_tiny(tmp_path, f"model{seed}", seed))
    assert store.current is not None
    store.current.write_bytes(store.current.read_bytes()[:-1])
    shipped = make_tiny(tmp_path, "shipped", 7)
    loaded = first_that_loads(
        store.candidates(shipped), lambda path: check_files(read_model_files(path))[1]
    )
    assert loaded.model.name == "model0"
    assert "the card is of another file" in loaded.failures[0]


def test_the_config_decides_between_a_named_and_the_installed_model(
    tmp_path: Path, make_tiny: Callable[..., Path]
) -> None:
    store = ModelStore(tmp_path / "store", check=lambda path: None)
    store.install(make_tiny(tmp_path, "installed", 1))
    named = make_tiny(tmp_path, "named", 2)
    assert open_classifier(ModelConfig(path=str(named))).model.card.name == "named"
    loaded = open_classifier(ModelConfig(store=str(tmp_path / "store")))
    assert loaded.model.card.name == "installed"
    assert not loaded.is_fallback


def test_a_named_model_that_will_not_do_has_no_stand_in(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing\.tflite: cannot read"):
        open_classifier(ModelConfig(path=str(tmp_path / "missing.tflite")))


@pytest.fixture
def maker_key(tmp_path: Path) -> Path:
    ed25519 = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.ed25519", reason="the signing extra is missing"
    )
    from cryptography.hazmat.primitives import serialization

    path = tmp_path / "maker.pem"
    path.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def test_with_a_trusted_key_an_unsigned_model_is_passed_over(
    tmp_path: Path, make_tiny: Callable[..., Path], maker_key: Path
) -> None:
    store = ModelStore(tmp_path / "store", check=lambda path: None)
    signed = make_tiny(tmp_path, "signed", 1)
    key = sign_model(signed, maker_key, release=1)
    store.install(signed, trusted_key=key)
    store.install(make_tiny(tmp_path, "unsigned", 2))
    loaded = open_classifier(ModelConfig(store=str(tmp_path / "store"), trusted_key=key))
    assert loaded.model.card.name == "signed"
    assert loaded.is_fallback
    assert "model.sig: cannot read the signature" in loaded.failures[0]


def test_with_a_trusted_key_a_named_model_has_to_be_signed_by_it(
    tmp_path: Path, make_tiny: Callable[..., Path], maker_key: Path
) -> None:
    named = make_tiny(tmp_path, "named", 1)
    key = sign_model(named, maker_key, release=1)
    config = ModelConfig(path=str(named), trusted_key=key)
    assert open_classifier(config).model.card.name == "named"
    with pytest.raises(UserError, match="not a signature of this model and card"):
        open_classifier(replace(config, trusted_key="ab" * 32))


def test_the_model_that_came_with_the_package_needs_no_signature(tmp_path: Path) -> None:
    if not SHIPPED_MODEL.is_file():
        pytest.skip(f"the shipped model is not there: {SHIPPED_MODEL.name}")
    config = ModelConfig(store=str(tmp_path), trusted_key="ab" * 32)
    assert open_classifier(config).path == SHIPPED_MODEL


OPENED_BY: dict[str, Callable[[ModelConfig], Loaded[Any]]] = {
    "path": open_classifier,
    "eyes_path": open_eyes,
    "face_path": open_face_network,
}
KIND_OF = {SHIPPED_MODEL: EMOTIONS, SHIPPED_EYES: EYES, SHIPPED_FACE: FACE}


@pytest.mark.parametrize("path", KIND_OF, ids=lambda path: path.stem)
@pytest.mark.parametrize("key", OPENED_BY)
def test_a_card_of_another_kind_is_refused_by_name(key: str, path: Path) -> None:
    open_one, kind = OPENED_BY[key], KIND_OF[path]
    named: dict[str, Any] = {key: str(path)}
    config = ModelConfig(**named)
    if kind.set_by == f"model.{key}":
        assert open_one(config).path == path
        return
    with pytest.raises(ModelError) as refused:
        open_one(config)
    assert refused.value.reason is ModelReason.WRONG_KIND
    message = str(refused.value)
    assert message.startswith(f"{path.with_suffix('.json')}: ")
    assert f"of the kind {kind.name!r}, not " in message
    assert f"name it in {kind.set_by}, or" in message
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_has_its_key(kind: ModelKind) -> None:
    section, key = kind.set_by.split(".")
    assert section == "model"
    assert key in {field.name for field in fields(ModelConfig)}
    other = next(path for path, of in KIND_OF.items() if of is not kind)
    with pytest.raises(ModelError) as refused:
        ModelStore(Path("nowhere"), kind).install(other)
    assert refused.value.reason is ModelReason.WRONG_KIND
