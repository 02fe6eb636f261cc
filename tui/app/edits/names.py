"""The names that the fields of the edit panel suggest, and whether a typed name can be used."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import EngineError
from latentpng.text import plain

MAX_SHOWN = 100
"""Suggestions in the list at once; more typing finds the others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """A text that a field can take.

    Attributes:
        words: What the list says; safe to show.
        value: The text.
    """

    words: str
    value: str


def scheduler_suggestions() -> tuple[Suggestion, ...]:
    """Return the common names of schedulers."""
    from engine.models.schedulers import FRIENDLY

    return tuple(Suggestion(words=name, value=name) for name in sorted(FRIENDLY, key=str.casefold))


def model_suggestions() -> tuple[Suggestion, ...]:
    """Return the models of this machine; it takes time where folders are large.

    A name that several files have is replaced by the path.

    Raises:
        InvalidRequestError: The configuration file is wrong.
    """
    from tui.app.sources import model_offers

    offers = [(offer, offer.words.partition("   ")[0]) for offer in model_offers()]
    names = [name for _, name in offers]
    return (
        Suggestion(words=plain(offers[0][0].words, limit=200), value=offers[0][0].model),
        *(
            Suggestion(words=plain(offer.words, limit=200), value=name if names.count(name) == 1 else offer.model)
            for offer, name in offers[1:]
        ),
    )


def lora_suggestions() -> tuple[Suggestion, ...]:
    """Return the LoRA files of this machine; it takes time where folders are large.

    Raises:
        InvalidRequestError: The configuration file is wrong.
    """
    from engine.models.library import Shelf, distinct, entries, shown

    found = tuple(distinct(entries(Shelf.LORAS)))
    names = [entry.name for entry in found]
    suggestions = (
        Suggestion(
            words=plain(f"{entry.name}   {shown(entry.path.parent)}", limit=200),
            value=entry.name if names.count(entry.name) == 1 else str(entry.path),
        )
        for entry in found
    )
    return tuple(sorted(suggestions, key=lambda suggestion: suggestion.words.casefold()))


def fitting(suggestions: tuple[Suggestion, ...], typed: str) -> tuple[Suggestion, ...]:
    """Return the suggestions that hold every typed word, in upper or lower case."""
    words = typed.casefold().split()
    found = (each for each in suggestions if all(word in each.words.casefold() for word in words))
    return tuple(found)[:MAX_SHOWN]


def model_problem(text: str) -> str:
    """Return why no model can be used by this name, as a sentence, or ""; it takes time."""
    from engine.models.resolve import resolve_model

    try:
        resolve_model(text)
    except (EngineError, OSError) as error:
        return str(error)
    return ""


def lora_problem(option: str) -> str:
    """Return why no LoRA can be used by this name and weight, as a sentence, or ""; it takes time."""
    from engine.models.loras import resolve_lora

    try:
        resolve_lora(option)
    except (EngineError, OSError) as error:
        return str(error)
    return ""
