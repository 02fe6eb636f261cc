"""How prompts are encoded: the style, the textual inversions, and which layer of which text encoders gives the result.

Layers are counted from the end as A1111 does: 1 is the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from engine.diffusion.embeddings import NO_EMBEDDINGS, Embeddings
from engine.prompts.chunks import Vocabulary
from engine.rendering.settings import PromptStyle

_OPEN_CLIP_LAYERS = 23
"""Stable Diffusion 2 uses the last layer but one of its text encoder, and its files leave out the last one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How prompts are encoded.

    Attributes:
        style: A value of `PromptStyle`.
        clip_skip: As in `RenderSettings`.
        embeddings: The textual inversions.
    """

    style: str = PromptStyle.PLAIN
    clip_skip: int = 0
    embeddings: Embeddings = NO_EMBEDDINGS

    @property
    def is_plain(self) -> bool:
        """True if the pipeline itself does all that is asked for."""
        return self.style == PromptStyle.PLAIN and not self.clip_skip

    @property
    def key(self) -> tuple[object, ...]:
        """Tells the styles of two encodings apart."""
        return self.style, self.clip_skip, self.embeddings.key


@dataclass(frozen=True, kw_only=True, slots=True)
class TextEncoder:
    """A text encoder with its tokenizer.

    Attributes:
        number: Its index in the pipeline.
        tokenizer: The tokenizer.
        model: The text encoder.
        device: Where it computes.
        layer: The layer that gives the embeddings, counted from the end of what the files hold.
        is_normed: Whether the final norm follows that layer.
    """

    number: int
    tokenizer: Any
    model: Any
    device: torch.device
    layer: int
    is_normed: bool


def ignored_layer(pipe: Any, style: Style) -> str:
    """Return a warning when the layer that was asked for is not used; "" otherwise."""
    asked = style.clip_skip
    if not asked or asked == _own_layer(pipe):
        return ""
    if style.style == PromptStyle.A1111 and _own_layer(pipe) != 1:
        return f"clip skip {asked} was ignored, as A1111 does with this family"
    return "" if _layer(pipe, style) == asked else f"clip skip {asked} was ignored: this model has no such layer"


def text_encoders(pipe: Any, style: Style, device: Any) -> tuple[TextEncoder, ...]:
    """Return the text encoders of a pipeline all of which are CLIP.

    Args:
        pipe: The pipeline.
        style: Says which layer is asked for.
        device: Where they compute, which is not where offloaded weights are kept; None if that is not known.
    """
    models, layer, is_sdxl = _text_encoders(pipe), _layer(pipe, style), _is_sdxl(pipe)
    missing = 0 if is_sdxl else _own_layer(pipe) - 1
    tokenizers = [getattr(pipe, name, None) for name in ("tokenizer", "tokenizer_2")]
    return tuple(
        TextEncoder(
            number=number,
            tokenizer=tokenizer,
            model=model,
            device=torch.device(device or model.device),
            layer=layer - missing,
            is_normed=not is_sdxl,
        )
        for number, (tokenizer, model) in enumerate(
            zip([each for each in tokenizers if each is not None], models, strict=True)
        )
    )


def vocabulary_of(encoder: TextEncoder, style: Style) -> Vocabulary:
    """Return what the tokenizer of a text encoder knows; in the plain style it cuts what is too long."""
    tokenizer, config = encoder.tokenizer, encoder.model.config
    length = min(tokenizer.model_max_length, config.max_position_embeddings)
    cut = {"truncation": True, "max_length": length - 2} if style.style == PromptStyle.PLAIN else {}
    counts = {word: len(vectors[encoder.number]) for word, vectors in style.embeddings.vectors.items()}
    return Vocabulary(
        encode=lambda text: list(tokenizer(text, add_special_tokens=False, **cut)["input_ids"]),
        start=tokenizer.bos_token_id,
        end=tokenizer.eos_token_id,
        padding=tokenizer.pad_token_id,
        comma=tokenizer.get_vocab().get(",</w>", -1),
        length=length - 2,
        embeddings=counts,
    )


def _own_layer(pipe: Any) -> int:
    """The layer that the family was trained with, counted from the end of the whole text encoder."""
    return 2 if _is_sdxl(pipe) or pipe.text_encoder.config.num_hidden_layers == _OPEN_CLIP_LAYERS else 1


def _layer(pipe: Any, style: Style) -> int:
    own, asked = _own_layer(pipe), style.clip_skip
    if not asked or (style.style == PromptStyle.A1111 and own != 1):
        return own
    layers = min(encoder.config.num_hidden_layers for encoder in _text_encoders(pipe))
    least = 1 if _is_sdxl(pipe) else own
    return asked if least <= asked <= layers + least - 1 else own


def _is_sdxl(pipe: Any) -> bool:
    return getattr(pipe, "text_encoder_2", None) is not None


def _text_encoders(pipe: Any) -> list[Any]:
    both = (pipe.text_encoder, getattr(pipe, "text_encoder_2", None))
    return [encoder for encoder in both if encoder is not None]
