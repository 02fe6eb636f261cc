"""One picture of the grid as large as the terminal allows; arrows and digits go through the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.screen import Screen
from textual.widgets import Footer

from engine.rendering.events import Picture
from tui.app.widgets.line import TextLine
from tui.app.widgets.picture import PictureCell


@dataclass(frozen=True, kw_only=True, slots=True)
class Slide:
    """A picture of the grid, for the viewer.

    Attributes:
        name: What it is, in a few words.
        picture: None while it is still rendering.
    """

    name: str
    picture: Picture | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewed:
    """How the viewer was left: at which position of the grid, and whether that picture was picked."""

    position: int
    is_picked: bool


class ViewerScreen(Screen[Viewed]):
    """Shows the pictures of a grid one by one.

    Attributes:
        slides: The pictures in reading order; a picture that becomes ready is shown at once.
        position: Which of them is shown, from 0.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,v,q", "close", "back", key_display="esc"),
        Binding("enter", "pick", "pick this one"),
        Binding("left", "move(-1)", "previous"),
        Binding("right", "move(1)", "next"),
        *(Binding(str(digit), f"go({digit})", "go to", show=digit == 1, key_display="1-9") for digit in range(1, 10)),
    ]
    slides: var[tuple[Slide, ...]] = var(())
    position: var[int] = var(0)

    def __init__(self, slides: tuple[Slide, ...], position: int) -> None:
        super().__init__()
        self.set_reactive(ViewerScreen.slides, slides)
        self.set_reactive(ViewerScreen.position, position)

    def compose(self) -> ComposeResult:
        yield PictureCell()
        yield TextLine("status")
        yield Footer()

    def on_mount(self) -> None:
        self._show(self.slides[self.position])

    def action_close(self) -> None:
        self.dismiss(Viewed(position=self.position, is_picked=False))

    def action_pick(self) -> None:
        self.dismiss(Viewed(position=self.position, is_picked=True))

    def action_move(self, by: int) -> None:
        self.position = (self.position + by) % len(self.slides)

    def action_go(self, digit: int) -> None:
        if digit <= len(self.slides):
            self.position = digit - 1

    def watch_slides(self, before: tuple[Slide, ...], after: tuple[Slide, ...]) -> None:
        self.position = min(self.position, len(after) - 1)  # a new grid may be smaller
        if before[self.position : self.position + 1] != (after[self.position],):
            self._show(after[self.position])

    def watch_position(self, position: int) -> None:
        self._show(self.slides[position])

    def _show(self, slide: Slide) -> None:
        cell = self.query_one(PictureCell)
        if slide.picture is None:
            cell.clear()
        else:
            cell.show(slide.picture, refined=True)
        state = " is still rendering" if slide.picture is None else ""
        self.query_one("#status", TextLine).words = f"{slide.name}{state}"
