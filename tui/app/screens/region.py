"""Choose the part of the picture that varies, or the part that stays: a box, or cells of three by three."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var

from engine.rendering.events import Picture
from engine.search.regions import WHOLE
from tui.app.key_hints import HELP, Hint
from tui.app.region_box import RegionBox
from tui.app.region_drawing import marked
from tui.app.region_words import drawn_words
from tui.app.screens.dialog import Dialog
from tui.app.widgets.keys import KeyLine
from tui.app.widgets.line import TextLine
from tui.app.widgets.picture import PictureCell
from tui.graphics.geometry import Area, Box, centred, fit, whole_cells

_HINTS = (
    Hint(key="← →", words="move", action="screen.move(1, 0)"),
    Hint(key="+ -", words="size", action="screen.grow(1)"),
    Hint(key="1-9", words="cells", action="screen.flip(5)"),
    Hint(key="o", words="inside or outside", action="screen.invert"),
    Hint(key="Enter", words="take it", action="screen.take"),
    Hint(key="c", words="whole picture", action="screen.clear"),
    HELP,
    Hint(key="Esc", words="back", action="screen.cancel"),
)
_ARROWS = (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))


class RegionScreen(Dialog[str | None]):
    """Shows the parent with a frame on it; ends with the mask of what varies, or None to leave it as it was.

    Attributes:
        picture: The parent.
        drawing: What is drawn on it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "take it"),
        Binding("escape,q,m", "cancel", "back", key_display="esc"),
        Binding("c,backspace", "clear", "vary the whole picture", key_display="c"),
        Binding("o,tab", "invert", "vary the inside or the outside", key_display="o"),
        Binding("plus,equals_sign", "grow(1)", "larger", key_display="+"),
        Binding("minus", "grow(-1)", "smaller", key_display="-"),
        Binding("question_mark,f1", "app.help", "help", key_display="?"),
        *(Binding(key, f"move({columns}, {rows})", "move", show=False) for key, columns, rows in _ARROWS),
        *(
            Binding(f"shift+{key}", f"resize({columns}, {rows})", "resize", show=False)
            for key, columns, rows in _ARROWS
        ),
        *(Binding(str(number), f"flip({number})", "cell", show=False) for number in range(1, 10)),
    ]
    picture: var[Picture] = var(Picture(width=1, height=1, rgb=bytes(3)))
    drawing: var[RegionBox] = var(RegionBox(columns=1, rows=1, shape=WHOLE))

    def __init__(self, picture: Picture, drawing: RegionBox) -> None:
        """Prepare the screen.

        Args:
            picture: The parent, as far as it is rendered.
            drawing: What drawing begins with.
        """
        super().__init__()
        self.set_reactive(RegionScreen.picture, picture)
        self.set_reactive(RegionScreen.drawing, drawing)
        self._pressed: tuple[float, float] | None = None

    def compose(self) -> ComposeResult:
        yield PictureCell()
        yield TextLine("status", rows=2)
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(KeyLine).hints = _HINTS
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a box where the mouse is pressed on the picture."""
        area = self._area()
        point = self._point(event, area)
        if event.button == 1 and area is not None and 0.0 <= point[0] <= 1.0 and 0.0 <= point[1] <= 1.0:
            self._pressed = point
            self.query_one(PictureCell).capture_mouse()
            self.drawing = self.drawing.spanned(point, point)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._pressed is not None:
            self.drawing = self.drawing.spanned(self._pressed, self._point(event, self._area()))

    def on_mouse_up(self) -> None:
        if self._pressed is not None:
            self._pressed = None
            self.query_one(PictureCell).release_mouse()

    def action_take(self) -> None:
        if self.drawing.moves_nothing:
            self._write_words()
        else:
            self.dismiss(self.drawing.mask)

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_clear(self) -> None:
        self.dismiss(WHOLE)

    def action_invert(self) -> None:
        self.drawing = self.drawing.inverted()

    def action_grow(self, cells: int) -> None:
        self.drawing = self.drawing.grown(cells)

    def action_move(self, columns: int, rows: int) -> None:
        self.drawing = self.drawing.moved(columns, rows)

    def action_resize(self, columns: int, rows: int) -> None:
        self.drawing = self.drawing.resized(columns, rows)

    def action_flip(self, number: int) -> None:
        self.drawing = self.drawing.toggled(number)

    def watch_picture(self) -> None:
        self._show()

    def watch_drawing(self) -> None:
        self._show()

    def _box(self) -> Box:
        cell = self.query_one(PictureCell)
        return cell.graphics.box(cell.content_region)

    @property
    def _has_pixels(self) -> bool:
        return self.query_one(PictureCell).graphics.terminal.protocol in ("sixel", "kitty")

    def _area(self) -> Area | None:
        """Return the cells that the picture covers; None before there is room."""
        box, picture = self._box(), self.picture
        if not (box.columns > 0 and box.rows > 0):
            return None
        if self._has_pixels:
            return centred(*fit(picture.width, picture.height, box), box)
        return whole_cells(picture.width, picture.height, box)

    def _point(self, event: events.MouseEvent, area: Area | None) -> tuple[float, float]:
        """Return where the middle of the cell under the mouse lies in the picture; x and y, from 0 to 1 inside."""
        if area is None:
            return 0.0, 0.0
        corner = self.query_one(PictureCell).content_region
        return (
            (event.screen_x - corner.x - area.left + 0.5) / area.columns,
            (event.screen_y - corner.y - area.top + 0.5) / area.rows,
        )

    def _show(self) -> None:
        if not self.is_mounted:
            return
        drawing, box = self.drawing, self._box()
        if box.columns > 0 and box.rows > 0:
            shown = marked(self.picture, drawing.shape, box, has_pixels=self._has_pixels, bright=drawing.mask)
            self.query_one(PictureCell).show(shown)
        self._write_words()

    def _write_words(self) -> None:
        words = drawn_words(self.drawing.shape, is_outside=self.drawing.is_outside)
        self.query_one("#status", TextLine).words = words
