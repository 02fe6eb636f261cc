"""The search by keys: every key of the footer, on a fake renderer."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.fake import FakeRenderer
from engine.models.resolve import resolve_model
from engine.rendering.events import Failure
from engine.search.axis import Axis
from engine.search.bands import Bands
from engine.search.running import PARENT
from latentpng.png.files import read_record
from tests.support.tui.driving import PROMPT, Driver, make_app, running, saved
from tui.app.widgets.grid import GridCell
from tui.app.widgets.picture import PictureCell


async def test_a_digit_picks_and_the_pick_is_saved_at_once(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        assert driver.screen.grid.order == (1, 2, 3, 4, 5, 6, 7, 8)
        candidate = driver.search.finished(2)
        await driver.press("2")
        assert driver.search.finished(0) == candidate
        assert driver.search.session.lineage.rounds[-1].marks == (1,)
        assert driver.search.session.template.scale == pytest.approx(0.7)
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        await driver.until_done()
    root, picked = saved(tmp_path)
    assert (root.name, picked.name) == ("001-round0.png", "002-round1.png")
    assert read_record(picked).lineage == driver.search.session.lineage


@pytest.mark.parametrize(("size", "key"), [((100, 40), "n"), ((80, 24), "9"), ((100, 40), "enter")])
async def test_none_better_halves_the_scale(tmp_path: Path, size: tuple[int, int], key: str) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=size) as driver:
        await driver.until_done()
        await driver.press(key)
        assert driver.search.session.template.scale == pytest.approx(0.35)
        assert driver.search.session.lineage.rounds == ()
        await driver.until(lambda: "round 1 · keeps 94% of the parent" in driver.text())


async def test_finer_steps_of_the_scale_and_its_ends(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        scales = []
        for _ in range(4):
            scales.append(driver.search.session.scale)
            await driver.press("left_curly_bracket")
            await driver.until_done()
        assert scales[3] == pytest.approx(0.7 * driver.search.law.factor(0.5), rel=0.1)
        for scale in reversed(scales[1:]):
            await driver.press("right_curly_bracket")
            assert driver.search.session.scale == scale, "a step back shows the pictures that are there"
        await driver.press("right_square_bracket", "right_square_bracket")
        past = len(driver.search.session.past)
        await driver.press("right_square_bracket")
        await driver.until(lambda: "the candidates are as far from the parent as they can be" in driver.text())
        while not driver.search.session.at_floor:
            past += 1
            await driver.press("left_square_bracket")
        await driver.press("left_square_bracket")
        await driver.until(lambda: "nearer candidates would hardly differ from the parent" in driver.text())
        assert driver.search.session.scale == pytest.approx(0.02, rel=0.3)
        assert len(driver.search.session.past) == past  # what changes nothing is no step for undo
        await driver.press("n")
        await driver.until(lambda: "nearer candidates would hardly differ on this model; press ]" in driver.text())


async def test_undo_and_redo(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        first = driver.search.plan
        await driver.press("3")
        await driver.until_done()
        second = driver.search.plan
        await driver.press("u")
        assert driver.search.plan == first
        await driver.until(lambda: "went back one step; U goes forward again" in driver.text())
        await driver.press("U")
        assert driver.search.plan == second
        await driver.until(lambda: "went forward one step again" in driver.text())
        await driver.press("U")
        await driver.until(lambda: "there is nothing to redo: u undoes, and U takes that back" in driver.text())


async def test_a_star_is_shown_and_saved(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("right", "asterisk")
        await driver.until(lambda: "candidate 1 is kept, with a star" in driver.text())
        await driver.until(lambda: "1 ★" in driver.text())
        assert driver.search.is_starred(1)
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        await driver.press("asterisk")
        await driver.until(lambda: "candidate 1 has no star any more" in driver.text())
        assert not driver.search.is_starred(1)


async def test_letters_pick_where_digits_end(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--grid", "4"), size=(160, 50)) as driver:
        await driver.until_done()
        assert driver.search.size == 16
        assert driver.screen.key_of(15) == "k"
        await driver.press("k")
        assert driver.search.session.lineage.rounds[-1].marks == (14,)
        await driver.until_done()
        await driver.press("0")
        assert driver.search.session.lineage.rounds[-1].marks == (9,)


async def test_reroll_scale_bands_and_undo(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        first = driver.search.session
        await driver.press("r", "left_square_bracket", "b")
        session = driver.search.session
        assert session.template.seed != first.template.seed
        assert session.template.scale == pytest.approx(0.7 * driver.search.law.factor(0.5), rel=0.15)
        assert session.bands is Bands.TILT
        await driver.press("u", "u", "u")
        assert (driver.search.session.lineage, driver.search.session.template) == (first.lineage, first.template)
        await driver.press("u")
        await driver.until(lambda: "there is nothing to undo: the search began with this picture" in driver.text())


@pytest.mark.slow
async def test_a_lets_the_prompt_move_and_a_picture_goes_on_so(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("a", "b")
        axes = [driver.search.session.axis]
        await driver.until(
            lambda: "only the prompt varies, and it has no bands; press a to vary the noise" in driver.text()
        )
        await driver.until_done()
        shown = [driver.search.finished(index) for index in range(9)]
        assert len({finished.record.node for finished in shown if finished}) == 1
        assert len({finished.picture.rgb for finished in shown if finished}) == 9
        await driver.press("1")
        await driver.until_done()
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        for key in ("a", "a", "u", "u", "u", "u"):
            await driver.press(key)
            axes.append(driver.search.session.axis)
        assert axes == [Axis.PROMPT, Axis.BOTH, Axis.NOISE, Axis.BOTH, Axis.PROMPT, Axis.PROMPT, Axis.NOISE]
    picture = saved(tmp_path)[1]
    (round_,) = read_record(picture).lineage.rounds
    assert (round_.scale, round_.prompt_scale, *round_.marks) == pytest.approx((0.0, 0.7, 0))
    async with running(make_app(tmp_path / "again", str(picture))) as driver:
        await driver.until_done()
        assert driver.search.session.axis is Axis.PROMPT
        assert driver.search.finished(PARENT) == driver.screen.beginning.known
        await driver.press("u")
        assert driver.search.session.lineage.rounds == ()


async def test_undo_shows_the_old_pictures_without_rendering(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until_done()
        jobs = len(renderer.jobs)
        await driver.press("u")
        assert all(driver.search.finished(index) for index in range(9))
        assert len(renderer.jobs) == jobs


async def test_arrows_enter_and_marks(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("right", "down", "space", "up", "space")
        assert driver.screen.marks == (4, 1)
        await driver.until(lambda: "press Enter to blend the 2 marked candidates" in driver.text())
        await driver.press("enter")
        assert driver.search.session.lineage.rounds[-1].marks == (3, 0)
        await driver.until_done()
        await driver.press("left", "enter")
        assert [round_.marks for round_ in driver.search.session.lineage.rounds] == [(3, 0), (2,)]


async def test_a_pick_before_the_end_cancels_the_rest(tmp_path: Path) -> None:
    renderer = FakeRenderer(micro_batch=1)
    renderer.hold_after(1)
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: len(saved(tmp_path)) == 1)
        job = renderer.jobs[0].job
        await driver.press("1")
        assert renderer.cancels == [job]
        renderer.release()
        await driver.until_done()
        assert driver.search.session.lineage.rounds[-1].marks == (0,)


async def test_a_failure_is_told_and_tried_again(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.fail_next("not enough memory for 8 pictures at once", Failure.MEMORY)
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: "not enough memory for 8 pictures at once; press r to try again" in driver.text())
        seed = driver.search.session.template.seed
        await driver.press("r")
        await driver.until_done()
        assert driver.search.session.template.seed == seed


async def test_a_model_that_cannot_be_loaded_is_told_and_tried_again(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.fail_loading("the model cannot be used")
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(
            lambda: "the model cannot be used; press r to try again, or o to open another picture" in driver.text()
        )
        await driver.press("1")
        assert "the model cannot be used; press r to try again, or o to open another picture" in driver.text()
        await driver.press("r")
        await driver.until_done()


@pytest.mark.slow
async def test_another_model_renders_the_parent_anew(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
    other = tmp_path / "other"
    shutil.copytree(resolve_model("").path, other)
    (other / "model_index.json").write_text((other / "model_index.json").read_text() + " ")
    renderer = FakeRenderer()
    app = make_app(tmp_path, str(saved(tmp_path)[0]), "--model", str(other), renderer=renderer)
    async with running(app) as driver:
        await driver.until_done()
        assert len(renderer.jobs[0].tasks) == 9
        await driver.until(lambda: len(saved(tmp_path)) == 2)


async def test_a_save_that_failed_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("in the way")
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.until(lambda: "pictures cannot be saved in this folder" in " ".join(driver.text().split()))
        (tmp_path / "pictures").unlink()
        await driver.press("r")
        await driver.until(lambda: len(saved(tmp_path)) == 1)


async def test_clicks_select_and_then_pick(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.pilot.click(driver.screen.grid.query(GridCell).first())
        assert driver.search.plan.parent.rounds == ()
        assert driver.screen.grid.selected_index == 1
        await driver.pilot.click(driver.screen.grid.query(GridCell).first())
        await driver.until(lambda: len(driver.search.session.lineage.rounds) == 1)
        assert driver.search.session.lineage.rounds[-1].marks == (0,)
        assert driver.screen.grid.selected_index == PARENT


async def test_the_viewer_shows_a_picture_that_becomes_ready(tmp_path: Path) -> None:
    renderer = FakeRenderer()
    renderer.hold()
    async with running(make_app(tmp_path, *PROMPT, renderer=renderer)) as driver:
        await driver.until(lambda: bool(renderer.jobs))
        await driver.press("v")
        await driver.until(lambda: "the parent is still rendering" in driver.text())
        renderer.release()
        await driver.until(lambda: "the parent is still rendering" not in driver.text())


async def test_farther_help_and_another_picture(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("right_square_bracket")
        assert driver.search.session.template.scale == pytest.approx(1.0)
        await driver.press("question_mark")
        await driver.until(lambda: "No candidate is better: keep the parent and halve the scale." in driver.text())
        await driver.press("escape")
        await driver.press("1")
        await driver.until(lambda: len(saved(tmp_path)) == 2)
        first = driver.search
        await driver.press("o")
        await driver.until(lambda: "Open a picture: type its path" in driver.text())
        await driver.paste("~nobody-there/x.png")
        await driver.press("enter")
        await driver.until(lambda: "No such file or directory" in driver.text())
        await driver.paste(str(saved(tmp_path)[0]))
        await driver.press("enter")
        await driver.until(lambda: driver.app.stage.search is not None and driver.search is not first)
        await driver.until_done()
        assert driver.search.session.lineage.rounds == ()


async def test_save_as_asks_before_it_replaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await save_as(driver, "mine.png")
        await driver.until(lambda: (tmp_path / "mine.png").exists())
        await driver.press("s")
        await type_path(driver, "mine.png")
        await driver.until(lambda: "already exists; press Enter again to replace it" in driver.text())
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
    assert read_record(tmp_path / "mine.png").lineage == driver.search.session.lineage


async def test_keep_all_saves_every_candidate(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, "--keep", "all", "--grid", "2")) as driver:
        await driver.until_done()
        await driver.until(lambda: len(saved(tmp_path)) == 4)


async def test_the_viewer_walks_and_picks(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("v")
        await driver.until(lambda: "the parent" in driver.text())
        await driver.press("right", "enter")
        await driver.until(lambda: driver.app.screen is driver.screen)
        assert driver.search.session.lineage.rounds[-1].marks == (0,)


@pytest.mark.slow
async def test_texts_from_a_file_are_shown_as_they_are(tmp_path: Path) -> None:
    hostile = "[@click=app.quit]x[/b] [/] \x1b]0;owned\x07 $text"
    async with running(make_app(tmp_path, "--prompt", hostile, "--seed", "7")) as driver:
        await driver.until_done()
        await driver.press("1")
        await driver.until(lambda: len(saved(tmp_path)) == 2)
    async with running(make_app(tmp_path, str(saved(tmp_path)[-1]))) as driver:
        await driver.until_done()
        assert "[@click=app.quit]x[/b] [/] ]0;owned $text" in driver.text()
        await driver.press("o")
        await driver.until(lambda: "Open a picture: type its path" in driver.text())
        await driver.press("escape")
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "1 search and 2 pictures" in driver.text())


@pytest.mark.parametrize(("size", "order"), [((44, 16), (1, 2, 3, 0)), ((80, 24), (1, 2, 3, 4, 5, 6, 7, 8, 0))])
async def test_narrow_terminals_have_the_parent_in_the_grid(
    tmp_path: Path, size: tuple[int, int], order: tuple[int, ...]
) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=size) as driver:
        await driver.until_done()
        assert driver.screen.grid.order == order
        assert driver.search.size == len(order)


async def test_the_next_grid_fits_a_window_that_became_smaller(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press("right", "space")
        await driver.pilot.resize_terminal(44, 16)
        await driver.until(lambda: driver.screen.grid.order == (1, 2, 3, 4, 5, 6, 7, 8, 0))
        await driver.until(lambda: all(cell.is_up_to_date for cell in driver.screen.query(PictureCell)))
        await driver.press("enter")
        await driver.until_done()
        assert driver.screen.marks == ()
        assert driver.screen.grid.order == (1, 2, 3, 0)


async def test_a_window_that_becomes_larger_gets_a_pane_with_the_parent(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=(80, 24)) as driver:
        await driver.until_done()
        await driver.pilot.resize_terminal(140, 50)
        await driver.until(lambda: driver.screen.grid.order == (1, 2, 3, 4, 5, 6, 7, 8))
        await driver.until(lambda: len(driver.screen.query(GridCell)) == 9)
        await driver.until(lambda: all(cell.picture.is_up_to_date for cell in driver.screen.query(GridCell)))


async def test_digits_do_not_count_at_the_very_start(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT, key_grace_seconds=3600.0)) as driver:
        await driver.until_done()
        await driver.press("1")
        assert driver.search.session.lineage.rounds == ()


async def save_as(driver: Driver, name: str) -> None:
    await driver.press("s")
    await type_path(driver, name)
    await driver.until_keys_count()


async def type_path(driver: Driver, name: str) -> None:
    await driver.until(lambda: "Save a copy: type a file name" in driver.text())
    await driver.paste(name)
    await driver.press("enter")
