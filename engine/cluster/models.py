"""The files of a request on another machine: found by their fingerprints, or refused in one sentence.

A path of one machine means nothing on another one.  The machine of the program says which weights its paths lead to;
each node uses its own files of the same weights, wherever they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import ModelError
from engine.models.find import (
    NO_MODEL,
    find_model,
    model_identity,
    recorded_embeddings,
    recorded_loras,
    recorded_vae,
    same_weights,
)
from engine.models.fingerprints import path_fingerprint
from engine.models.imported import text_of
from engine.models.library import Shelf
from engine.models.relocated import file_named
from engine.models.shipped import restored
from engine.rendering.requests import EmbeddingChoice, LoadModel, LoraChoice, ModelChoice
from latentpng.record import Json, JsonObject
from latentpng.text import plain


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """Which weights a request means, without any path.

    Attributes:
        identity: What pictures record of the model and of what is loaded beside it.
        preview_vae: The fingerprint of the tiny autoencoder that draws the previews; "" for none.
    """

    identity: JsonObject
    preview_vae: str = ""


def weights_of(request: LoadModel) -> Weights:
    """Return which weights a request means on this machine.

    Raises:
        ModelError: The model cannot be used, or is to be downloaded.
    """
    if request.model.download:
        raise ModelError(
            "--download cannot be combined with --ray, because each machine of the cluster would download the model "
            "by itself: load it once without --ray, and copy its files to the machines of the cluster"
        )
    try:
        return Weights(
            identity=model_identity(request.model, request.memory),
            preview_vae=path_fingerprint(Path(request.preview_vae)) if request.preview_vae else "",
        )
    except OSError as error:
        raise ModelError(f"{error.filename or request.model.path}: {error.strerror or error}") from error


def relocated(request: LoadModel, weights: Weights, node: str) -> LoadModel:
    """Return a request with the paths that the same weights have on this machine.

    Args:
        request: The request, with the paths of the machine that it comes from.
        weights: Which weights these paths mean there.
        node: The name of this machine in the cluster, for the sentence.

    Raises:
        ModelError: This machine does not have some of them.
    """
    try:
        model = _model(request, weights.identity)
        return replace(request, model=model, preview_vae=_preview_vae(request, weights.preview_vae))
    except _NotHereError as missing:
        raise ModelError(
            f"the {missing} is not known on the node {node}: copy its files there, to the same path or into a folder "
            "of models that warmer searches"
        ) from None


class _NotHereError(Exception):
    """Some weights are not on this machine; the text names them."""


def _model(request: LoadModel, identity: Mapping[str, Json]) -> ModelChoice:
    """The model; the request's own paths are used where they lead to the same weights."""
    asked = replace(request.model, config=restored(request.model.config))
    if _is_same(asked, request.memory, identity):
        return asked
    found = find_model(identity)
    if found == NO_MODEL:
        raise _NotHereError(f"model {plain(request.model.name, 80)!r}")
    return replace(
        found,
        name=request.model.name,
        prediction=request.model.prediction,
        loras=tuple(_lora(entry) for entry in _entries(identity, "loras")),
        vae=_vae(identity),
        embeddings=_embeddings(request.model, identity),
    )


def _is_same(choice: ModelChoice, memory: str, identity: Mapping[str, Json]) -> bool:
    try:
        return same_weights(identity, model_identity(choice, memory))
    except (OSError, ValueError, ModelError):
        return False


def _lora(entry: Json) -> LoraChoice:
    """A LoRA file as a picture records it."""
    try:
        return recorded_loras({"loras": [entry]})[0]
    except ModelError:
        raise _missing("LoRA", entry) from None


def _vae(identity: Mapping[str, Json]) -> str:
    try:
        return recorded_vae(identity)
    except ModelError:
        raise _missing("VAE", identity.get("vae")) from None


def _embeddings(asked: ModelChoice, identity: Mapping[str, Json]) -> tuple[EmbeddingChoice, ...]:
    """The textual inversions; those that the program's machine has no file for are asked for without one here too."""
    found = {choice.word: choice for choice in recorded_embeddings(identity)}
    for entry in _entries(identity, "embeddings"):
        if not found[text_of(entry, "name")].path:
            raise _missing("textual inversion", entry)
    return tuple(found.get(choice.word, choice) for choice in asked.embeddings)


def _preview_vae(request: LoadModel, fingerprint: str) -> str:
    path = request.preview_vae
    if not fingerprint:
        return ""
    with contextlib.suppress(OSError):
        if path_fingerprint(Path(path)) == fingerprint:
            return path
    if found := file_named(Shelf.PREVIEWS, Path(path).stem, fingerprint, path_fingerprint):
        return found
    raise _missing("tiny autoencoder", {"name": Path(path).name})


def _missing(kind: str, entry: Json) -> _NotHereError:
    return _NotHereError(f"{kind} {plain(text_of(entry, 'name') or 'without a name', 80)!r}")


def _entries(identity: Mapping[str, Json], kind: str) -> tuple[Json, ...]:
    entries = identity.get(kind, ())
    return tuple(entries) if isinstance(entries, list | tuple) else ()
