"""The help pages: readable at 80 columns, one for each screen, with all of its keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.containers import VerticalScroll

from tests.support.photos.making import photo_file
from tests.support.tui.driving import PROMPT, make_app, running
from tui.app.help_pages import EDIT, FILM, HISTORY, INFO, NEW_PROMPT, REGION, VIEW
from tui.app.help_texts import PHOTO, SEARCH, START, page_of

PAGES = {
    **{"search": SEARCH, "start": START, "photo": PHOTO, "edit": EDIT, "view": VIEW, "prompt": NEW_PROMPT},
    **{"history": HISTORY, "info": INFO, "film": FILM, "region": REGION},
}
KEYS = (
    *(
        "1-9 0 c f g j",
        "k l",
        "arrows, Enter",
        "n",
        "Space",
        "r",
        "u  U",
        "x",
        "Space  n",
        "+",
        "Tab",
        "d",
        "v",
        "i",
        "h",
        "[  ]",
        "{  }",
    ),
    *("Backspace", "Enter", "Esc", "w"),
    *("b", "m", "M", "a", "e", "*", "s", "E", "y  Y", "o  p", "Ctrl+P", "?  F1", "q"),
)


@pytest.mark.parametrize("page", PAGES)
def test_no_line_is_wider_than_a_small_terminal_shows(page: str) -> None:
    assert max(map(len, PAGES[page].splitlines())) <= 76  # 80 columns without margins and the scroll bar


@pytest.mark.parametrize("page", PAGES)
def test_every_paragraph_is_whole_sentences(page: str) -> None:
    for paragraph in PAGES[page].strip().split("\n\n"):
        heading, *lines = paragraph.splitlines()
        assert heading.isupper() or heading[0].isupper() or lines
        assert paragraph.endswith("."), paragraph


def test_the_search_page_has_every_key() -> None:
    begun = [line[:15].strip() for line in SEARCH.splitlines()]
    assert [key for key in KEYS if key not in begun] == []


def test_the_photo_page_explains_its_function_keys() -> None:
    for words in (
        "F2  way",
        "F3  keep",
        "F4  fit",
        '"exact"',
        '"free"',
        '"layout"',
        '"detail"',
        '"crop"',
        '"pad"',
        '"shape"',
    ):
        assert words in PHOTO


async def test_the_page_scrolls_by_keys_and_closes(tmp_path: Path) -> None:
    async with running(make_app(tmp_path, *PROMPT), size=(80, 24)) as driver:
        await driver.until_done()
        await driver.press("question_mark")
        await driver.until(lambda: "becomes the parent of the next grid." in driver.text())
        scroll = driver.app.screen.query_one(VerticalScroll)
        await driver.press("down", "down")
        await driver.until(lambda: scroll.scroll_offset.y == 2)
        await driver.press("up", "pagedown")
        await driver.until(lambda: "KEEP" in driver.text() or "CHANGE WHAT COMES NEXT" in driver.text())
        for _ in range(5):
            await driver.press("pagedown")
        await driver.until(lambda: "for which noise is found that repeats it." in driver.text())
        await driver.press("q")
        await driver.until(lambda: driver.app.screen is driver.screen)


def test_the_topmost_screen_with_a_page_counts() -> None:
    assert page_of(["PathScreen", "EditScreen", "SearchScreen"]) is EDIT
    assert page_of(["SearchScreen", "Screen"]) is SEARCH
    assert page_of([]) is START


async def test_each_screen_has_its_page(tmp_path: Path) -> None:
    async with running(make_app(tmp_path)) as driver:
        await driver.until(lambda: "is ready on" in driver.text())
        await driver.press("f1")
        await driver.until(lambda: "Walk through examples that suit the model." in driver.text())
    async with running(make_app(tmp_path, str(photo_file(tmp_path / "beach.png")))) as driver:
        await driver.until(lambda: driver.app.stage.photo is not None)
        await driver.press("f1")
        await driver.until(lambda: "Noise is looked for from which the model renders this photograph." in driver.text())


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("h", "Every picture of this search, from its start"),
        ("i", "All that is known of one picture"),
    ],
)
async def test_a_screen_over_the_search_has_its_page(tmp_path: Path, key: str, line: str) -> None:
    async with running(make_app(tmp_path, *PROMPT)) as driver:
        await driver.until_done()
        await driver.press(key)
        await driver.until(lambda: driver.app.screen is not driver.screen)
        await driver.press("question_mark")
        await driver.until(lambda: line in driver.text())
