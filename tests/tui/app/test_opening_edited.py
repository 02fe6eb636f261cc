"""`warmer FILE --prompt P`: the search begins with other words, and undo goes back to the picture as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.open import Opening
from engine.options import Options
from latentpng.png.files import embed_record, read_picture, read_record
from latentpng.reports.edits import edit_text
from tests.support.latentpng.pictures import altered
from tests.support.photos.making import photo_file
from tests.support.tui.driving import make_app, running, saved
from tests.support.tui.scripting import warmer
from tui.app.launch import opening_at_start
from tui.app.sources import PictureSource, PromptSource, open_source
from tui.arguments import AppArguments, parse
from tui.cli import app_parser


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a picture after one round."""
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", tmp_path / "start.png")
    warmer("vary", tmp_path / "start.png", "--seed", 5, "--count", 2, "--out", tmp_path)
    return tmp_path / "start-r1-0.png"


async def test_the_search_begins_after_an_edit_that_undo_takes_back(tmp_path: Path, picture: Path) -> None:
    app = make_app(tmp_path, str(picture), "--prompt", "a sea", "--steps", "5", "--seed", "3")
    async with running(app) as driver:
        await driver.until_done()
        lineage = driver.search.session.lineage
        assert edit_text(lineage.rounds[-1].settings, lineage.rounds[-1].before) == (
            "edit: prompt: 'a lake' -> 'a sea'; steps: 6 -> 5"
        )
        assert lineage.ancestor(1) == read_record(picture).lineage
        edited = driver.search.finished(0)
        assert edited is not None
        assert edited.record.settings["prompt"] == "a sea"
        assert edited.record.node == read_record(picture).node
        await driver.press("1")
        await driver.until_done()
        assert driver.search.session.lineage.rounds[:2] == lineage.rounds
        await driver.press("u", "u")
        await driver.until_done()
        assert driver.search.session.lineage == read_record(picture).lineage
        assert driver.search.settings.prompt == "a lake"
        before = driver.search.finished(0)
        assert before is not None
        assert before.picture.rgb == read_picture(picture)[2], "as its file has it"
        assert before.record == read_record(picture)
    assert [read_record(path).settings["prompt"] for path in saved(tmp_path)] == ["a sea", "a sea"]


def test_the_prompt_at_the_start_does_not_change_what_is_opened_later(picture: Path) -> None:
    words = (str(picture), "--prompt", "a sea")
    options, arguments = parse(app_parser(), words, AppArguments)
    assert (options.prompt, arguments.prompt) == (None, "a sea")
    found = opening_at_start(options, arguments)
    assert isinstance(found, Opening)
    assert found.beginning.settings.prompt == "a sea"
    later = open_source(PictureSource(path=picture), options, options)
    assert isinstance(later, Opening)
    assert later.beginning.settings.prompt == "a lake"
    assert later.beginning.lineage == read_record(picture).lineage
    new = open_source(PromptSource(prompt="a dune"), options, options)
    assert isinstance(new, Opening)
    assert new.beginning.settings.prompt == "a dune"


def test_the_words_are_kept_while_a_model_is_chosen(picture: Path) -> None:
    record = read_record(picture)
    model = {"name": "gone", "pipeline": "FakePipeline", "fingerprint": "0" * 64}
    embed_record(picture, altered(record, settings={**record.settings, "model": model}))
    options, arguments = parse(app_parser(), (str(picture), "--prompt", "a sea"), AppArguments)
    source = opening_at_start(options, arguments)
    assert source == PictureSource(path=picture, prompt="a sea")
    assert isinstance(source, PictureSource)
    opened = open_source(source, Options(model="embedded"), options)
    assert isinstance(opened, Opening)
    (edit,) = opened.beginning.lineage.rounds[1:]
    assert edit_text(edit.settings, edit.before) == "edit: model: 'gone' -> 'embedded'; prompt: 'a lake' -> 'a sea'"
    assert [variant.problem for variant in opened.beginning.variants.values()] == ["", ""]


def test_a_photograph_is_described_by_the_prompt(tmp_path: Path) -> None:
    path = photo_file(tmp_path / "beach.jpg")
    options, arguments = parse(app_parser(), (str(path), "--prompt", "a beach"), AppArguments)
    prepared = opening_at_start(options, arguments)
    assert not isinstance(prepared, Opening | PictureSource | None)
    assert prepared.photograph.prompt == "a beach"


async def test_the_same_prompt_opens_the_picture_as_it_is(tmp_path: Path, picture: Path) -> None:
    app = make_app(tmp_path, str(picture), "--prompt", "a lake")
    async with running(app) as driver:
        await driver.until_done()
        assert driver.search.session.lineage == read_record(picture).lineage
        parent = driver.search.finished(0)
        assert parent is not None
        assert parent.record == read_record(picture)
    assert saved(tmp_path) == [], "the file has the parent"
