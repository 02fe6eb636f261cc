"""Start from a photograph: its screen, its keys, and the search that begins with what was found."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from textual.widgets import Input

from engine.fake import FakeRenderer
from engine.invert import InversionChoices, Keep
from engine.photos.fit import Fit
from engine.rendering.events import Failure
from engine.rendering.requests import InversionWay
from engine.search.bands import Bands, factors_of
from latentpng.png.files import read_record
from latentpng.record import TensorRoot
from tests.engine.test_records import PERLIN, png_with_text
from tests.support.engine.folders import model_folder
from tests.support.latentpng.pictures import RGB
from tests.support.photos.making import photo_file
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.screens.photo import PhotoScreen

INVITATION = "press Enter to begin"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Return a photograph."""
    return photo_file(tmp_path / "beach.jpg")


def screen_of(driver: Driver) -> PhotoScreen:
    """The screen of the photograph."""
    screen = driver.app.stage.photo
    assert screen is not None
    return screen


def words_of(driver: Driver) -> str:
    """What the screen says, as one line."""
    return " ".join(driver.text().split())


async def test_the_photograph_is_shown_with_its_choices(tmp_path: Path, photo: Path) -> None:
    async with running(make_app(tmp_path, str(photo)), size=(80, 24)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        text = driver.text()
        assert "Start from this photograph: beach.jpg, 64 x 48" in text
        assert "F2 way   ‹ exact   › repeats the photograph best" in text
        assert "F3 keep  ‹ all     › the first picture repeats it" in text
        assert "F4 fit   ‹ crop    › two sides are cut off" in text
        assert "model embedded · 128 x 128 · 12 steps · guidance 1" in text
        assert isinstance(driver.app.focused, Input)


async def test_enter_inverts_and_the_search_begins_with_the_photograph(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press(*"a beach", "enter")
        await driver.until_done()
        (job,) = renderer.inversions
        assert (job.settings.prompt, job.settings.guidance_scale, job.way) == ("a beach", 1.0, InversionWay.EXACT)
        assert job.previews
        parent = driver.search.finished(0)
        assert parent is not None
        assert parent.picture.rgb == job.rgb
        assert [task.index for task in renderer.jobs[0].tasks] == list(range(1, 9)), "the parent is not rendered again"
        assert "repeats the photograph at 27.9 dB (the VAE alone: 28.7)" in words_of(driver)
        assert len(renderer.loads) == 1


async def test_what_was_found_is_saved_at_once_and_can_be_resumed(tmp_path: Path, photo: Path) -> None:
    async with running(make_app(tmp_path, str(photo))) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("enter")
        await driver.until_done()
        await driver.until(lambda: len(saved(tmp_path)) == 1)
        await driver.until(lambda: any(tmp_path.glob("pictures/*/session.json")))
    (path,) = saved(tmp_path)
    assert path.parent.name.endswith(" beach")
    assert isinstance(read_record(path).lineage.root, TensorRoot)
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "resume" in driver.text())
        await driver.press("enter")
        await driver.until_done()
        assert driver.search.session.lineage == read_record(path).lineage


@pytest.mark.slow
@pytest.mark.parametrize(("presses", "keep", "moved"), [(1, Keep.LAYOUT, Bands.DETAIL), (2, Keep.DETAIL, Bands.LAYOUT)])
async def test_a_part_is_kept_and_the_photograph_is_one_undo_away(
    tmp_path: Path, photo: Path, presses: int, keep: Keep, moved: Bands
) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press(*["f3"] * presses)
        assert screen_of(driver).choices.keep == keep
        await driver.press("enter")
        await driver.until_done()
        (round_,) = driver.search.session.lineage.rounds
        assert round_.bands == factors_of(moved, 3)
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        assert [len(read_record(path).lineage.rounds) for path in saved(tmp_path)] == [0, 1]
        await driver.press("u")
        await driver.until_done()
        parent = driver.search.finished(0)
        assert parent is not None
        assert parent.picture.rgb == renderer.inversions[0].rgb


async def test_the_keys_choose_and_the_fit_is_shown(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("f2", "f4", "f4", "f4")
        await driver.until(lambda: "144 x 112" in driver.text())
        assert screen_of(driver).choices == InversionChoices(way=InversionWay.FREE, fit=Fit.SHAPE)
        assert "F4 fit   ‹ shape   › a picture of the photograph's own shape" in driver.text()
        await driver.press("enter")
        await driver.until_done()
        (job,) = renderer.inversions
        assert (job.width, job.height, job.way) == (144, 112, InversionWay.FREE)


async def test_arrows_move_and_choose(tmp_path: Path, photo: Path) -> None:
    async with running(make_app(tmp_path, str(photo))) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("down", "right", "down", "left", "up", "space")
        await driver.until(lambda: screen_of(driver).choices.keep == Keep.DETAIL)
        assert screen_of(driver).choices.way == InversionWay.EXACT, "right and space: there and back"


async def test_a_click_chooses_the_next_value(tmp_path: Path, photo: Path) -> None:
    async with running(make_app(tmp_path, str(photo))) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.pilot.click("#way")
        await driver.until(lambda: screen_of(driver).choices.way == InversionWay.FREE)


async def test_progress_is_shown_and_escape_leads_back_to_the_choices(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer(steps=6, step_seconds=0.15)
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press(*"a beach", "f2")
        renderer.hold()
        await driver.press("enter")
        await driver.until(lambda: bool(renderer.inversions))
        await driver.until(lambda: "inverting; Esc cancels" in driver.text())
        await driver.press("f2")
        assert screen_of(driver).choices.way == InversionWay.FREE, "while it runs, nothing is chosen"
        await driver.press("escape")
        await driver.until(lambda: INVITATION in driver.text())
        assert renderer.cancels == [renderer.inversions[0].job]
        assert screen_of(driver).query_one(Input).value == "a beach"
        assert screen_of(driver).choices.way == InversionWay.FREE
        renderer.release()
        await driver.press("enter")
        await driver.until(lambda: "evaluation " in driver.text())
        await driver.until_done()
        assert len(renderer.inversions) == 2


async def test_escape_on_the_choices_leads_to_the_start_screen(tmp_path: Path, photo: Path) -> None:
    async with running(make_app(tmp_path, str(photo))) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("escape")
        await driver.until(lambda: driver.app.stage.start is not None)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (Failure.SETTINGS, "this scheduler cannot be inverted"),
        (Failure.MEMORY, "there is not enough memory"),
        (Failure.CRASH, "the rendering process was killed"),
    ],
)
async def test_a_failure_is_a_sentence_and_the_choices_stay(
    tmp_path: Path, photo: Path, failure: Failure, sentence: str
) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        renderer.fail_next(sentence, failure)
        await driver.press(*"a beach", "f3", "enter")
        words = f"{sentence}; change the choices, or press Enter to try again"
        await driver.until(lambda: words in words_of(driver))
        assert (screen_of(driver).query_one(Input).value, screen_of(driver).choices.keep) == ("a beach", Keep.LAYOUT)
        await driver.press("enter")
        await driver.until_done()


async def test_a_model_that_cannot_be_loaded_says_so_and_is_tried_again(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer()
    renderer.fail_loading("there is not enough memory for the model")
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        words = "there is not enough memory for the model; press Enter to try again, or Ctrl+L to choose another model"
        await driver.until(lambda: words in words_of(driver))
        await driver.press("enter")
        await driver.until_done()
        assert len(renderer.loads) == 2


async def test_a_prompt_that_cannot_be_read_is_refused_in_place(tmp_path: Path, photo: Path) -> None:
    words = (str(photo), "--prompt-style", "a1111", "--prompt", "a beach AND a boat")
    async with running(make_app(tmp_path, *words)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("enter")
        sentence = "the prompt joins prompts with AND, which warmer cannot do"
        await driver.until(lambda: sentence in words_of(driver))
        assert "or press Enter to try again" in words_of(driver)
        await driver.paste("a beach and a boat")
        await driver.press("enter")
        await driver.until_done()


async def test_noise_without_octaves_asks_to_keep_everything(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer(noise_shape=(1024, 4), axes="LC")
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("f3", "enter")
        words = "the noise of 'embedded' has no layout and detail that could be told apart: keep everything"
        await driver.until(lambda: words in words_of(driver))
        await driver.press("f3", "f3", "enter")
        await driver.until_done()


async def test_the_prompt_of_the_metadata_is_offered_with_the_reason(tmp_path: Path) -> None:
    path = png_with_text(tmp_path / "a.png", PERLIN)
    async with running(make_app(tmp_path, str(path))) as driver:
        await driver.until(lambda: INVITATION in words_of(driver))
        assert screen_of(driver).query_one(Input).value == "a boat"
        assert "the noise of Stable Diffusion web UI cannot be rebuilt (" in words_of(driver)


async def test_a_prompt_on_the_command_line_describes_the_photograph(tmp_path: Path, photo: Path) -> None:
    async with running(make_app(tmp_path, str(photo), "--prompt", "a [b]beach[/b]")) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        assert screen_of(driver).query_one(Input).value == "a [b]beach[/b]"


async def test_what_was_done_to_the_photograph_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(path)
    async with running(make_app(tmp_path, str(path))) as driver:
        await driver.until(lambda: f"its transparent parts are white; {INVITATION}" in words_of(driver))


async def test_the_warning_is_on_the_status_line_of_the_search(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer()
    renderer.inversion_warning = "the noise that was found is not Gaussian"
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("enter")
        await driver.until_done()
        words = "the noise that was found is not Gaussian; repeats the photograph at 27.9 dB"
        assert words in words_of(driver)


@pytest.mark.slow
async def test_a_photograph_is_opened_from_a_search_and_from_the_start_screen(tmp_path: Path, photo: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        for key in ("o", "ctrl+o"):
            await driver.press(key)
            await driver.until(lambda: "Open a picture: type its path" in driver.text())
            await driver.paste(str(photo))
            await driver.press("enter")
            await driver.until(lambda: INVITATION in driver.text())
            await driver.press("escape")
            await driver.until(lambda: driver.app.stage.start is not None)


@pytest.mark.slow
async def test_a_file_that_is_no_picture_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: driver.app.stage.start is not None)
        await driver.press("ctrl+o")
        await driver.until(lambda: "Open a picture" in driver.text())
        await driver.paste(str(path))
        await driver.press("enter")
        await driver.until(lambda: "it is not a PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF or PPM" in words_of(driver))


@pytest.mark.slow
async def test_another_model_is_chosen_for_the_photograph(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer()
    folder = model_folder(tmp_path / "lakes")
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("f2", "ctrl+l")
        await driver.until(lambda: "Choose a model" in driver.text())
        await driver.paste(str(folder))
        await driver.until(lambda: "no model has such a name" in driver.text())
        await driver.press("enter")
        await driver.until(lambda: "model lakes · " in driver.text())
        assert screen_of(driver).choices.way == InversionWay.FREE
        await driver.press("enter")
        await driver.until_done()
        assert renderer.loads[-1].model.name == "lakes"


async def test_opening_another_picture_cancels_the_inversion(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        renderer.hold()
        await driver.press("enter")
        await driver.until(lambda: bool(renderer.inversions))
        await driver.press("ctrl+o")
        await driver.until(lambda: "Open a picture" in driver.text())
        await driver.paste(str(photo))
        await driver.press("enter")
        await driver.until(lambda: renderer.cancels == [renderer.inversions[0].job])
        await driver.until(lambda: INVITATION in driver.text())
        renderer.release()


async def test_a_picture_of_another_tool_is_shown_until_it_is_rendered(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    path = png_with_text(tmp_path / "a.png")
    async with running(make_app(tmp_path, str(path), "--model", "embedded", renderer=renderer)) as driver:
        await driver.until(lambda: bool(renderer.jobs))
        shown = driver.search.preview(0)
        assert shown is not None
        assert shown.rgb == RGB
        renderer.release()
        await driver.until_done()
        assert driver.search.preview(0) is None


async def test_a_picture_of_another_tool_begins_with_its_own_noise(tmp_path: Path) -> None:
    path = png_with_text(tmp_path / "a.png")
    async with running(make_app(tmp_path, str(path), "--model", "embedded")) as driver:
        await driver.until_done()
        assert driver.search.settings.prompt == "a boat"
        assert "noise rebuilt from seed 5 as Stable Diffusion web UI draws it, not verified: " in words_of(driver)


async def test_choosing_a_model_cancels_the_inversion_with_the_one_before(tmp_path: Path, photo: Path) -> None:
    renderer = FakeRenderer()
    folder = model_folder(tmp_path / "lakes")
    async with running(make_app(tmp_path, str(photo), renderer=renderer)) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        renderer.hold()
        await driver.press("enter")
        await driver.until(lambda: bool(renderer.inversions))
        await driver.press("ctrl+l")
        await driver.until(lambda: "Choose a model" in driver.text())
        await driver.paste(str(folder))
        await driver.press("enter")
        await driver.until(lambda: "model lakes · " in driver.text())
        await driver.until(lambda: renderer.cancels == [renderer.inversions[0].job])
        renderer.release()
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("enter")
        await driver.until_done()
        assert [job.job for job in renderer.inversions] != renderer.cancels
        assert renderer.loads[-1].model.name == "lakes"


async def test_letters_go_to_the_prompt_from_every_line(tmp_path: Path, photo: Path) -> None:
    async with running(make_app(tmp_path, str(photo))) as driver:
        await driver.until(lambda: INVITATION in driver.text())
        await driver.press("down", "down", *"a cup")
        assert screen_of(driver).query_one(Input).value == "a cup"
        assert isinstance(driver.app.focused, Input)
