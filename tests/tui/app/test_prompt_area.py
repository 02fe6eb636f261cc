"""The walk through earlier prompts in a text of several lines."""

from __future__ import annotations

from textual.app import App, ComposeResult

from tui.app.widgets.prompt_area import PromptArea

ONE_LINE, LONG = "a lake at dawn", "a windmill " * 20


class AreaApp(App[None]):
    """Holds the area alone."""

    def compose(self) -> ComposeResult:
        yield PromptArea("", (ONE_LINE, LONG), area_id="area")


async def test_an_earlier_prompt_is_continued_at_its_end_and_up_goes_on_walking() -> None:
    app = AreaApp()
    async with app.run_test(size=(60, 20)) as pilot:
        area = app.query_one(PromptArea)
        area.focus()
        await pilot.press("up")
        assert (area.text, area.cursor_location) == (ONE_LINE, (0, len(ONE_LINE)))
        await pilot.press("up")
        assert (area.text, area.cursor_location) == (LONG, (0, 0))  # so that the next Up walks on
        await pilot.press("up")
        assert area.text == LONG
