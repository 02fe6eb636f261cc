"""A cell of the screen that shows a picture, whatever the terminal can do.

The app owns a `Graphics` as `app.graphics` and hands it the terminal's answers (see tui.graphics.service); then

    cell = PictureCell(id="picture-1")
    cell.show(picture, preview=True)     # as often as wanted: the newest wins
    cell.clear()

It draws no border and no caption: those change often and must not repaint pixels.  Nothing may lie over it, dialogs are
opaque screens; where something does, the pixels of sixels come back when it is gone.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

from textual.app import App
from textual.strip import Strip
from textual.widget import Widget

from engine.rendering.events import Picture
from tui.graphics import seams
from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Box
from tui.graphics.painters import Painter
from tui.graphics.service import Graphics, Wanted


class HasGraphics(Protocol):
    """What this widget needs of its app."""

    graphics: Graphics


class PictureCell(Widget):
    DEFAULT_CSS: ClassVar[str] = "PictureCell { width: 1fr; height: 1fr; }"
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._picture: Picture | None = None
        self._quality: Quality = "full"
        self._life = 0
        self._painter: Painter | None = None
        self._shown: Frame | None = None

    def show(self, picture: Picture, *, preview: bool = False) -> None:
        """Show the picture soon; a preview is sent small and rough, and may be skipped for a newer picture."""
        self._picture = picture
        self._quality = "preview" if preview else "full"
        self._want()

    def clear(self) -> None:
        """Show nothing."""
        self._picture = self._shown = None
        self._life += 1
        if self._painter is not None:
            self.graphics.forget(self)
            self.graphics.write(self._painter.free())
            self.refresh()

    @property
    def graphics(self) -> Graphics:
        """The app's."""
        return cast(HasGraphics, self.app).graphics

    @property
    def on_active_screen(self) -> bool:
        """Whether the cell is on the screen that is seen."""
        return self.is_attached and self.screen.is_active

    def render_line(self, y: int) -> Strip:
        """Text under, or instead of, pixels; blank in the theme's background before the first picture."""
        width = self.content_size.width
        line = self._painter.line(y) if self._painter is not None else None
        if line is None:
            return Strip.blank(width, self.rich_style)
        left, strip = line
        shifted = Strip.join([Strip.blank(left, self.rich_style), strip])
        return shifted.adjust_cell_length(width, self.rich_style)

    def present(self, frame: Frame, wanted: Wanted) -> str:
        """The picture that was wanted is encoded (called by Graphics)."""
        if self._painter is None or wanted.life != self._life:
            return ""
        if wanted.box != self._box():
            self._want()
            return ""
        self._shown = frame
        change = self._painter.take(frame, seams.place_of(self))
        if change.repaint:
            self.refresh()
        return change.write

    def painted(self) -> str:
        """Textual has painted over the cell (called by Graphics)."""
        if self._painter is None or self._shown is None:
            return ""
        if self._shown.box != self._box():  # moved to the last line, or another font
            self._want()
            return ""
        return self._painter.painted(seams.place_of(self))

    def _want(self) -> None:
        box = self._box()
        if self._picture is not None and self._painter is not None and box.columns > 0 and box.rows > 0:
            wanted = Wanted(picture=self._picture, box=box, quality=self._quality, life=self._life)
            self.graphics.want(self, wanted)

    def _box(self) -> Box:
        return self.graphics.box(self.content_region)

    def on_mount(self) -> None:
        self._painter = self.graphics.painter()
        self.graphics.join(self, self.app)
        self.app.app_resume_signal.subscribe(self, self._on_app_resume)

    def on_resize(self) -> None:
        self._want()

    def on_unmount(self) -> None:
        self.graphics.leave(self)
        if self._painter is not None:
            self.graphics.write(self._painter.free())

    def _on_app_resume(self, _: App[object]) -> None:
        if self._painter is not None:
            self.graphics.write(self._painter.again())
        self.app.screen.refresh()  # all of it: Textual itself paints nothing after a suspension by signal
