"""Signatures of model and card."""

from pathlib import Path

import pytest

from edge_fer import keys
from edge_fer.errors import UserError
from edge_fer.models.files import card_path, read_model_files, signature_path
from edge_fer.models.signature import require_signature, sign_model
from edge_fer.models.store import ModelStore


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


def test_signed_model_is_accepted(tiny_model: Path, key: Path) -> None:
    public = sign_model(tiny_model, key, release=7)
    assert len(bytes.fromhex(public)) == 32
    assert require_signature(read_model_files(tiny_model), public) == 7


@pytest.mark.parametrize(
    "changed", ["model", "card", "signature", "release", "two lines", "not base64", "empty"]
)
def test_any_change_is_found(tiny_model: Path, key: Path, changed: str) -> None:
    public = sign_model(tiny_model, key, release=7)
    path, content = {
        "model": (tiny_model, tiny_model.read_bytes() + b"!"),
        "card": (card_path(tiny_model), card_path(tiny_model).read_bytes() + b" "),
        "signature": (
            signature_path(tiny_model),
            b"7 AAAA" + signature_path(tiny_model).read_bytes()[6:],
        ),
        "release": (signature_path(tiny_model), b"8" + signature_path(tiny_model).read_bytes()[1:]),
        "two lines": (signature_path(tiny_model), signature_path(tiny_model).read_bytes() * 2),
        "not base64": (signature_path(tiny_model), b"\xff{}"),
        "empty": (signature_path(tiny_model), b""),
    }[changed]
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a signature of this model and card"):
        require_signature(read_model_files(tiny_model), public)


def test_key_of_somebody_else(tiny_model: Path, key: Path) -> None:
    sign_model(tiny_model, key, release=7)
    with pytest.raises(UserError, match="by the trusted key 070707"):
        require_signature(read_model_files(tiny_model), "07" * 32)


@pytest.mark.parametrize("trusted", ["xyz", "07" * 31, "07" * 33])
def test_what_is_no_key(tiny_model: Path, key: Path, trusted: str) -> None:
    sign_model(tiny_model, key, release=7)
    with pytest.raises(UserError, match="is not 64 hex digits"):
        require_signature(read_model_files(tiny_model), trusted)


def test_private_key_that_is_none(tiny_model: Path, key: Path) -> None:
    key.write_text("no key")
    with pytest.raises(UserError, match="not a PEM key"):
        sign_model(tiny_model, key, release=7)
    with pytest.raises(UserError, match="cannot read the private key"):
        sign_model(tiny_model, key.with_name("none.pem"), release=7)


def test_store_that_trusts_a_key(tiny_model: Path, key: Path, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "store", check=lambda path: None)
    public = sign_model(tiny_model, key, release=7)
    path = store.install(tiny_model, trusted_key=public).path
    assert require_signature(read_model_files(path), public) == 7
    signature_path(tiny_model).unlink()
    with pytest.raises(UserError, match="cannot read the signature"):
        store.install(tiny_model, trusted_key=public)


def test_without_the_extra(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'edge-fer\[signing\]'"):
        require_signature(read_model_files(tiny_model), "07" * 32)
