"""The files of a request on another machine: the same paths, other paths of the same weights, or a refusal."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cluster.messages import pack, unpack_weights
from engine.cluster.models import Weights, relocated, weights_of
from engine.errors import ModelError
from engine.models.find import model_identity, remember_model
from engine.models.fingerprints import file_digest, path_fingerprint
from engine.models.remembered import Remembered, remember
from engine.models.resolve import EMBEDDED, resolve_model
from engine.rendering.requests import EmbeddingChoice, LoadModel, LoraChoice, ModelChoice
from tests.support.engine.folders import empty_home, model_folder, tensors
from tests.support.engine.workers import SETTINGS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return empty_home(tmp_path, monkeypatch)


def load_of(model: ModelChoice, preview_vae: str = "") -> LoadModel:
    return LoadModel(model=model, settings=SETTINGS, preview_vae=preview_vae)


def lakes(folder: Path, byte: bytes = b"\1") -> ModelChoice:
    return resolve_model(str(model_folder(folder / "lakes", byte)))


def moved(here: Path, there: Path) -> Path:
    """Move a folder, as if this were a machine that has the files at another path."""
    shutil.move(here, there)
    return there


def refusal(request: LoadModel, weights: Weights) -> str:
    with pytest.raises(ModelError) as caught:
        relocated(request, weights, "node-b")
    return str(caught.value)


def missing(what: str) -> str:
    return (
        f"the {what} is not known on the node node-b: copy its files there, to the same path or into a folder of "
        "models that warmer searches"
    )


def test_the_paths_of_the_request_where_they_lead_to_the_same_weights(tmp_path: Path) -> None:
    request = load_of(lakes(tmp_path))
    assert relocated(request, weights_of(request), "node-b") == request


def test_the_embedded_model_wherever_it_is_installed() -> None:
    request = load_of(resolve_model(EMBEDDED))
    elsewhere = replace(request, model=replace(request.model, path="/elsewhere/engine/embedded/model"))
    assert relocated(elsewhere, weights_of(request), "node-b") == request


def test_a_model_at_a_different_path_keeps_its_name(tmp_path: Path) -> None:
    request = load_of(lakes(tmp_path / "a"))
    weights = weights_of(request)
    there = resolve_model(str(moved(tmp_path / "a" / "lakes", tmp_path / "hills")))
    assert refusal(request, weights) == missing("model 'lakes'")
    remember_model(there, model_identity(there))
    assert relocated(request, weights, "node-b") == replace(request, model=replace(there, name="lakes"))


def test_other_weights_at_the_same_path_are_not_used(tmp_path: Path) -> None:
    request = load_of(lakes(tmp_path / "a", b"\1"))
    weights = weights_of(request)
    shutil.rmtree(tmp_path / "a")
    lakes(tmp_path / "a", b"\2")
    assert refusal(request, weights) == missing("model 'lakes'")


def test_what_is_loaded_beside_the_model_is_found_or_named(tmp_path: Path) -> None:
    model = lakes(tmp_path / "a")
    parts = {name: tensors(tmp_path / "a" / f"{name}.safetensors", byte=name.encode()[:1]) for name in ("rain", "vae")}
    word = tensors(tmp_path / "a" / "mist.safetensors", byte=b"m")
    unknown = EmbeddingChoice(path="", word="nowhere")
    request = load_of(
        replace(
            model,
            loras=(LoraChoice(path=str(parts["rain"]), weight=0.5),),
            vae=str(parts["vae"]),
            embeddings=(EmbeddingChoice(path=str(word), word="mist"), unknown),
        )
    )
    weights = weights_of(request)
    there = moved(tmp_path / "a", tmp_path / "b")
    remember_model(resolve_model(str(there / "lakes")), weights.identity)
    for name, what in (("rain", "LoRA 'rain'"), ("vae", "VAE 'vae'"), ("mist", "textual inversion 'mist'")):
        assert refusal(request, weights) == missing(what)
        file = there / f"{name}.safetensors"
        digest = path_fingerprint(file) if name == "vae" else file_digest(file)
        remember(Remembered(digest=digest, path=str(file), name=name))
    assert relocated(request, weights, "node-b").model == replace(
        request.model,
        path=str(there / "lakes"),
        loras=(LoraChoice(path=str(there / "rain.safetensors"), weight=0.5),),
        vae=str(there / "vae.safetensors"),
        embeddings=(EmbeddingChoice(path=str(there / "mist.safetensors"), word="mist"), unknown),
    )


def test_a_preview_vae_is_found_by_its_path_or_named(tmp_path: Path) -> None:
    preview = tensors(tmp_path / "taesd.safetensors")
    request = load_of(lakes(tmp_path), preview_vae=str(preview))
    weights = weights_of(request)
    assert relocated(request, weights, "node-b") == request
    preview.unlink()
    assert refusal(request, weights) == missing("tiny autoencoder 'taesd.safetensors'")


def test_a_model_that_is_to_be_downloaded_is_refused() -> None:
    with pytest.raises(ModelError) as caught:
        weights_of(load_of(ModelChoice(path="a/b", name="a/b", download=True)))
    assert str(caught.value) == (
        "--download cannot be combined with --ray, because each machine of the cluster would download the model by "
        "itself: load it once without --ray, and copy its files to the machines of the cluster"
    )


def test_a_file_that_has_gone_on_the_machine_of_the_program(tmp_path: Path) -> None:
    gone = LoraChoice(path=str(tmp_path / "gone.safetensors"))
    request = load_of(replace(lakes(tmp_path), loras=(gone,)))
    with pytest.raises(ModelError) as caught:
        weights_of(request)
    assert str(caught.value) == f"{tmp_path}/gone.safetensors: No such file or directory"


def test_weights_cross_as_bytes(tmp_path: Path) -> None:
    weights = weights_of(load_of(lakes(tmp_path), preview_vae=str(tensors(tmp_path / "taesd.safetensors"))))
    assert unpack_weights(pack(weights)) == weights
