"""An edit of the parent: what it leads to is found in a thread, which looks the model up; then the search goes on.

The panel stays open until then, so that nothing typed is lost when the edit is refused.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import App

from engine.errors import EngineError, InvalidRequestError
from latentpng.errors import InvalidValueError, LatentPngError
from tui.app.messages import EditPrepared, EditRefused
from tui.app.prompt_history import read_prompts, remember_prompt
from tui.app.work import begin

if TYPE_CHECKING:
    from pathlib import Path

    from engine.edit import Edit, EditedSettings
    from engine.options import Options
    from engine.rendering.requests import LoadModel
    from engine.search.running import Search
    from latentpng.record import LatentRecord
    from tui.app.screens.edit import EditScreen
    from tui.app.screens.search import SearchScreen

NOT_READY = "the model is still loading; edit the picture as soon as it is ready"
STILL_RENDERING = "the parent is still rendering; edit it when it is finished"


class Editing:
    """Applies the edits of an app's search.  What a thread finds comes as EditPrepared or EditRefused."""

    def __init__(self, app: App[Any], options: Options, *, prompts: Path) -> None:
        """Prepare.

        Args:
            app: The app.
            options: What the person asked for at the start.
            prompts: The file of the prompts that were used.
        """
        self._app, self._options, self._prompts = app, options, prompts
        self._asked: EditScreen | None = None

    def open(self, screen: SearchScreen) -> None:
        """Open the panel over a search."""
        if screen.search is None:
            screen.notice = NOT_READY
            return
        from tui.app.screens.edit import EditScreen

        search = screen.search
        self._app.push_screen(EditScreen(search.settings, search.variant.load.model, read_prompts(self._prompts)))

    @property
    def panel(self) -> EditScreen | None:
        """The panel whose edit was requested last, if it is still open.

        A panel that was opened after it is a different one: meanwhile the parent may have become a different picture.
        """
        return self._asked if self._asked in self._app.screen_stack else None

    def request(self, edit: Edit, search: Search) -> None:
        """Find out what an edit of the search's parent leads to; the panel asks for it."""
        from engine.search.running import PARENT
        from tui.app.screens.edit import EditScreen

        self._asked = next((screen for screen in self._app.screen_stack if isinstance(screen, EditScreen)), None)
        finished = search.finished(PARENT)
        if finished is None:
            self.refuse(STILL_RENDERING)
        else:
            work = partial(self._run, edit, search.variant.load, finished.record)
            begin(self._app, work, "edit", exclusive=True)

    def refuse(self, sentence: str) -> None:
        """Say in the panel why its edit cannot be applied."""
        if self.panel is not None:
            self.panel.refuse(sentence)

    async def apply(self, edit: Edit, edited: EditedSettings, screen: SearchScreen) -> None:
        """Go on with what an edit leads to, unless the panel was closed meanwhile.

        Args:
            edit: The edit.
            edited: What it leads to.
            screen: The search.
        """
        panel = self.panel
        if panel is None or screen.search is None:
            return
        try:
            screen.search.edit(edited.round_, edited.variant, screen.pictures_that_fit - 1)
        except (InvalidRequestError, InvalidValueError) as error:
            panel.refuse(str(error))
            return
        if edit.prompt:
            begin(self._app, partial(asyncio.to_thread, remember_prompt, self._prompts, edit.prompt), "prompt history")
        is_saved = await screen.until_saved()
        if not screen.has_widgets:  # the app ended meanwhile
            return
        panel.dismiss(edit)
        await screen.show_round()
        screen.notice = edited.notice
        if not is_saved:
            screen.say_still_saving()

    async def _run(self, edit: Edit, now: LoadModel, record: LatentRecord) -> None:
        try:
            edited = await asyncio.to_thread(_edited, self._options, now, record, edit)
        except (EngineError, LatentPngError, OSError) as error:
            self._app.post_message(EditRefused(str(error)))
        else:
            self._app.post_message(EditPrepared(edit, edited))


def _edited(options: Options, now: LoadModel, record: LatentRecord, edit: Edit) -> EditedSettings:
    """Return what an edit leads to; it takes time, and so do the imports."""
    from engine.edit import edited

    if not options.model:  # in case the model that the file names is not here, and the person chose another one
        options = replace(options, model=now.model.path, config=now.model.config)
    return edited(options, record, edit, now)
