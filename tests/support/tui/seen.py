"""What a search shows, as tests see it."""

from __future__ import annotations

from engine.rendering.events import Picture
from tests.support.tui.driving import Driver
from tui.app.widgets.grid import GridCell


def shown(driver: Driver, index: int) -> Picture | None:
    """Return the picture that the cell of a picture was last asked to show."""
    cell = next(cell for cell in driver.screen.query(GridCell) if cell.index == index)
    return cell.picture.picture


def picture(driver: Driver, index: int) -> Picture:
    """Return a finished picture of the grid."""
    finished = driver.search.finished(index)
    assert finished is not None
    return finished.picture


def words(driver: Driver) -> str:
    """Return what the screen says, without line breaks."""
    return " ".join(driver.text().split())
