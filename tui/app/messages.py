"""Messages from screens, widgets and threads to the app: past tense, with frozen values in them.

A message class itself cannot be frozen: Textual marks a message when it stops it or passes it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.edit import Edit, EditedSettings
    from engine.invert import InversionChoices, PreparedPhoto
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
class SavingNoticed(Message):
    """Something about saving is good to know and no failure; `sentence` says what."""

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
class PhotoOpened(Message):
    """A photograph was read; how to begin with it is asked next."""

    prepared: PreparedPhoto


@dataclass
class PhotoChanged(Message):
    """A photograph is to be fitted in a different way."""

    choices: InversionChoices


@dataclass
class InversionRequested(Message):
    """The key that begins with a photograph was pressed."""

    choices: InversionChoices


@dataclass
class InversionCancelled(Message):
    """The key that cancels an inversion was pressed."""


@dataclass
class PhotoPrepared(Message):
    """A photograph was prepared anew, with its model and its pixels."""

    prepared: PreparedPhoto


@dataclass
class PhotoRefused(Message):
    """A photograph cannot be inverted as it was chosen; `sentence` says why."""

    sentence: str


@dataclass
class OpeningFailed(Message):
    """A source could not be opened; `sentence` says why."""

    sentence: str


@dataclass
class OpeningCancelled(Message):
    """The question for a source was closed; what is still being opened is not wanted any more."""


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
class LoadGivenUp(Message):
    """The key that stops the loading of the model was pressed."""


@dataclass
class SelectionMoved(Message):
    """The cursor of the grid is on a different picture."""


@dataclass
class CopyRequested(Message):
    """The key that saves a copy of a picture was pressed."""

    finished: Finished


@dataclass
class FilmRequested(Message):
    """The key that exports the way to the parent, as an animation or a contact sheet, was pressed."""


@dataclass
class CellClicked(Message):
    """A cell of the grid was clicked; `index` is that of its picture, 0 for the parent."""

    index: int


@dataclass
class EditRequested(Message):
    """The panel asks for an edit of the parent; it stays open until the edit is applied or refused."""

    edit: Edit


@dataclass
class EditPrepared(Message):
    """What an edit leads to is known."""

    edit: Edit
    edited: EditedSettings


@dataclass
class EditRefused(Message):
    """An edit cannot be applied; `sentence` says why."""

    sentence: str


@dataclass
class NodeChosen(Message):
    """A picture of the history was clicked; `node` is the index of its node in the tree."""

    node: int
