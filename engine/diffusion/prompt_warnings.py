"""Sentences about what of a prompt is not in the picture: nothing is left out silently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.diffusion.prompt_styles import Style, ignored_layer
from engine.diffusion.seams.tokenizers import LOG, Reading
from engine.prompts.chunks import unknown_embeddings
from engine.prompts.reading import plain_warning, read_prompt
from engine.prompts.spans import quoted
from engine.rendering.settings import PromptStyle, RenderSettings

_NO_LAYER = "clip skip {} was ignored: it is for Stable Diffusion 1 and 2 and SDXL"


def prompt_warnings(
    pipe: Any, settings: RenderSettings, style: Style, readings: Sequence[Reading], *, takes_weights: bool
) -> tuple[str, ...]:
    """Return a sentence for each thing that the prompts say and that was left out or taken for words.

    Args:
        pipe: The pipeline that encoded them.
        settings: What was rendered.
        style: How the prompts were encoded.
        readings: What its tokenizers had to fit into a limit.
        takes_weights: Whether the pipeline can be asked for another style than the plain one.
    """
    if style.style == PromptStyle.PLAIN:
        words = tuple(_plain(settings, takes_weights))
    else:
        words = (*_read(settings.prompt, style, False), *_read(settings.negative_prompt, style, True))
    if settings.clip_skip:
        ignored = ignored_layer(pipe, style) if takes_weights else _NO_LAYER.format(settings.clip_skip)
        words = (*words, *filter(None, (ignored,)))
    return tuple(dict.fromkeys((*words, *_cut(settings, readings, takes_weights))))


def _plain(settings: RenderSettings, takes_weights: bool) -> Iterator[str]:
    why = "the prompt style is plain" if takes_weights else "this model takes no weights and tags in its prompt"
    for text, is_negative in ((settings.prompt, False), (settings.negative_prompt, True)):
        if warning := plain_warning(text, why, is_negative=is_negative):
            yield warning


def _read(text: str, style: Style, is_negative: bool) -> Iterator[str]:
    reading = read_prompt(text, style.style, is_negative=is_negative)
    which = "negative prompt" if is_negative else "prompt"
    yield from reading.warnings
    unusable = {word.lower(): why for word, why in style.embeddings.unusable.items()}
    for name in unknown_embeddings(reading.spans, frozenset(style.embeddings.vectors)):
        why = unusable.get(name.lower())
        if why is None:
            yield f"unknown textual inversion {quoted(name)} in the {which}: it was left out"
        else:
            yield f"the textual inversion {quoted(name)} in the {which} was left out: {why}"
    if style.style == PromptStyle.A1111:
        lowered = text.lower()
        for word, why in style.embeddings.unusable.items():
            if word.lower() in lowered and f"embedding:{word.lower()}" not in lowered:
                yield f"the textual inversion {quoted(word)} in the {which} was read as words: {why}"


# A pipeline with several text encoders gives each of them the prompt, and each has its own limit (77 tokens of CLIP
# beside 512 of T5).  Only what none of them read is lost.  A text that holds neither prompt was cleaned or cut by the
# pipeline itself: it counts as the prompt if nothing else does.
def _cut(settings: RenderSettings, readings: Sequence[Reading], takes_weights: bool) -> Iterator[str]:
    by_prompt: dict[str, list[Reading]] = {"prompt": [], "negative prompt": [], "": []}
    seen = [reading for reading in readings if reading.tokenizer != LOG]
    if len(seen) < len(readings) and not any(reading.cut for reading in seen):
        either = "the prompt or the negative prompt" if settings.negative_prompt else "the prompt"
        yield f"{either} is too long for this model: its end was cut"
    for reading in seen:
        by_prompt[_prompt_in(reading.text, settings)].append(reading)
    by_prompt["prompt"] = by_prompt["prompt"] or by_prompt[""]
    for which in ("prompt", "negative prompt"):
        shortest = _least_cut(by_prompt[which])
        if shortest is None or not shortest.cut:
            continue
        count = "its last token was" if shortest.cut == 1 else f"its last {shortest.cut} tokens were"
        instead = "; --prompt-style a1111 or comfyui reads all of it" if takes_weights else ""
        yield f"the {which} is too long for this model: {count} cut, from {quoted(shortest.rest.strip())} on{instead}"


def _least_cut(readings: Sequence[Reading]) -> Reading | None:
    """Return what the tokenizer with the most room cut."""
    worst: dict[int, Reading] = {}
    for reading in readings:
        known = worst.get(reading.tokenizer)
        worst[reading.tokenizer] = reading if known is None or known.cut < reading.cut else known
    return min(worst.values(), key=lambda reading: reading.cut, default=None)


def _prompt_in(text: str, settings: RenderSettings) -> str:
    """Return which of the two prompts is in a text: the longer one if both are, "" if neither is."""
    read = _bare(text)
    prompts = {"prompt": _bare(settings.prompt), "negative prompt": _bare(settings.negative_prompt)}
    found = [which for which, words in prompts.items() if words and words in read]
    return max(found, key=lambda which: len(prompts[which]), default="")


def _bare(text: str) -> str:
    return "".join(text.lower().split())
