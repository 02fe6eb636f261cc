"""The status line of the screen of a photograph."""

from __future__ import annotations

from pathlib import Path

from engine.invert import PreparedPhoto
from tests.support.photos.making import photo_file
from tests.support.tui.driving import make_app, running
from tui.app.model_load import ModelLoad
from tui.app.photo_state import PhotoState
from tui.app.phrases import photo_status


async def prepared_photo(folder: Path) -> PreparedPhoto:
    async with running(make_app(folder, str(photo_file(folder / "beach.png")))) as driver:
        await driver.until(lambda: driver.app.stage.photo is not None)
        photo = driver.app.stage.photo
        assert photo is not None
        assert photo.prepared is not None
        return photo.prepared


async def test_how_far_an_inversion_is(tmp_path: Path) -> None:
    prepared, load = await prepared_photo(tmp_path), ModelLoad()
    state = PhotoState(is_busy=True, job=3, evaluations=5, total=47)
    assert photo_status(prepared, state, load, "", None) == "evaluation 5/47; Esc cancels"
    assert photo_status(prepared, state, load, "", 12.4) == "evaluation 5/47, about 12 s left; Esc cancels"
    assert photo_status(prepared, PhotoState(is_busy=True), load, "", None) == "starting the renderer; Esc cancels"


def test_an_inversion_is_a_job_of_one_picture() -> None:
    assert not PhotoState().progress.steps
    progress = PhotoState(is_busy=True, job=3, evaluations=5, total=50).progress
    assert (progress.fraction, progress.running, progress.batch) == (0.1, True, (0,))
