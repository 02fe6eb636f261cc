"""A clock that runs while a model is loaded, so that the screens say how long that takes."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.timer import Timer

from tui.app.renderer_link import RendererLink
from tui.app.stage import Stage


class LoadClock:
    """Counts the seconds of a stage of the loading, and hands them down; it stops with the loading."""

    def __init__(self, app: App[Any], link: RendererLink, stage: Stage) -> None:
        self._app, self._link, self._stage = app, link, stage
        self._timer: Timer | None = None

    def start(self) -> None:
        """Count from now on, unless that is being done."""
        if self._timer is None:
            self._timer = self._app.set_timer(1.0, self._count)

    def _count(self) -> None:
        self._timer = None
        if self._link.count_seconds():
            self._stage.hand_down(self._link.model_load)
            self.start()
