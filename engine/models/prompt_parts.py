"""What a prompt loads beside the model: `<lora:name:0.8>` and textual inversions, found by their names.  No torch.

A tag that is found is taken out of the prompt, and recorded as the LoRA that it is.  One that is not found stays in the
prompt, where the renderer leaves it out and says so in the picture's file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.errors import InvalidRequestError
from engine.models.embeddings import is_embedding
from engine.models.library import Shelf, not_found
from engine.models.loras import MAX_LORA_WEIGHT, resolve_lora
from engine.models.places.place import folded, parts_of, stem_of
from engine.models.prompt_files import PromptFiles
from engine.models.shelves import shelf_of
from engine.models.weights import PICKLE_SUFFIXES
from engine.prompts.chunks import unknown_embeddings
from engine.prompts.reading import read_prompt
from engine.prompts.spans import Span, SpanKind, quoted
from engine.prompts.tags import Tag, find_tags, without_tags
from engine.rendering.requests import EmbeddingChoice, LoraChoice, ModelChoice
from engine.rendering.settings import PromptStyle, RenderSettings

_NAMED = re.compile(r"\bembedding:([^\s,]+)")
_WORD = re.compile(r"[^\s,|]+")
_PUNCTUATION = ".;:!?\"'{}"
_MAX_CANDIDATES = 5000
_MAX_SENTENCES = 8


def with_loras(model: ModelChoice, settings: RenderSettings, *, find_more: bool) -> tuple[ModelChoice, RenderSettings]:
    """Return a model with the LoRA files that the prompt names, and the settings without the tags of those it has.

    Args:
        model: The model; a LoRA that it has already keeps its weight, whatever the tag says.
        settings: Their prompt may hold tags; in a negative prompt they are words.
        find_more: Look for LoRA files that the model does not have yet.

    Raises:
        ModelError: A file that was found is no LoRA.
        InvalidRequestError: A tag has two different weights, or one that is out of range.
    """
    chosen = {folded(lora.name) for lora in model.loras}
    files, loras, done = PromptFiles(Path(model.path)), list(model.loras), list[Tag]()
    for tag in (tag for tag in find_tags(settings.prompt) if tag.is_lora and tag.weights is not None):
        if _folded_name(tag) in chosen:
            done.append(tag)
        elif find_more and (path := files.find(Shelf.LORAS, tag.name)):
            loras.append(_lora(path, tag))
            done.append(tag)
    return replace(model, loras=tuple(loras)), replace(settings, prompt=without_tags(settings.prompt, tuple(done)))


def reweighted(model: ModelChoice, prompt: str) -> ModelChoice:
    """Return a model whose LoRA files have the weights that a new prompt gives them.

    Args:
        model: The model with the LoRA files of a picture.
        prompt: What the picture is to show instead; a LoRA that it does not name keeps its weight.

    Raises:
        InvalidRequestError: A tag has two different weights, or one that is out of range.
    """
    tags = {_folded_name(tag): tag for tag in find_tags(prompt) if tag.is_lora and tag.weights is not None}
    loras = (
        replace(lora, weight=_weight(tags[folded(lora.name)])) if folded(lora.name) in tags else lora
        for lora in model.loras
    )
    return replace(model, loras=tuple(loras))


def named_embeddings(model: ModelChoice, settings: RenderSettings, *, only_negative: bool = False) -> ModelChoice:
    """Return a model with the textual inversions that the prompts name, besides those that it has.

    Args:
        model: The model.
        settings: The prompts and their style; the plain one knows no textual inversions.
        only_negative: Look at the negative prompt alone.

    Raises:
        ModelError: A name stands for several files that differ.
        InvalidRequestError: A prompt cannot be read.
    """
    if settings.prompt_style == PromptStyle.PLAIN:
        return model
    files, found = PromptFiles(Path(model.path)), {choice.word.lower(): choice for choice in model.embeddings}
    for is_negative in (True,) if only_negative else (False, True):
        text = settings.negative_prompt if is_negative else settings.prompt
        for name in _candidates(read_prompt(text, settings.prompt_style, is_negative=is_negative).spans, settings):
            if name.lower() not in found and (path := files.find(Shelf.EMBEDDINGS, name)) and _is_usable(path):
                found[name.lower()] = EmbeddingChoice(path=str(path), word=name)
    return replace(model, embeddings=tuple(found.values()))


def prompt_part_notices(before: str, model: ModelChoice, settings: RenderSettings, *, loras: bool) -> tuple[str, ...]:
    """Return what is to be known of the names in the prompts, as a few sentences: see the two functions below.

    Args:
        before: The prompt with its tags.
        model: The model with the parts that were found.
        settings: The prompts, without the tags of those LoRA files.
        loras: Whether LoRA files were looked for.
    """
    found = (*_left_out_of_tags(before, settings.prompt), *_unknown_parts(model, settings, loras=loras))
    more = len(found) - _MAX_SENTENCES
    return found if more <= 0 else (*found[:_MAX_SENTENCES], f"{more:,} more names in the prompts are as these")


def _unknown_parts(model: ModelChoice, settings: RenderSettings, *, loras: bool) -> tuple[str, ...]:
    """Return a sentence for each name in the prompts that stands for no file here, with similar names.

    They are for the person alone: a picture's file tells no names of other files.

    Args:
        model: The model with the parts that were found.
        settings: The prompts, without the tags of those LoRA files.
        loras: Whether LoRA files were looked for.
    """
    tags = [tag for tag in find_tags(settings.prompt) if loras and tag.is_lora and tag.weights is not None]
    missing = [(Shelf.LORAS, tag.name) for tag in tags]
    words = frozenset(choice.word.lower() for choice in model.embeddings)
    for text, is_negative in ((settings.prompt, False), (settings.negative_prompt, True)):
        if settings.prompt_style != PromptStyle.PLAIN:
            spans = read_prompt(text, settings.prompt_style, is_negative=is_negative).spans
            missing += [(Shelf.EMBEDDINGS, name) for name in unknown_embeddings(spans, words)]
    return tuple(
        f"the {shelf.noun} {quoted(name)} of the prompt is unknown{not_found(shelf, name)}"
        for shelf, name in dict.fromkeys(missing)
    )


def _left_out_of_tags(before: str, after: str) -> tuple[str, ...]:
    """Return a sentence for each tag that loaded a LoRA and says more than its weight.

    Args:
        before: The prompt with its tags.
        after: The prompt without the tags of the LoRA files that were found.
    """
    left = {tag.text for tag in find_tags(after)}
    done = [tag for tag in find_tags(before) if tag.is_lora and tag.others and tag.text not in left]
    return tuple(
        f"{quoted(':'.join(tag.others))} of {quoted(tag.text)} was left out: the LoRA has one weight for all its "
        "layers and all steps"
        for tag in dict.fromkeys(done)
    )


def _folded_name(tag: Tag) -> str:
    return folded(stem_of((parts_of(tag.name) or ("",))[-1]))


def _lora(path: Path, tag: Tag) -> LoraChoice:
    return replace(resolve_lora(str(path)), weight=_weight(tag))


def _weight(tag: Tag) -> float:
    weights = tag.weights or (1.0,)
    if len(set(weights)) > 1:
        raise InvalidRequestError(
            f"the prompt gives a LoRA different weights for its parts, {quoted(tag.text)}, which warmer cannot do: "
            f"write one weight, for example <{tag.kind}:{tag.name}:{weights[-1]:g}>"
        )
    if abs(weights[0]) > MAX_LORA_WEIGHT:
        raise InvalidRequestError(f"the weight of a LoRA is a number from -100 to 100, found {quoted(tag.text)}")
    return weights[0]


def _candidates(spans: tuple[Span, ...], settings: RenderSettings) -> Iterator[str]:
    """Yield what may be the name of a textual inversion: what follows `embedding:`, and in A1111 any word or phrase."""
    yield from dict.fromkeys(list(_written_names(spans, settings))[:_MAX_CANDIDATES])


def _written_names(spans: tuple[Span, ...], settings: RenderSettings) -> Iterator[str]:
    for span in spans:
        if span.kind is SpanKind.EMBEDDING:
            yield span.text
        elif settings.prompt_style == PromptStyle.A1111:
            yield from _NAMED.findall(span.text)
            for phrase in span.text.split(","):
                yield phrase.strip()
                for word in _WORD.findall(phrase):
                    yield word
                    yield word.strip(_PUNCTUATION)
                    yield word.partition(":")[0]


def _is_usable(path: Path) -> bool:
    """Whether a file is a textual inversion; pickle files in a folder of embeddings are named when they are loaded."""
    if path.suffix in PICKLE_SUFFIXES:
        return any(shelf_of(folder.name) is Shelf.EMBEDDINGS for folder in path.parents)
    return is_embedding(path)
