"""One picture of the grid as large as the terminal allows: compared with its parent, enlarged, moved about."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var

from engine.rendering.events import Picture
from engine.search.running import PARENT
from tui.app.comparison import Comparison, percent_changed
from tui.app.difference import Difference
from tui.app.key_hints import Hint
from tui.app.layout import PICK_KEYS
from tui.app.screens.dialog import Dialog
from tui.app.slides import Slide, Viewed
from tui.app.widgets.keys import KeyLine
from tui.app.widgets.line import TextLine
from tui.app.widgets.picture import PictureCell
from tui.app.zoom import STEP, Room, Zoom, cropped

_ONE_TO_ONE = "0"
"""The key of the tenth picture means something else here."""
_HINTS = (
    Hint(key="Enter", words="pick", action="screen.pick"),
    Hint(key="Tab", words="compare", action="screen.compare"),
    Hint(key="+ - 0", words="zoom", action=f"screen.zoom({STEP})"),
    Hint(key="d", words="difference", action="screen.difference"),
    Hint(key="n p", words="next, previous", action="screen.go_by(1)"),
    Hint(key="Esc", words="back", action="screen.close"),
)
_ZOOMED = (
    Hint(key="← →", words="move", action="screen.arrow(1, 0)"),
    Hint(key="+ - 0", words="zoom", action=f"screen.zoom({STEP})"),
    Hint(key="Tab", words="compare", action="screen.compare"),
    Hint(key="d", words="difference", action="screen.difference"),
    Hint(key="n p", words="next, previous", action="screen.go_by(1)"),
    Hint(key="Esc", words="back", action="screen.close"),
)


class ViewerScreen(Dialog[Viewed]):
    """Shows the pictures of a grid one by one.

    Attributes:
        slides: The pictures in reading order; a picture that becomes ready is shown at once.
        index: The index of the picture that is shown.
        comparison: Whether its parent is shown in its place, or where it differs.
        zoom: Which part of it is shown; it stays the same for the next picture and for the parent.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,v,q", "close", "back", key_display="esc"),
        Binding("enter", "pick", "pick this one"),
        Binding("tab", "compare", "compare with the parent"),
        Binding("d", "difference", "show where it differs from the parent"),
        Binding("n,shift+right", "go_by(1)", "next", key_display="n"),
        Binding("p,shift+left", "go_by(-1)", "previous", key_display="p"),
        Binding("plus,equals_sign", f"zoom({STEP})", "enlarge", key_display="+"),
        Binding("minus", f"zoom({1 / STEP})", "reduce", key_display="-"),
        Binding(_ONE_TO_ONE, "pixels", "a pixel for each pixel"),
        Binding("question_mark,f1", "app.help", "help", key_display="?"),
        *(
            Binding(key, f"arrow({columns}, {rows})", "move", show=False)
            for key, columns, rows in (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))
        ),
        *(Binding(key, f"go('{key}')", "go to", show=False) for key in PICK_KEYS if key != _ONE_TO_ONE),
    ]
    slides: var[tuple[Slide, ...]] = var(())
    index: var[int] = var(PARENT)
    comparison: var[Comparison] = var(Comparison())
    zoom: var[Zoom] = var(Zoom())

    def __init__(
        self,
        slides: tuple[Slide, ...],
        index: int,
        difference_of: Callable[[int], Difference | None],
        on_shown: Callable[[int], None],
    ) -> None:
        """Prepare the screen.

        Args:
            slides: The pictures in reading order.
            index: The index of the first one to show.
            difference_of: Returns where a candidate differs from the parent; None while one of them is not finished.
            on_shown: Called with the index of a picture when it is shown next.
        """
        super().__init__()
        self._on_shown = on_shown
        self.set_reactive(ViewerScreen.slides, slides)
        self.set_reactive(ViewerScreen.index, index)
        self._difference_of = difference_of
        self._candidate = index if index != PARENT else 1

    def compose(self) -> ComposeResult:
        yield PictureCell()
        yield TextLine("status")
        yield KeyLine()

    def on_mount(self) -> None:
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def action_close(self) -> None:
        self.dismiss(Viewed(index=self.index, is_picked=False))

    def action_pick(self) -> None:
        self.dismiss(Viewed(index=self.index, is_picked=True))

    def action_arrow(self, columns: int, rows: int) -> None:
        room = self._room()
        if self.zoom.is_zoomed and room is not None:
            self.zoom = self.zoom.moved(columns, rows, room)
        elif columns:
            self.action_go_by(columns)

    def action_go_by(self, by: int) -> None:
        indices = [slide.index for slide in self.slides]
        self.index = indices[(indices.index(self.index) + by) % len(indices)]

    def action_go(self, key: str) -> None:
        self.index = next((slide.index for slide in self.slides if slide.key == key), self.index)

    def action_compare(self) -> None:
        self.comparison = self.comparison.flipped()

    def action_difference(self) -> None:
        self.comparison = self.comparison.with_difference()

    def action_zoom(self, factor: float) -> None:
        room = self._room()
        if room is not None:
            self.zoom = self.zoom.times(factor, room)

    def action_pixels(self) -> None:
        room = self._room()
        if room is not None:
            self.zoom = self.zoom.pixels(room)

    def watch_slides(self, before: tuple[Slide, ...], after: tuple[Slide, ...]) -> None:
        if self.index not in {slide.index for slide in after}:  # a new grid may be smaller
            self.index = after[-1].index
        shown = {self.index, PARENT, self._candidate}
        if [each for each in before if each.index in shown] != [each for each in after if each.index in shown]:
            self._show()

    def watch_index(self, index: int) -> None:
        if index != PARENT:
            self._candidate = index
        self._on_shown(index)
        self.set_reactive(ViewerScreen.comparison, Comparison(is_difference=self.comparison.is_difference))
        self._show()

    def watch_comparison(self) -> None:
        self._show()

    def watch_zoom(self) -> None:
        self._show()

    @property
    def _other(self) -> int:
        """The index of the picture that is compared with the one that is shown."""
        return self._candidate if self.index == PARENT else PARENT

    def _slide(self, index: int) -> Slide | None:
        return next((slide for slide in self.slides if slide.index == index), None)

    def _room(self) -> Room | None:
        """Return the picture and the room for it; None before either is known."""
        slide, cell = self._slide(self.index), self.query_one(PictureCell)
        box = cell.graphics.box(cell.content_region)
        if slide is None or slide.picture is None or not (box.width and box.height):
            return None
        is_pixels = cell.graphics.terminal.protocol in ("sixel", "kitty")
        across, down = (box.width, box.height) if is_pixels else (box.columns, 2 * box.rows)
        return Room(width=slide.picture.width, height=slide.picture.height, across=across, down=down)

    def _picture(self) -> tuple[Picture | None, str]:
        """Return what is shown, and what it is in words."""
        slide, other = self._slide(self.index), self._slide(self._other)
        if slide is None:
            return None, ""
        if slide.picture is None:
            return None, f"{slide.name} is still rendering"
        if not self.comparison.is_active or other is None:
            return slide.picture, slide.name
        if self.comparison.is_difference:
            found = self._difference_of(self._candidate)
            if found is None:
                return slide.picture, f"{slide.name}; its difference is shown when both pictures are finished"
            name = next((each.name for each in self.slides if each.index == self._candidate), "")
            return found.picture, f"where {name} differs from the parent: {percent_changed(found.share)} of the picture"
        if other.picture is None:
            return slide.picture, f"{slide.name}; {other.name} is still rendering"
        return other.picture, f"{other.name}, in place of {slide.name}"

    def _show(self) -> None:
        if not self.is_mounted:
            return
        cell, room = self.query_one(PictureCell), self._room()
        picture, words = self._picture()
        if picture is None:
            cell.clear()
        else:
            crop = self.zoom.crop(room) if room is not None else None
            cell.show(picture if crop is None else cropped(picture, crop), refined=True)
            other = self._slide(self._other)
            if other is not None and other.picture is not None and crop is not None:
                cell.prepare(cropped(other.picture, crop))
        scale = f" · {room.fit * self.zoom.factor:.0%} of its size" if room is not None else ""
        self.query_one("#status", TextLine).words = f"{words}{scale if picture is not None else ''}"
        self.query_one(KeyLine).hints = _ZOOMED if self.zoom.is_zoomed else _HINTS
