"""What is known of each picture of a search: the finished one, its draft, a stand-in, or a preview."""

from __future__ import annotations

from typing import ClassVar

from textual.reactive import var
from textual.screen import Screen

from engine.rendering.events import Picture
from engine.rendering.settings import RenderSettings
from engine.search.running import PARENT, Beginning, Search
from engine.search.store import Finished
from tui.app.model_load import ModelLoad


class SearchPictures(Screen[None]):
    """A search as pictures, without widgets; before the model is ready the parent alone may be known.

    Attributes:
        beginning: What the search starts from.
        search: The running search; None before it begins.
        model_load: How far the loading of the model is.
    """

    AUTO_FOCUS: ClassVar[str | None] = ""
    model_load: var[ModelLoad] = var(ModelLoad())

    def __init__(self, beginning: Beginning) -> None:
        super().__init__()
        self.beginning = beginning
        self.search: Search | None = None

    @property
    def settings(self) -> RenderSettings:
        """The settings in force."""
        return self.search.settings if self.search is not None else self.beginning.settings

    @property
    def are_drafts(self) -> bool:
        """Whether candidates are rendered as drafts until they are picked; with few steps they never are."""
        return self.search is not None and self.search.are_drafts and self.search.can_draft

    def finished(self, index: int) -> Finished | None:
        """Return the finished picture with an index, or None while it is rendering."""
        if self.search is None:
            return self.beginning.known if index == PARENT else None
        return self.search.finished(index)

    def is_draft(self, index: int) -> bool:
        """Return whether a picture is there as a draft and not in full."""
        return self.search is not None and self.finished(index) is None and self.search.draft(index) is not None

    def rendered(self, index: int) -> Picture | None:
        """Return the picture with an index once it is rendered, in full or as a draft; None before."""
        if self.search is None:
            return self.beginning.known.picture if index == PARENT and self.beginning.known else None
        return self.search.picture_or_draft(index)

    def own_picture(self, index: int) -> tuple[Picture, bool] | None:
        """Return the picture with an index, and whether it is only a preview; None for nothing yet."""
        rendered = self.rendered(index)
        if rendered is not None:
            return rendered, False
        stand_in = self.search.stand_in(index) if self.search is not None else None
        if stand_in is not None:
            return stand_in, False
        preview = self.search.preview(index) if self.search is not None else self.beginning.shown
        return None if preview is None else (preview, True)
