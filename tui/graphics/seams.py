"""The private parts of Textual that pictures need, all of them (hence textual>=8.2,<9 in pyproject.toml).

- `App._driver.write`: graphics sequences go past the compositor, in order with what it writes.
- `App._display`: called with every update that is painted; only it knows which cells were painted over.
- `Screen._compositor.visible_widgets`: front to back, to know whether something lies over a picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from textual import errors
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.widget import Widget

Damage: TypeAlias = Callable[[Region], bool]
"""Whether a region of the screen was painted over, at least in part."""


def write(app: App[Any], data: str) -> None:
    """Straight to the terminal, one write; nothing in headless apps (tests)."""
    if data and app._driver is not None and not app.is_headless:
        app._driver.write(data)
        app._driver.flush()


def on_painted(app: App[Any], callback: Callable[[Damage], None]) -> None:
    """Call back after everything that Textual paints on the active screen."""
    display = app._display

    def display_then_call(screen: Screen[Any], renderable: object) -> None:
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


def place_of(widget: Widget) -> Offset | None:
    """Where the content of a widget begins, if the whole of it can be seen and nothing lies over it; else None."""
    screen = widget.screen
    if not widget.is_attached or not screen.is_active:
        return None
    try:
        geometry = screen.find_widget(widget)
    except errors.NoWidget:
        return None
    if not geometry.region or geometry.visible_region != geometry.region:
        return None
    for other, (region, clip) in screen._compositor.visible_widgets.items():
        if other is widget:
            return widget.content_region.offset
        if region.intersection(clip).overlaps(geometry.region):
            return None
    return None
