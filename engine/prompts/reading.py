"""A prompt as its style reads it, and whether a plain prompt looks as if it were written for a style with weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import InvalidRequestError
from engine.prompts.a1111 import parse_a1111
from engine.prompts.comfyui import parse_comfyui, unread_bracket, unread_embedding
from engine.prompts.lookalikes import lookalikes
from engine.prompts.spans import Span, quoted
from engine.prompts.tags import Tag, find_tags, unclosed_tag, without_tags
from engine.rendering.settings import PromptStyle, RenderSettings

_WEIGHTS = re.compile(
    r"(?<!\\)\([^()\n]{0,300}?:\s*[+-]?\d*\.?\d+\s*\)|(?<!\\)\({2}|(?<!\\)\[{2}"
    r"|<\w+:[^<>]{1,300}>|\bBREAK\b|\bembedding:[^\s,]{1,100}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A prompt as one of the styles with weights reads it.

    Attributes:
        spans: What it says, in order.
        warnings: Sentences about what was left out.
    """

    spans: tuple[Span, ...]
    warnings: tuple[str, ...] = ()


def read_prompt(text: str, style: str, *, is_negative: bool = False) -> Reading:
    """Read a prompt.

    Args:
        text: The prompt.
        style: `PromptStyle.A1111` or `PromptStyle.COMFYUI`.
        is_negative: It is a negative prompt, which both tools read without tags, and A1111 without AND.

    Raises:
        InvalidRequestError: It holds what the style reads as something other than weights.
    """
    tags, is_comfyui = find_tags(text), style == PromptStyle.COMFYUI
    words = text if is_comfyui or is_negative else without_tags(text, tags)
    spans = parse_comfyui(text) if is_comfyui else parse_a1111(words, is_negative=is_negative)
    as_words = [f"{quoted(tag.text)} in the {_which(is_negative)} was read as words" for tag in tags]
    about_tags = as_words if is_comfyui or is_negative else map(left_out, tags)
    return Reading(spans=spans, warnings=(*about_tags, *_taken_for_words(words, is_negative, is_comfyui=is_comfyui)))


def _taken_for_words(text: str, is_negative: bool, *, is_comfyui: bool) -> Iterator[str]:
    """Yield a warning for each thing that looks as if more than words was meant."""
    found = [*lookalikes(text, ends_in_weight=not is_comfyui and not is_negative)]
    if tag := unclosed_tag(text):
        found.append((tag, "the tag is never closed"))
    if is_comfyui and (bracket := unread_bracket(text)):
        found.append((bracket, "the bracket is never closed"))
    if is_comfyui and (name := unread_embedding(text)):
        found.append((name, "ComfyUI needs a space before it"))
    for part, why in found:
        yield f"{quoted(part)} in the {_which(is_negative)} was read as words: {why}"


def check_prompts(settings: RenderSettings) -> None:
    """Read both prompts, before anything slow begins.

    Raises:
        InvalidRequestError: As `read_prompt`; the sentence says which of the two prompts it is about.
    """
    if settings.prompt_style == PromptStyle.PLAIN:
        return
    read_prompt(settings.prompt, settings.prompt_style)
    try:
        read_prompt(settings.negative_prompt, settings.prompt_style, is_negative=True)
    except InvalidRequestError as error:
        raise InvalidRequestError(str(error).replace("the prompt", "the negative prompt", 1)) from error


def plain_warning(text: str, why: str, *, is_negative: bool = False) -> str:
    """Return a warning when a prompt that is read as plain words holds weights, tags or names of inversions.

    Args:
        text: The prompt.
        why: Why it is read as words, as a clause.
        is_negative: It is a negative prompt.

    Returns:
        The sentence; "" for a prompt of words.
    """
    match = _WEIGHTS.search(text)
    return f"{quoted(match[0])} in the {_which(is_negative)} was read as words: {why}" if match else ""


def left_out(tag: Tag) -> str:
    """Return the warning about a tag of the prompt that could not be followed."""
    if not tag.is_lora:
        what = "hypernetworks are" if tag.kind == "hypernet" else f"tags of the kind {tag.kind!r} are"
        return f"{quoted(tag.text)} in the prompt was left out: {what} not supported"
    if tag.weights is None:
        return f"{quoted(tag.text)} in the prompt was left out: its weight is not a number"
    return f"unknown LoRA {quoted(tag.name)} in the prompt: it was left out"


def _which(is_negative: bool) -> str:
    return "negative prompt" if is_negative else "prompt"
