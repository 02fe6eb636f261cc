"""Opening a search in a thread, so that the screen stays alive meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from engine.errors import EngineError, UnknownModelError
from latentpng.errors import LatentPngError
from tui.app.messages import OpeningFailed, PhotoOpened, SearchOpened
from tui.app.sources import ModelOffer, Source, model_offers, open_source
from tui.app.work import begin

if TYPE_CHECKING:
    from engine.options import Options


class Opener:
    """Opens sources for an app, the newest only.  The answers are SearchOpened, PhotoOpened and OpeningFailed.

    When the model of a picture is not on this machine, it asks which one to use and opens the picture with that.
    """

    def __init__(self, app: App[Any], options: Options) -> None:
        self._app, self._options = app, options

    def open(self, source: Source, for_prompts: Options) -> None:
        """Open a source; an earlier one that is still being opened is given up.

        Args:
            source: What to open.
            for_prompts: What the person asked for with prompts and photographs.
        """
        self._start(source, self._options, for_prompts)

    def cancel(self) -> None:
        """Give up what is still being opened."""
        self._app.workers.cancel_group(self._app, "open")

    def _start(self, source: Source, options: Options, for_prompts: Options) -> None:
        begin(self._app, partial(self._run, source, options, for_prompts), "open", exclusive=True)

    async def _run(self, source: Source, options: Options, for_prompts: Options) -> None:
        from engine.open import Opening

        try:
            opened = await asyncio.to_thread(open_source, source, options, for_prompts)
        except UnknownModelError as error:
            offers = await asyncio.to_thread(_models_here)
            self._ask_for_model(error, offers, source, for_prompts)
        except (EngineError, LatentPngError, OSError) as error:
            self._app.post_message(OpeningFailed(str(error)))
        else:
            message = SearchOpened(opened) if isinstance(opened, Opening) else PhotoOpened(opened)
            self._app.post_message(message)

    def _ask_for_model(
        self, error: UnknownModelError, offers: tuple[ModelOffer, ...], source: Source, for_prompts: Options
    ) -> None:
        from tui.app.screens.ask import ask_for_model

        def chosen(path: Path | None) -> None:
            if path is not None:
                config = dict(error.near).get(str(path), self._options.config)
                self._start(source, replace(self._options, model=str(path), config=config), for_prompts)

        self._app.push_screen(ask_for_model(error, offers), chosen)


def _models_here() -> tuple[ModelOffer, ...]:
    """Return the models of this machine; none when the configuration file, which names their folders, is wrong."""
    try:
        return model_offers()
    except EngineError:
        return ()
