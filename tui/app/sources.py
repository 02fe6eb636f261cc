"""What a search can be opened from, as values, and the offer of the start screen made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from latentpng.text import plain

if TYPE_CHECKING:
    from engine.invert import PreparedPhoto
    from engine.open import Opening
    from engine.options import Options
    from engine.search.journal import Journal

RECENT = 12
"""Pictures that are offered for opening."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptSource:
    """A prompt, for a new search."""

    prompt: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureSource:
    """A picture, to continue from it or to invert it.

    Attributes:
        path: Its file.
        prompt: What it is to show instead; of a photograph, what it shows.  None for what the file says.
    """

    path: Path
    prompt: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSource:
    """The last session, to continue where it was left."""

    journal: Journal


Source: TypeAlias = PromptSource | PictureSource | SessionSource


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A line of the start screen.

    Attributes:
        words: What the line says; safe to show.
        source: What it opens.
    """

    words: str
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelOffer:
    """A model that can be chosen.

    Attributes:
        words: Its name and its folder.
        model: What `--model` takes for it: never a name, which may be that of several.
    """

    words: str
    model: str


Offer: TypeAlias = tuple[tuple[Choice, ...], ...]
"""Groups of choices, none of them empty."""


def make_offer(journal_path: Path, prompts: tuple[str, ...], sessions: Path) -> Offer:
    """Read what can be opened from the disk.

    Args:
        journal_path: The file that remembers the last session.
        prompts: Examples that suit the model.
        sessions: The folder of all sessions.
    """
    from engine.search.journal import read_journal

    journal = read_journal(journal_path)
    last = () if journal is None else (_session_choice(journal),)
    examples = tuple(
        Choice(words=f"example: {plain(prompt, limit=100)}", source=PromptSource(prompt=prompt)) for prompt in prompts
    )
    pictures = tuple(
        Choice(words=f"open {picture_title(path)}", source=PictureSource(path=path)) for path in recent(sessions)
    )
    return tuple(filter(None, (last, examples, pictures)))


def model_offers() -> tuple[ModelOffer, ...]:
    """Return the model that ships, and those of the library; it takes time where folders are large.

    Raises:
        InvalidRequestError: The configuration file is wrong.
    """
    from engine.models.library import Shelf, distinct, entries, shown
    from engine.models.look import has_index

    found = [entry for entry in distinct(entries(Shelf.MODELS)) if not entry.path.is_dir() or has_index(entry.path)]
    own = ModelOffer(words="embedded: the small model that comes with warmer", model="embedded")
    offers = (ModelOffer(words=f"{one.name}   {shown(one.path.parent)}", model=str(one.path)) for one in found)
    return (own, *sorted(offers, key=lambda offer: offer.words.casefold()))


def recent(sessions: Path) -> tuple[Path, ...]:
    """Return the pictures that were saved last, the newest first."""
    from engine.search.folder import recent_pictures

    return recent_pictures(sessions, RECENT)


def picture_title(path: Path) -> str:
    """Return a picture's folder and name, safe to show."""
    return plain(f"{path.parent.name} / {path.name}", limit=120)


def open_source(source: Source, options: Options, for_prompts: Options) -> Opening | PreparedPhoto:
    """Read a source; it takes time, and so do the imports.

    Args:
        source: What to open.
        options: What the person asked for.
        for_prompts: The same for prompts and photographs, with the model that was chosen for them.

    Returns:
        What a search begins with; for a photograph what is inverted before.

    Raises:
        LatentPngError: The picture cannot be read, or is none.
        EngineError: The model cannot be used or is not on this machine, or a setting is out of range.
    """
    from engine.open import open_file, open_journal, open_prompt

    match source:
        case PromptSource(prompt=prompt):
            return open_prompt(for_prompts, prompt)
        case PictureSource(path=path, prompt=prompt):
            return open_file(options, for_prompts, path, prompt)
        case SessionSource(journal=journal):
            return open_journal(options, journal)


def _session_choice(journal: Journal) -> Choice:
    words = f"continue the last session: {plain(journal.folder.name, limit=100)}"
    return Choice(words=words, source=SessionSource(journal=journal))
