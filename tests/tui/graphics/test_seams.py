"""The private members of Textual that tui/graphics/seams.py uses: one test for each assumption.

When one fails after an update of Textual, its message says what has changed; seams.py is the only file to mend.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from textual._compositor import ChopsUpdate
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Offset, Region, Size
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

import tui
from tui.graphics import seams

ROOT = Path(tui.__file__).parent


def broken(assumption: str) -> str:
    return f"Textual {version('textual')} breaks an assumption of tui/graphics/seams.py: {assumption}"


class RecordingDriver(HeadlessDriver):
    """A driver that Textual takes for a terminal's; it keeps what is written."""

    def __init__(self, app: App[Any]) -> None:
        super().__init__(app, size=(20, 8))
        self.written: list[str] = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)


class Page(App[None]):
    """Two lines, and a box in front of the second."""

    CSS = """
    Screen { layers: below above; }
    #cover { layer: above; offset: 0 1; width: 4; height: 1; display: none; }
    """
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        yield Static("one", id="one")
        yield Static("two", id="two")
        yield Static("X", id="cover")


async def change_line_two(app: Page, pilot: Pilot[None], is_painted: Callable[[], bool]) -> None:
    """Change the second line until that alone is painted: the first paints of an app are of the whole screen."""
    for number in range(500):
        app.query_one("#two", Static).update(f"change {number}", layout=False)
        await pilot.pause(0.01)
        if is_painted():
            return


async def test_app_driver_is_what_textual_writes_to_and_keeps_the_order() -> None:
    app = Page()
    async with app.run_test(size=(20, 8)) as pilot:
        assert hasattr(app, "_driver"), broken("App._driver is the driver")
        driver, app._driver = app._driver, RecordingDriver(app)
        try:
            seams.write(app, "\x1b_first\x1b\\")
            app.query_one("#one", Static).update("changed")
            await pilot.pause()
            seams.write(app, "\x1b_last\x1b\\")
            written = app._driver.written
        finally:
            app._driver = driver
    assert written[0] == "\x1b_first\x1b\\", broken("App._driver.write sends a sequence at once and unchanged")
    assert any("changed" in data for data in written[1:-1]), broken("Textual paints through App._driver.write")
    assert written[-1] == "\x1b_last\x1b\\", broken("App._driver.write keeps the order of the writes")


async def test_nothing_is_written_without_a_terminal() -> None:
    app = Page()
    async with app.run_test():
        assert app.is_headless, broken("App.is_headless is True for the driver of tests")
        seams.write(app, "\x1b_nothing\x1b\\")


async def test_display_gets_every_update_and_parts_of_the_screen_as_chops() -> None:
    app = Page()
    async with app.run_test(size=(20, 8)) as pilot:
        assert hasattr(app, "_display"), broken("App._display(screen, renderable) is called for every update")
        display, updates = app._display, list[object]()

        def record(screen: Screen[Any], renderable: Any) -> None:
            updates.append(renderable)
            display(screen, renderable)

        setattr(app, "_display", record)  # noqa: B010 (as seams.on_painted does)
        await change_line_two(app, pilot, lambda: any(isinstance(update, ChopsUpdate) for update in updates))
        partial = [update for update in updates if isinstance(update, ChopsUpdate)]
        assert partial, broken("a small change reaches App._display as a ChopsUpdate")
        assert any(y == 1 and left == 0 and right > 6 for update in partial for y, left, right in update.spans), broken(
            "ChopsUpdate.spans lists (line, first column, end) of what is painted"
        )
        updates.clear()
        app.screen.refresh()
        await pilot.pause()
        assert [update for update in updates if update is not None], broken(
            "the refresh of a screen reaches App._display"
        )


async def test_the_callback_hears_what_was_painted_over_and_nothing_else() -> None:
    app = Page()
    async with app.run_test(size=(20, 8)) as pilot:
        heard: list[tuple[bool, bool]] = []
        one, two = Region(0, 0, 20, 1), Region(0, 1, 20, 1)
        seams.on_painted(app, lambda damaged: heard.append((damaged(one), damaged(two))))
        await change_line_two(app, pilot, lambda: (False, True) in heard)
        assert (False, True) in heard, broken("only the lines that changed are painted")
        assert (True, False) not in heard
        heard.clear()
        app.screen.refresh()
        await pilot.pause()
        assert (True, True) in heard, broken("the refresh of a screen paints every line")


async def test_batch_count_is_not_zero_while_updates_are_held_back() -> None:
    app = Page()
    async with app.run_test():
        assert app._batch_count == 0, broken("App._batch_count is 0 outside App.batch_update()")
        with app.batch_update():
            assert app._batch_count == 1, broken("App._batch_count counts App.batch_update()")


async def test_visible_widgets_run_from_front_to_back() -> None:
    app = Page()
    async with app.run_test(size=(20, 8)) as pilot:
        app.query_one("#cover").display = True
        await pilot.pause()
        visible = app.screen._compositor.visible_widgets
        order = list(visible)
        cover, two = app.query_one("#cover"), app.query_one("#two")
        assert order.index(cover) < order.index(two), broken("Compositor.visible_widgets runs from front to back")
        region, clip = visible[two]
        assert (region, clip) == (Region(0, 1, 20, 1), Region(0, 0, 20, 8)), broken(
            "Compositor.visible_widgets holds the region and the clip of each widget"
        )


async def test_the_origin_of_a_widget_is_none_while_it_is_covered_or_cut_off() -> None:
    app = Page()
    async with app.run_test(size=(20, 8)) as pilot:
        one, two = app.query_one("#one"), app.query_one("#two")
        assert (seams.origin_of(one), seams.origin_of(two)) == (Offset(0, 0), Offset(0, 1))
        app.query_one("#cover").display = True
        await pilot.pause()
        assert (seams.origin_of(one), seams.origin_of(two)) == (Offset(0, 0), None)
        app.query_one("#cover").display = False
        one.styles.height = 9
        await pilot.pause()
        assert seams.origin_of(one) is None
        await app.push_screen(Screen())
        assert seams.origin_of(two) is None


def private_members(path: Path) -> list[str]:
    """The private members that a file uses of anything but `self` and `cls`, and the private modules it imports."""
    tree = ast.parse(path.read_text())
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls" | "os" | "argparse")):
                pass
            case ast.Attribute(attr=name) if name.startswith("_") and not name.startswith("__"):
                found.append(ast.unparse(node))
            case ast.ImportFrom(module=str(module)) if "._" in module:
                found.append(module)
    return found


FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "seams.py")


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_no_other_file_touches_a_private_member(path: Path) -> None:
    assert private_members(path) == []


def test_the_seams_are_found_by_this_search() -> None:
    assert {"textual._compositor", "app._driver", "app._display", "app._batch_count", "screen._compositor"} <= set(
        private_members(ROOT / "graphics" / "seams.py")
    )


def own_private_names(tree: ast.AST) -> set[str]:
    """The names with one underscore that the classes of a file give to themselves."""
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


async def test_our_private_names_are_not_textuals() -> None:
    app = Page()
    async with app.run_test(size=Size(20, 8)):
        pumps: tuple[MessagePump, ...] = (app, app.screen, app.query_one("#one"), Vertical(), Widget())
        theirs = {name for pump in pumps for name in (*dir(type(pump)), *vars(pump))}
    for path in (ROOT / "app").rglob("*.py"):
        if path.parent.name in ("screens", "widgets") or path.name == "app.py":
            assert own_private_names(ast.parse(path.read_text())) & theirs == set(), path
