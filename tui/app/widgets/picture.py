"""A widget that shows a picture, whatever the terminal can do.

The app owns a `Graphics` as `app.graphics` and hands it the terminal's answers (see tui.graphics.service); then

    cell = PictureCell("picture-1")
    cell.show(picture, preview=True)     # as often as you like: the newest wins
    cell.clear()

It draws no border and no caption: those change often and must not repaint pixels.  Do not put anything over it; dialogs
are opaque screens.  If something covers it all the same, sixels are drawn again when that is gone.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, cast

from textual.app import App
from textual.strip import Strip
from textual.widget import Widget

from engine.rendering.events import Picture
from tui.graphics import seams
from tui.graphics.dimming import darkened
from tui.graphics.frame import Frame, Quality
from tui.graphics.geometry import Box
from tui.graphics.painters import Painter, SixelPainter
from tui.graphics.service import Graphics
from tui.graphics.wanted import Wanted


class HasGraphics(Protocol):
    """What this widget needs of its app: the service that all pictures share."""

    graphics: Graphics


class PictureCell(Widget):
    """A picture as large as the widget; blank before the first one."""

    DEFAULT_CSS: ClassVar[str] = "PictureCell { width: 1fr; height: 1fr; }"
    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, cell_id: str | None = None) -> None:
        super().__init__(id=cell_id)
        self._picture: Picture | None = None
        self._quality: Quality = "full"
        self._refined = False
        self._generation = 0
        self._painter: Painter | None = None
        self._shown: Frame | None = None
        self._shown_picture: Picture | None = None
        self._is_dim = False

    def show(self, picture: Picture, *, preview: bool = False, refined: bool = False) -> None:
        """Show a picture as soon as the terminal is ready.

        Args:
            picture: The picture.
            preview: Send it small and rough, or not at all when a newer one comes first.
            refined: Send it once more in all colours that the terminal shows, as soon as nothing else is to be shown,
                on a slow connection too.
        """
        quality: Quality = "preview" if preview else "full"
        is_same = picture is self._picture and (quality, refined) == (self._quality, self._refined)
        if is_same and not self._is_dim and self.is_up_to_date:
            return  # its pixels are in the terminal already: nothing is sent again
        self._picture, self._is_dim = picture, False
        self._quality, self._refined = quality, refined
        self._want()
        if self._box().rows <= 0:  # it is not laid out yet, and Textual does not tell every new widget its size
            self.call_after_refresh(self._want)

    def dim(self) -> None:
        """Darken the picture until the next one is shown: it is out of date."""
        picture, painter = self._picture, self._painter
        if picture is None or painter is None or self._is_dim:
            return
        if isinstance(painter, SixelPainter) and self._shown_picture is picture:
            self.graphics.write(painter.dim(seams.origin_of(self), self.background_colors[1].rgb))
        else:
            self.show(darkened(picture), preview=True)
        self._is_dim = True

    def prepare(self, picture: Picture) -> None:
        """Encode a picture that is likely to be shown next; nothing is shown."""
        box = self._box()
        if self._painter is not None and box.columns > 0 and box.rows > 0:
            self.graphics.prepare(picture, box)

    def clear(self) -> None:
        """Show nothing."""
        self._is_dim = False
        self._picture = self._shown = self._shown_picture = None
        self._generation += 1
        if self._painter is not None:
            self.graphics.forget(self)
            self.graphics.write(self._painter.free())
            self.refresh()

    @property
    def picture(self) -> Picture | None:
        """The picture that the cell was asked to show; None for nothing."""
        return self._picture

    @property
    def graphics(self) -> Graphics:
        """The service of the app."""
        return cast(HasGraphics, self.app).graphics

    @property
    def is_up_to_date(self) -> bool:
        """Whether the cell shows what it was last asked to show, at its present size."""
        if self._picture is None or self._shown is None:
            return self._picture is None
        return self._shown_picture is self._picture and self._shown.box == self._box()

    @property
    def on_active_screen(self) -> bool:
        """Whether the cell is on the screen that is seen."""
        return self.is_attached and self.screen.is_active

    def render_line(self, y: int) -> Strip:
        """Return the text under the pixels, or instead of them; blank before the first picture."""
        width = self.content_size.width
        line = self._painter.line(y) if self._painter is not None else None
        if line is None:
            return Strip.blank(width, self.rich_style)
        left, strip = line
        if self._painter is not None and self._painter.transparent:
            strip = strip.apply_style(self.rich_style.background_style)
        shifted = Strip.join([Strip.blank(left, self.rich_style), strip])
        return shifted.adjust_cell_length(width, self.rich_style)

    def present(self, frame: Frame, wanted: Wanted) -> str:
        """Show the frame of a picture that was wanted, and return what has to be written for it.

        Graphics calls it when the frame is encoded.  The cell may have been cleared or resized since then: the frame is
        dropped, and after a change of size the picture is encoded again.
        """
        if self._painter is None or wanted.generation != self._generation:
            return ""
        if wanted.box != self._box():
            self._want()
            return ""
        self._shown, self._shown_picture = frame, wanted.picture
        change = self._painter.take(frame, seams.origin_of(self))
        if change.repaint:
            self.refresh()
        return change.write

    def painted(self) -> str:
        """Return what has to be written after Textual has painted over the cell; called by Graphics."""
        if self._painter is None or self._shown is None:
            return ""
        if self._shown.box != self._box():  # the cell was moved to the last line, or the font was changed
            self._want()
            return ""
        return self._painter.painted(seams.origin_of(self))

    def _want(self) -> None:
        box = self._box()
        if self._picture is not None and self._painter is not None and box.columns > 0 and box.rows > 0:
            self.graphics.want(
                self,
                Wanted(
                    picture=self._picture,
                    box=box,
                    quality=self._quality,
                    generation=self._generation,
                    refined=self._refined,
                ),
            )

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
