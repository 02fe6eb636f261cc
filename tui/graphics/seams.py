"""Every private member of Textual that pictures need; no other file touches one (hence textual>=8.2,<9).

- `App._driver`: its `write` sends graphics sequences past the compositor, in order with what that writes.
- `App._clipboard`: what widgets paste.
- `CommandPalette._gather_commands`: a worker around the coroutine that fills the palette.
- `App._display`: called with every update that is painted; only it knows which cells were painted over.
- `App._batch_count`: not 0 while updates are held back, so that `_display` paints nothing.
- `textual._compositor.ChopsUpdate`: an update of parts of the screen; `spans` lists (line, first column, end).
- `Screen._compositor.visible_widgets`: front to back, to know whether something covers a picture.

tests/tui/graphics/test_seams.py has a test for each, which says what a new version of Textual changed.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, cast

from textual import errors
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.command import CommandPalette
from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.widget import Widget

from tui.graphics.output.seams import hold_back

Damage: TypeAlias = Callable[[Region], bool]
"""Returns whether a region of the screen was painted over, at least in part."""


def write(app: App[Any], data: str) -> None:
    """Send data straight to the terminal, in one write; headless apps (tests) send nothing."""
    if data and app._driver is not None and not app.is_headless:
        app._driver.write(data)


def set_clipboard(app: App[Any], text: str) -> None:
    """Let widgets paste a text that is not sent to the terminal by Textual itself."""
    app._clipboard = text


def commands_gatherer() -> Callable[[CommandPalette, str], Coroutine[Any, Any, None]]:
    """Return the coroutine function by which Textual's palette looks for commands, without the worker around it."""
    gather = CommandPalette._gather_commands.__wrapped__  # type: ignore[attr-defined]  # what @work wraps
    return cast("Callable[[CommandPalette, str], Coroutine[Any, Any, None]]", gather)


def on_painted(app: App[Any], callback: Callable[[Damage], None]) -> None:
    """Call back whenever Textual has painted something on the active screen.

    Args:
        app: The running app.
        callback: Called with what was painted over.
    """
    display = app._display

    def display_then_call(screen: Screen[Any], renderable: object) -> None:
        if hold_back(app, screen, renderable):
            return
        display(screen, cast(Any, renderable))
        if renderable is not None and not app._batch_count and screen.is_active:
            callback(_damage(renderable))

    setattr(app, "_display", display_then_call)  # noqa: B010 (mypy rightly minds a method being replaced)


def _damage(renderable: object) -> Damage:
    if not isinstance(renderable, ChopsUpdate):
        return lambda region: bool(region)
    spans = renderable.spans

    def damaged(region: Region) -> bool:
        return any(
            region.y <= y < region.bottom and left < region.right and right > region.x for y, left, right in spans
        )

    return damaged


def origin_of(widget: Widget) -> Offset | None:
    """Return where pixels of a widget can be drawn.

    Returns:
        The screen position of its content, or None when the widget is not wholly visible or something covers it.
    """
    screen = widget.screen
    if not widget.is_attached or not screen.is_active:
        return None
    try:
        geometry = screen.find_widget(widget)
    except errors.NoWidget:
        return None
    if not geometry.region or geometry.visible_region != geometry.region:
        return None
    # The compositor lists widgets front to back: what comes before this one lies over it where they overlap.
    for other, (region, clip) in screen._compositor.visible_widgets.items():
        if other is widget:
            return widget.content_region.offset
        if region.intersection(clip).overlaps(geometry.region):
            return None
    return None
