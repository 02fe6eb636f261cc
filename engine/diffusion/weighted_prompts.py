"""Prompts with weights and chunks, encoded by CLIP text encoders with the arithmetic of A1111 or of ComfyUI.

    A1111:    z' = w z * mean(z) / mean(w z)     for each chunk and text encoder; w is the weight of each token
    ComfyUI:  z' = e + w (z - e)                 e is the embedding of the empty prompt

Facts from modules/sd_emphasis.py ("Original") of stable-diffusion-webui 1.10 and comfy/sd1_clip.py of ComfyUI 0.3.
Where all weights are 1, z stays as it is, to the bit.  Chunks are encoded one by one, so that none depends on how many
there are, and stand one after the other; the pooled vector is that of the first chunk, without weights.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import torch

from engine.diffusion.prompt_styles import Style, TextEncoder, text_encoders, vocabulary_of
from engine.diffusion.seams.prompts import Encode
from engine.diffusion.seams.text_encoders import final_norm, replaced_tokens
from engine.errors import RenderError
from engine.prompts.chunks import Chunk, Vocabulary, a1111_chunks, comfyui_chunks
from engine.prompts.reading import read_prompt
from engine.prompts.spans import Span
from engine.rendering.settings import PromptStyle

_MAX_CHUNKS = 256
_MAX_TOKENS = _MAX_CHUNKS * 77


def encode_weighted(pipe: Any, encode: Encode, arguments: Mapping[str, Any], style: Style) -> Any:
    """Return what `encode_prompt` returns, with embeddings as the style asks for.

    Args:
        pipe: A pipeline all of whose text encoders are CLIP.
        encode: Its own `encode_prompt`, which brings ready embeddings into its form.
        arguments: Those of the call, for a single prompt.
        style: How the prompts are encoded.

    Returns:
        As the method does.  The embeddings of the two prompts may differ in length: see `same_length`.
    """
    encoders = text_encoders(pipe, style, arguments.get("device"))
    texts = {name: _text(arguments.get(name)) for name in ("prompt", "negative_prompt")}
    given: dict[str, Any] = {"prompt": None, "prompt_2": None, "negative_prompt": None, "negative_prompt_2": None}
    given["prompt_embeds"], given["pooled_prompt_embeds"] = _embedded(encoders, texts["prompt"], style, False)
    if arguments.get("do_classifier_free_guidance") and not _is_zeroed(pipe, texts["negative_prompt"], style):
        embeds, pooled = _embedded(encoders, texts["negative_prompt"], style, True)
        given["negative_prompt_embeds"], given["negative_pooled_prompt_embeds"] = embeds, pooled
    taken = inspect.signature(encode).parameters
    return encode(**{**arguments, **{name: value for name, value in given.items() if name in taken}})


# Both tools let a prompt and a negative prompt have different numbers of chunks, and run the model for each by itself
# where they differ; ComfyUI also repeats both to a common length.  A repeated key and value changes nothing in an
# attention but rounding, since each is counted as often as all others.  A pipeline runs both in one batch: so repeat.
def same_length(encoded: Any) -> Any:
    """Return what `encode_prompt` returned, with both prompts repeated to the same number of tokens.

    Raises:
        RenderError: The common length would be too large.
    """
    embeds, negative = encoded[:2]
    if negative is None or embeds.shape[1] == negative.shape[1]:
        return encoded
    length = math.lcm(embeds.shape[1], negative.shape[1])
    if length > _MAX_TOKENS:
        raise RenderError("the prompt and the negative prompt are too long together: shorten one of them")
    return (*(part.repeat(1, length // part.shape[1], 1) for part in (embeds, negative)), *encoded[2:])


def _is_zeroed(pipe: Any, negative: str, style: Style) -> bool:
    """Whether the pipeline takes zeros for an empty negative prompt; ComfyUI encodes it like any other."""
    return not negative and bool(pipe.config.get("force_zeros_for_empty_prompt")) and style.style != PromptStyle.COMFYUI


def _embedded(
    encoders: tuple[TextEncoder, ...], text: str, style: Style, is_negative: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return (1, tokens, D) of all text encoders side by side, and the pooled vector of the one that has it."""
    spans = _spans(text, style, is_negative)
    parts, pooled = [], None
    for encoder in encoders:
        vocabulary = vocabulary_of(encoder, style)
        states = []
        for chunk in _chunks(spans, vocabulary, style):
            hidden, vector = _run(encoder, chunk, style)
            pooled = vector if pooled is None else pooled
            states.append(_weighed(encoder, hidden, chunk, vocabulary, style))
        parts.append(states[0] if len(states) == 1 else torch.cat(states, dim=1))
    return torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0], pooled


def _spans(text: str, style: Style, is_negative: bool) -> tuple[Span, ...]:
    if style.style == PromptStyle.PLAIN:
        return (Span(text=text),)
    return read_prompt(text, style.style, is_negative=is_negative).spans


def _chunks(spans: tuple[Span, ...], vocabulary: Vocabulary, style: Style) -> tuple[Chunk, ...]:
    is_a1111 = style.style == PromptStyle.A1111
    chunks = a1111_chunks(spans, vocabulary) if is_a1111 else comfyui_chunks(spans, vocabulary)
    if len(chunks) > _MAX_CHUNKS:
        raise RenderError(f"the prompt has {len(chunks)} parts of {vocabulary.length} tokens: shorten it")
    return chunks


def _run(encoder: TextEncoder, chunk: Chunk, style: Style) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return (1, tokens, D), the wanted layer of a text encoder, and its pooled vector if it has a projection."""
    vectors = {
        vector.position: style.embeddings.vectors[vector.word][encoder.number][vector.index] for vector in chunk.vectors
    }
    tokens = torch.tensor([chunk.tokens], device=encoder.device)
    with replaced_tokens(encoder.model, vectors):
        output = encoder.model(tokens, output_hidden_states=True)
    pooled = getattr(output, "text_embeds", None)
    if not encoder.is_normed:
        return output.hidden_states[-encoder.layer], pooled
    if encoder.layer == 1:
        return output.last_hidden_state, pooled
    return final_norm(encoder.model, output.hidden_states[-encoder.layer]), pooled


def _weighed(
    encoder: TextEncoder, hidden: torch.Tensor, chunk: Chunk, vocabulary: Vocabulary, style: Style
) -> torch.Tensor:
    if all(weight == 1.0 for weight in chunk.weights):
        return hidden
    values = hidden.to(torch.float32)
    weights = torch.tensor(chunk.weights, dtype=torch.float32, device=hidden.device).reshape(1, -1, 1)
    if style.style == PromptStyle.COMFYUI:
        (empty,) = comfyui_chunks((), vocabulary)
        base = _run(encoder, empty, style)[0].to(torch.float32)
        return torch.where(weights == 1.0, values, (values - base) * weights + base).to(hidden.dtype)
    weighted = values * weights
    mean = weighted.mean()
    return (weighted * (values.mean() / mean) if mean else weighted).to(hidden.dtype)


def _text(value: Any) -> str:
    text = value[0] if isinstance(value, list | tuple) and value else value
    return text if isinstance(text, str) else ""
