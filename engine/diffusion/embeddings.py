"""Textual inversions: the vectors in their files, as far as they fit the text encoders of a pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from engine.errors import ModelError
from engine.models.embeddings import MAX_VECTORS, is_embedding
from engine.models.weights import check_weights_suffix
from engine.rendering.requests import EmbeddingChoice, ModelChoice

_FORMS = (("emb_params",), ("clip_l", "clip_g"))
"""Names of tensors: for a single text encoder, and for the two of SDXL; any other name belongs to a single one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Embeddings:
    """The textual inversions of a loaded model.

    Attributes:
        vectors: By the word in lower case: (count, D) for each text encoder of the pipeline.
        unusable: Why the others cannot be used, as a clause, by their words as they are written.
        choices: Those that can be used.
    """

    vectors: Mapping[str, tuple[torch.Tensor, ...]] = field(default_factory=lambda: MappingProxyType({}))
    unusable: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    choices: tuple[EmbeddingChoice, ...] = ()

    @property
    def key(self) -> tuple[EmbeddingChoice, ...]:
        """Tells the embeddings of two requests apart."""
        return self.choices


NO_EMBEDDINGS = Embeddings()


def load_embeddings(pipe: Any, choices: tuple[EmbeddingChoice, ...]) -> Embeddings:
    """Load the textual inversions of a choice; a file that cannot be used is named, and its word stays a word.

    Args:
        pipe: The pipeline.
        choices: The files and their words.
    """
    vectors: dict[str, tuple[torch.Tensor, ...]] = {}
    unusable: dict[str, str] = {}
    usable: list[EmbeddingChoice] = []
    for choice in choices:
        try:
            vectors[choice.word.lower()] = _fitting(_tensors(choice), _widths(pipe))
            usable.append(choice)
        except ModelError as error:
            unusable[choice.word] = str(error)
    return Embeddings(vectors=vectors, unusable=unusable, choices=tuple(usable))


def usable_choice(choice: ModelChoice, embeddings: Embeddings) -> ModelChoice:
    """Return a choice with those of its textual inversions that can be used."""
    return replace(choice, embeddings=embeddings.choices)


def _widths(pipe: Any) -> tuple[int, ...]:
    encoders = (getattr(pipe, name, None) for name in ("text_encoder", "text_encoder_2"))
    return tuple(encoder.config.hidden_size for encoder in encoders if encoder is not None)


def _tensors(choice: EmbeddingChoice) -> tuple[torch.Tensor, ...]:
    if not choice.path:
        raise ModelError("it is not known on this machine")
    path = Path(choice.path)
    check_weights_suffix(path, "a textual inversion is such a file")
    if not is_embedding(path):
        raise ModelError(f"{path.name} holds no textual inversion")
    try:
        named = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path.name} cannot be read") from error
    if not all(tensor.is_floating_point() and bool(tensor.isfinite().all()) for tensor in named.values()):
        raise ModelError(f"{path.name} holds vectors that are no numbers")
    names = next((form for form in _FORMS if named.keys() >= set(form)), tuple(named)[:1])
    return tuple(named[name].reshape(-1, named[name].shape[-1]).to(torch.float32) for name in names)


def _fitting(found: tuple[torch.Tensor, ...], widths: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    """Return the vectors of all text encoders.

    Raises:
        ModelError: They have another width than the text encoders, or the encoders have different numbers of them.
    """
    given = tuple(tensor.shape[-1] for tensor in found)
    if given != widths:
        written, needed = (" and ".join(map(str, numbers)) for numbers in (given, widths))
        raise ModelError(f"it belongs to another family: its vectors have {written} values, this model needs {needed}")
    if len({len(tensor) for tensor in found}) > 1 or len(found[0]) > MAX_VECTORS:
        counts = " and ".join(str(len(tensor)) for tensor in found)
        raise ModelError(f"it holds {counts} vectors, where 1 to {MAX_VECTORS} for each text encoder can be used")
    return found
