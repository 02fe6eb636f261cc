"""Messages from screens, widgets and threads to the app: past tense, with frozen values in them.

A message class itself cannot be frozen: Textual marks a message when it stops it or passes it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.open import Opening
    from engine.options import Options
    from engine.search.store import Finished
    from engine.target import Target
    from tui.app.sources import Source


@dataclass
class EngineReported(Message):
    """The renderer queued events in the app's inbox, which was empty before."""


@dataclass
class SavingFailed(Message):
    """A picture or the journal could not be saved; `sentence` says which and why."""

    sentence: str


@dataclass
class SourceChosen(Message):
    """Something to open was typed or chosen: a prompt, a saved picture, or the last session."""

    source: Source


@dataclass
class SearchOpened(Message):
    """A source was read; its search can begin once the model is loaded."""

    opening: Opening


@dataclass
class OpeningFailed(Message):
    """A source could not be opened; `sentence` says why."""

    sentence: str


@dataclass
class ModelFound(Message):
    """The model of new prompts was found; `is_chosen` when it was chosen on the start screen."""

    options: Options
    target: Target
    is_chosen: bool


@dataclass
class LoadRetried(Message):
    """The key that loads the model again was pressed."""


@dataclass
class CopyRequested(Message):
    """The key that saves a copy of a picture was pressed."""

    finished: Finished


@dataclass
class CellClicked(Message):
    """A cell of the grid was clicked; `index` is that of its picture, 0 for the parent."""

    index: int
