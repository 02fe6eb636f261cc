"""The grid while its cells are replaced: what is shown meanwhile goes to the cells that come."""

from __future__ import annotations

import asyncio

from textual.app import App, ComposeResult

from tui.app.layout import arrange
from tui.app.widgets.grid import GridCell, PictureGrid
from tui.graphics.service import Graphics
from tui.graphics.terminal.capabilities import Terminal


class Page(App[None]):
    """A grid alone."""

    def __init__(self) -> None:
        super().__init__()
        self.graphics = Graphics(Terminal())

    def compose(self) -> ComposeResult:
        yield PictureGrid()

    def on_unmount(self) -> None:
        self.graphics.close()


async def test_a_caption_that_comes_while_the_cells_are_replaced_is_that_of_a_new_cell() -> None:
    app = Page()
    async with app.run_test(size=(80, 30)):
        grid = app.query_one(PictureGrid)
        await grid.lay_out(arrange(80, 30, aspect=1.0, side=2))
        work = asyncio.ensure_future(grid.lay_out(arrange(80, 30, aspect=1.0, side=3)))
        await asyncio.sleep(0)
        for index in grid.order:
            grid.write_caption(index, f"number {index}")
        await work
        assert [str(cell.caption.content) for cell in app.query(GridCell)] == [f"number {i}" for i in grid.order]


async def test_the_newest_of_two_arrangements_counts() -> None:
    app = Page()
    async with app.run_test(size=(80, 30)):
        grid = app.query_one(PictureGrid)
        await grid.lay_out(arrange(120, 24, aspect=1.0, candidates=2))
        newest = arrange(80, 30, aspect=1.0, side=2)
        await asyncio.gather(grid.lay_out(arrange(120, 24, aspect=1.0, side=4)), grid.lay_out(newest))
        assert [cell.index for cell in app.query(GridCell) if cell.index] == [index for index in newest.order if index]
