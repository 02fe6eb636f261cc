"""Each key of the edit panel, the export, the questions, the start screen and the photograph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

from textual.widgets import Input, OptionList, TextArea

from engine.invert import Keep
from engine.photos.fit import Fit
from engine.rendering.requests import InversionWay
from engine.search.history import NodeKind
from tests.support.tui.driving import Driver
from tests.support.tui.key_scripts import S, back
from tests.support.tui.key_steps import Before, Holds, Step, on, step
from tui.app.app import WarmerApp
from tui.app.copies import CopyScreen
from tui.app.film.state import FilmKind
from tui.app.gallery.list import GalleryList
from tui.app.gallery.rows import PictureRow
from tui.app.region_box import Bounds
from tui.app.screens.ask import OpenScreen
from tui.app.screens.choose_model import ModelScreen
from tui.app.screens.edit import NOTHING_CHANGED, EditScreen
from tui.app.screens.film import FilmScreen
from tui.app.screens.help import HelpScreen
from tui.app.screens.new_prompt import NewPromptScreen
from tui.app.screens.path import PathScreen
from tui.app.screens.photo import PhotoScreen
from tui.app.screens.region import RegionScreen
from tui.app.screens.start import StartScreen
from tui.app.widgets.choice import ChoiceLine
from tui.app.widgets.line import TextLine
from tui.app.widgets.path_line import PathLine
from tui.app.widgets.prompt_line import PromptLine

E, F, P, G, R = EditScreen, FilmScreen, PhotoScreen, GalleryList, RegionScreen


def focus(name: str) -> Holds:
    """The focus is on the widget with this id."""
    return lambda now, _: now.app.focused is not None and now.app.focused.id == name


def says(line: str, words: str) -> Holds:
    """A line of the topmost screen says this."""
    return lambda now, _: now.app.screen.query_one(f"#{line}", TextLine).words == words


def value(text: str) -> Holds:
    """The focused line holds a text."""
    return lambda now, _: isinstance(now.app.focused, Input) and now.app.focused.value == text


def choice(name: str, index: int) -> Holds:
    """A line of choices stands on one of them."""
    return lambda now, _: now.app.screen.query_one(f"#{name}", ChoiceLine).index == index


def has_edited(now: Driver, before: Before) -> bool:
    """The parent is an edit of the one before, with the same noise."""
    if now.app.screen is not now.app.stage.search:
        return False
    session = now.search.session
    return session.node.kind is NodeKind.EDIT and session.node.parent == before.search.place.node


def is_search_with(prompt: str) -> Holds:
    """A search with this prompt runs."""
    return lambda now, _: (
        now.app.stage.search is not None
        and now.app.screen is now.app.stage.search
        and now.app.stage.search.search is not None
        and now.search.settings.prompt == prompt
    )


def rows(now: Driver) -> GalleryList:
    return now.app.screen.query_one(GalleryList)


def cursor(number: int) -> Holds:
    """The cursor of the gallery is on a row, counted from the end when negative."""
    return lambda now, _: rows(now).cursor == (number if number >= 0 else len(rows(now).rows) + number)


def in_folder(is_in: bool) -> Holds:
    """The gallery lists the pictures of one search, or everything."""
    return lambda now, _: bool(rows(now).rows) and isinstance(rows(now).rows[0], PictureRow) is is_in


def photo(now: Driver) -> PhotoScreen:
    return cast(PhotoScreen, now.app.screen)


def frames(left: int, top: int, right: int, bottom: int) -> Holds:
    """The screen of the region shows this box, in a grid of 12 x 12."""
    wanted = Bounds(left=left, top=top, right=right, bottom=bottom)
    return lambda now, _: isinstance(now.app.screen, RegionScreen) and now.app.screen.drawing.bounds == wanted


def draws(mask: str) -> Holds:
    """The screen of the region is open, and this would vary."""
    return lambda now, _: isinstance(now.app.screen, RegionScreen) and now.app.screen.drawing.mask == mask


def confined(region: str) -> Holds:
    """The same candidates vary in this region, and undo leads back."""
    return lambda now, before: (
        now.app.screen is now.screen
        and now.search.session.template == replace(before.search.template, region=region)
        and now.search.session.past[-1] == before.search.place
    )


EDIT: tuple[Step, ...] = (
    step(S, "e", focus("edit-prompt")),
    step(E, "tab", focus("edit-negative")),
    step(E, "shift+tab", focus("edit-prompt")),
    step(E, "f1", on(HelpScreen)),
    step(HelpScreen, "escape", on(EditScreen)),
    step(E, "enter", says("status", NOTHING_CHANGED)),
    step(None, ("tab", "tab"), focus("edit-steps")),
    step(E, "down", focus("edit-guidance")),
    step(E, "up", focus("edit-steps")),
    step(None, ("ctrl+u", "7"), value("7")),
    step(E, "ctrl+s", lambda now, before: has_edited(now, before) and now.search.settings.num_inference_steps == 7),
    step(S, "e", focus("edit-prompt")),
    step(None, tuple("bay"), lambda now, _: cast(TextArea, now.app.focused).text == "a red sun over a lakebay"),
    step(E, "enter", lambda now, before: (
        has_edited(now, before) and now.search.settings.prompt == "a red sun over a lakebay"
    )),
    step(S, "e", on(EditScreen)),
    step(E, "escape", back),
)  # fmt: skip

REGION: tuple[Step, ...] = (
    step(S, "m", frames(3, 3, 9, 9)),
    step(R, "right", frames(4, 3, 10, 9)),
    step(R, "down", frames(4, 4, 10, 10)),
    step(R, "left", frames(3, 4, 9, 10)),
    step(R, "up", frames(3, 3, 9, 9)),
    step(R, "shift+right", frames(3, 3, 10, 9)),
    step(R, "shift+down", frames(3, 3, 10, 10)),
    step(R, "shift+left", frames(3, 3, 9, 10)),
    step(R, "shift+up", frames(3, 3, 9, 9)),
    step(R, "plus", frames(2, 2, 10, 10)),
    step(R, "equals_sign", frames(1, 1, 11, 11)),
    step(R, "minus", frames(2, 2, 10, 10)),
    step(R, "question_mark", on(HelpScreen)),
    step(HelpScreen, "escape", on(RegionScreen)),
    step(R, "f1", on(HelpScreen)),
    step(HelpScreen, "escape", on(RegionScreen)),
    step(R, "escape", back),
    step(S, "m", frames(3, 3, 9, 9)),
    *(step(R, str(number), draws(mask)) for number, mask in enumerate((
        "100/000/000", "110/000/000", "1/0/0", "111/100/000", "111/110/000", "1/1/0", "111/111/100", "111/111/110",
    ), start=1)),
    step(R, "9", draws("")),
    step(R, "1", draws("011/111/111")),
    step(R, "o", draws("100/000/000")),
    step(R, "tab", draws("011/111/111")),
    step(R, "enter", confined("011/111/111")),
    step(S, "m", draws("011/111/111")),
    step(R, "q", back),
    step(S, "m", draws("011/111/111")),
    step(R, "m", back),
    step(S, "m", draws("011/111/111")),
    step(R, "c", confined("")),
    step(S, "u", lambda now, _: now.search.session.region == "011/111/111"),
    step(S, "m", draws("011/111/111")),
    step(R, "backspace", confined("")),
    step(S, "u", lambda now, _: now.search.session.region == "011/111/111"),
    step(S, "M", confined("")),
    step(S, "u", lambda now, _: now.search.session.region == "011/111/111"),
    step(S, "shift+m", confined("")),
)  # fmt: skip

FILM: tuple[Step, ...] = (
    step(S, "E", lambda now, before: on(FilmScreen)(now, before) and choice("kind", 0)(now, before)),
    step(ChoiceLine, "right", choice("kind", 1)),
    step(ChoiceLine, "left", choice("kind", 0)),
    step(ChoiceLine, "space", choice("kind", 1)),
    step(F, "f2", choice("kind", 2)),
    step(F, "f3", choice("count", 1)),
    step(F, "down", focus("count")),
    step(F, "up", focus("kind")),
    step(F, "f1", on(HelpScreen)),
    step(HelpScreen, "escape", on(FilmScreen)),
    step(F, "f2", lambda now, _: cast(FilmScreen, now.app.screen).choices.kind is FilmKind.FILM),
    step(F, "f2", lambda now, _: cast(FilmScreen, now.app.screen).choices.kind is FilmKind.SHEET),
    step(F, "enter", lambda now, before: back(now, before) and now.screen.notice.startswith("saved the way here as ")),
    step(S, "E", on(FilmScreen)),
    step(F, "escape", back),
)

FILES: tuple[Step, ...] = (
    step(S, "s", lambda now, before: on(CopyScreen)(now, before) and value("round1.png")(now, before)),
    step(PathLine, "enter", lambda now, before: back(now, before) and Path("round1.png").is_file()),
    step(S, "o", lambda now, before: on(OpenScreen)(now, before) and "001-round0.png" in now.text()),
    step(PathScreen, "escape", back),
    step(S, "o", lambda now, before: on(OpenScreen)(now, before) and "001-round0.png" in now.text()),
    step(PathLine, "down", lambda now, _: isinstance(now.app.focused, OptionList)),
    step(None, ("b",), value("b")),
    step(PathLine, "tab", value("beach.png")),
    step(None, ("ctrl+u",), value("")),
    step(None, tuple("./"), lambda now, _: now.app.screen.query_one(OptionList).option_count == 3),
    step(PathLine, "tab", value("./app/")),
    step(None, ("ctrl+u",), value("")),
    step(None, tuple("./"), lambda now, _: now.app.screen.query_one(OptionList).option_count == 3),
    step(PathLine, "shift+tab", value("./round1.png")),
    step(PathLine, "enter", is_search_with("a red sun over a lake")),
    step(S, "o", lambda now, before: on(OpenScreen)(now, before) and "001-round0.png" in now.text()),
    step(PathLine, "down", lambda now, _: isinstance(now.app.focused, OptionList)),
    step(PathScreen, "enter", lambda now, before: (
        is_search_with("a red sun over a lake")(now, before) and now.screen is not before.screen
    )),
    step(WarmerApp, "ctrl+c", lambda now, _: now.app._exit),
)  # fmt: skip

PROMPT_AND_GALLERY: tuple[Step, ...] = (
    step(S, "p", on(NewPromptScreen)),
    step(NewPromptScreen, "f1", on(HelpScreen)),
    step(HelpScreen, "escape", on(NewPromptScreen)),
    step(NewPromptScreen, "ctrl+l", on(ModelScreen)),
    step(ModelScreen, "down", lambda now, _: isinstance(now.app.focused, OptionList)),
    step(ModelScreen, "escape", on(NewPromptScreen)),
    step(NewPromptScreen, "escape", back),
    step(S, "p", on(NewPromptScreen)),
    step(None, tuple("bay"), lambda now, _: cast(TextArea, now.app.focused).text == "a red sun over a lakebay"),
    step(NewPromptScreen, "enter", is_search_with("a red sun over a lakebay")),
    step(S, "p", on(NewPromptScreen)),
    step(NewPromptScreen, "ctrl+g", lambda now, before: on(StartScreen)(now, before) and "2 searches" in now.text()),
    step(PromptLine, "up", value("a red sun over a lakebay")),
    step(PromptLine, "up", value("a red sun over a lake")),
    step(PromptLine, "down", value("a red sun over a lakebay")),
    step(PromptLine, "escape", value("")),
    step(PromptLine, "tab", lambda now, _: cast(PromptLine, now.app.focused).value in now.app._prompt_model.examples),
    step(PromptLine, "escape", lambda now, before: value("")(now, before) and len(rows(now).rows) > 8),
    step(PromptLine, "down", lambda now, _: isinstance(now.app.focused, GalleryList)),
    step(G, "down", cursor(1)),
    step(G, "up", cursor(0)),
    step(G, "pagedown", lambda now, _: rows(now).cursor == len(rows(now).places) - 1),
    step(G, "pageup", cursor(0)),
    step(G, "end", cursor(-1)),
    step(G, "home", cursor(0)),
    step(G, "right", in_folder(True)),
    step(G, "left", in_folder(False)),
    step(G, "escape", focus("prompt-input")),
    step(StartScreen, "ctrl+o", on(OpenScreen)),
    step(OpenScreen, "escape", on(StartScreen)),
    step(StartScreen, "ctrl+l", on(ModelScreen)),
    step(ModelScreen, "escape", on(StartScreen)),
    step(StartScreen, "f1", on(HelpScreen)),
    step(HelpScreen, "escape", on(StartScreen)),
    step(PromptLine, "down", lambda now, _: isinstance(now.app.focused, GalleryList)),
    step(G, "enter", is_search_with("a red sun over a lakebay")),
    step(S, "p", on(NewPromptScreen)),
    step(NewPromptScreen, "ctrl+g", on(StartScreen)),
    step(StartScreen, "ctrl+q", lambda now, _: now.app._exit),
)

PHOTO: tuple[Step, ...] = (
    step(P, "f2", lambda now, _: photo(now).choices.way is InversionWay.FREE),
    step(P, "f3", lambda now, _: photo(now).choices.keep is Keep.LAYOUT),
    step(P, "f4", lambda now, _: photo(now).choices.fit is Fit.PAD),
    step(P, "down", focus("way")),
    step(P, "up", lambda now, _: isinstance(now.app.focused, Input)),
    step(P, "f1", on(HelpScreen)),
    step(HelpScreen, "escape", on(PhotoScreen)),
    step(P, "ctrl+l", on(ModelScreen)),
    step(ModelScreen, "escape", on(PhotoScreen)),
    step(P, "ctrl+o", on(OpenScreen)),
    step(OpenScreen, "escape", on(PhotoScreen)),
    step(P, "enter", is_search_with("")),
    step(S, "o", lambda now, before: on(OpenScreen)(now, before) and "001-round0.png" in now.text()),
    step(None, tuple("./b"), lambda now, _: now.app.screen.query_one(OptionList).option_count == 1),
    step(PathLine, "tab", value("./beach.png")),
    step(PathLine, "enter", on(PhotoScreen)),
    step(P, "escape", on(StartScreen)),
    step(StartScreen, "ctrl+o", on(OpenScreen)),
    step(None, tuple("./b"), lambda now, _: now.app.screen.query_one(OptionList).option_count == 1),
    step(PathLine, "tab", value("./beach.png")),
    step(PathLine, "enter", on(PhotoScreen)),
    step(P, "ctrl+q", lambda now, _: now.app._exit),
)
