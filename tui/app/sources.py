"""What a search can be opened from, as values, and where the start screen finds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from engine.search.journal_files import JOURNAL_NAME

if TYPE_CHECKING:
    from engine.invert import PreparedPhoto
    from engine.open import Opening
    from engine.options import Options

RECENT = 12
"""Pictures that are offered for opening."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptSource:
    """A prompt, for a new search.

    Attributes:
        prompt: The prompt.
        is_other_seed: Draw a seed even if one was asked for: with that, the search would only be repeated.
    """

    prompt: str
    is_other_seed: bool = False


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
    """A session, to resume it where it was left.

    Attributes:
        folder: Its folder.
        journal: The name of its journal in the folder.
    """

    folder: Path
    journal: str = JOURNAL_NAME


Source: TypeAlias = PromptSource | PictureSource | SessionSource


@dataclass(frozen=True, kw_only=True, slots=True)
class GalleryPlaces:
    """Where the gallery finds what it shows.

    Attributes:
        sessions: The folder in which each session gets a folder of its own.
        index_of_sessions: The file that names the folders of other sessions.
        cache: The folder for what can be made again.
        prompts: The file of the prompts that were used.
    """

    sessions: Path
    index_of_sessions: Path
    cache: Path
    prompts: Path

    @property
    def index_of_pictures(self) -> Path:
        """The file that remembers what pictures record."""
        return self.cache / "pictures.sqlite"

    @property
    def thumbnails(self) -> Path:
        """The folder of the thumbnails."""
        return self.cache / "thumbnails"


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelOffer:
    """A model that can be chosen.

    Attributes:
        words: Its name and its folder.
        model: What `--model` takes for it: never a name, which may be that of several.
    """

    words: str
    model: str


def model_offers() -> tuple[ModelOffer, ...]:
    """Return the model that ships, and those of the library; it takes time where folders are large.

    Raises:
        InvalidRequestError: The configuration file is wrong.
    """
    from engine.models.library import Shelf, distinct, entries, shown
    from engine.models.model_root import has_index

    found = [entry for entry in distinct(entries(Shelf.MODELS)) if not entry.path.is_dir() or has_index(entry.path)]
    own = ModelOffer(words="embedded: the small model that comes with warmer", model="embedded")
    offers = (ModelOffer(words=f"{one.name}   {shown(one.path.parent)}", model=str(one.path)) for one in found)
    return (own, *sorted(offers, key=lambda offer: offer.words.casefold()))


def recent(sessions: Path) -> tuple[Path, ...]:
    """Return the pictures that were saved last, the newest first."""
    from engine.search.folder import recent_pictures

    return recent_pictures(sessions, RECENT)


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
    from engine.open import open_file, open_prompt
    from engine.resume import open_journal
    from engine.search.sessions import read_session

    match source:
        case PromptSource(prompt=prompt, is_other_seed=True):
            return open_prompt(replace(for_prompts, seed=None), prompt)
        case PromptSource(prompt=prompt):
            return open_prompt(for_prompts, prompt)
        case PictureSource(path=path, prompt=prompt):
            return open_file(options, for_prompts, path, prompt)
        case SessionSource(folder=folder, journal=journal):
            return open_journal(options, read_session(folder, journal))
