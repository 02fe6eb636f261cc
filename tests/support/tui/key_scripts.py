"""The keys of the search, of the viewer, of the history, of the page of information and of the help, one by one."""

from __future__ import annotations

from typing import Any, cast

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.containers import VerticalScroll
from textual.widgets import OptionList

from engine.search.axis import Axis
from engine.search.bands import Bands
from engine.search.running import PARENT
from tests.support.tui.driving import Driver
from tests.support.tui.key_steps import Before, Holds, Step, on, step
from tui.app.app import WarmerApp
from tui.app.command_line import command_of
from tui.app.comparison import Comparison
from tui.app.copies import CopyScreen
from tui.app.layout import PICK_KEYS
from tui.app.screens.ask import OpenScreen
from tui.app.screens.edit import EditScreen
from tui.app.screens.film import FilmScreen
from tui.app.screens.help import HelpScreen
from tui.app.screens.history import HistoryScreen
from tui.app.screens.info import InfoScreen
from tui.app.screens.new_prompt import NewPromptScreen
from tui.app.screens.search import SearchScreen
from tui.app.screens.viewer import ViewerScreen

S, V, H = SearchScreen, ViewerScreen, HistoryScreen


def info_row(app: App[Any], name: str) -> str:
    """What a line of the information screen says."""
    return dict(cast(InfoScreen, app.screen)._rows)[name]


def selected(index: int) -> Holds:
    """The cursor of the grid is on a picture, and no answer was given."""
    return lambda now, before: now.screen.grid.selected_index == index and now.search.session == before.session


def scaled(times: float) -> Holds:
    """The scale has changed so that the difference is about so many times as large, and nothing else."""
    return lambda now, before: (
        now.search.session.scale == pytest.approx(before.search.scale * now.search.law.factor(times), rel=0.2)
        and now.search.session.template.seed == before.search.template.seed
        and now.search.session.place.node == before.search.place.node
    )


def picked(*marks: int) -> Holds:
    """These candidates are the parent now, and undo leads back."""
    return lambda now, before: (
        now.search.session.lineage == before.search.lineage.child(now.search.session.lineage.rounds[-1])
        and now.search.session.lineage.rounds[-1].marks == marks
        and now.search.session.past[-1] == before.search.place
    )


def undone(now: Driver, before: Before) -> bool:
    return (now.search.session.place, now.search.session.future[-1]) == (before.search.past[-1], before.search.place)


def redone(now: Driver, before: Before) -> bool:
    return (now.search.session.place, now.search.session.past[-1]) == (before.search.future[-1], before.search.place)


def none_better(now: Driver, before: Before) -> bool:
    session = now.search.session
    return session.place.node == before.search.place.node and session.scale == before.search.scale / 2


def rerolled(now: Driver, before: Before) -> bool:
    session = now.search.session
    return session.scale == before.search.scale and session.template.seed != before.search.template.seed


def has_copied_command(now: Driver, before: Before) -> bool:
    finished, node = now.search.finished(before.selected), now.search.node_of(before.selected)
    return finished is not None and now.app.clipboard == command_of(finished.record, now.search.file(node))


def has_copied_path(now: Driver, before: Before) -> bool:
    file = now.search.file(now.search.node_of(before.selected))
    return file is not None and now.app.clipboard == str(file.absolute())


def by_key(position: int) -> Holds:
    """The picture at a position of the grid was picked; the parent means that none is better."""

    def holds(now: Driver, before: Before) -> bool:
        index = now.screen.grid.order[position]
        return none_better(now, before) if index == PARENT else picked(index - 1)(now, before)

    return holds


def comparing(comparison: Comparison) -> Holds:
    """The stage of the search shows this."""
    return lambda now, before: now.screen.comparison == comparison and now.search.session == before.session


def back(now: Driver, before: Before) -> bool:
    """The search is shown again, as it was."""
    return now.app.screen is now.screen and now.search.session == before.session


def viewer(now: Driver) -> ViewerScreen:
    return cast(ViewerScreen, now.app.screen)


def views(index: int) -> Holds:
    """The viewer shows a picture."""
    return lambda now, _: isinstance(now.app.screen, ViewerScreen) and viewer(now).index == index


def zoomed(factor: float) -> Holds:
    """The viewer shows its picture enlarged."""
    return lambda now, _: viewer(now).zoom.factor == pytest.approx(factor)


def moved(columns: int, rows: int) -> Holds:
    """The viewer shows a part farther to one side: 1 is right or down, -1 is left or up."""
    return lambda now, before: (
        (viewer(now).zoom.x - before.zoom.x) * columns > 0.0
        if columns
        else (viewer(now).zoom.y - before.zoom.y) * rows > 0.0
    )


def scrolled(by: int) -> Holds:
    """The page stands so many rows from its top."""
    return lambda now, _: now.app.screen.query_one(VerticalScroll).scroll_offset.y == by


PICKS = tuple(step(S, key, by_key(position)) for position, key in enumerate(PICK_KEYS))
"""Played on a grid of 16 pictures."""

GOES = tuple(
    step(V, key, lambda now, _, key=key: viewer(now).slides[PICK_KEYS.index(key)].index == viewer(now).index)  # type: ignore[misc]
    for key in PICK_KEYS
    if key != "0"
)
"""The same in the viewer."""

SEARCH: tuple[Step, ...] = (
    step(S, "right", selected(1)),
    step(S, "right", selected(2)),
    step(S, "left", selected(1)),
    step(S, "down", lambda now, before: selected(1 + now.screen.grid.arrangement.columns)(now, before)),  # type: ignore[union-attr]
    step(S, "up", selected(1)),
    step(S, "space", lambda now, _: now.screen.marks == (1,)),
    step(S, "right", selected(2)),
    step(S, "space", lambda now, _: now.screen.marks == (1, 2)),
    step(S, "enter", picked(0, 1)),
    step(S, "u", undone),
    step(S, "U", redone),
    step(S, "u", undone),
    step(S, "shift+u", redone),
    step(S, "n", none_better),
    step(S, "r", rerolled),
    step(S, "right_square_bracket", scaled(2.0)),
    step(S, "left_square_bracket", scaled(0.5)),
    step(S, "right_curly_bracket", scaled(2.0 ** (1 / 3))),
    step(S, "left_curly_bracket", scaled(2.0 ** (-1 / 3))),
    step(S, "b", lambda now, _: now.search.session.bands is Bands.TILT),
    step(S, "a", lambda now, _: now.search.session.axis is Axis.PROMPT),
    step(S, "u", undone),
    step(S, "right", selected(1)),
    step(S, "asterisk", lambda now, _: now.search.is_starred(1) and now.search.session.tree.nodes[-1].is_starred),
    step(S, "y", has_copied_command),
    step(S, "Y", has_copied_path),
    step(S, "asterisk", lambda now, _: not now.search.is_starred(1)),
    step(S, "ctrl+s", lambda now, _: "everything that was picked is saved" in now.screen.notice),
    step(S, "y", has_copied_command),
    step(S, "shift+y", has_copied_path),
    step(S, "tab", comparing(Comparison(is_flipped=True))),
    step(S, "tab", comparing(Comparison())),
    step(S, "d", comparing(Comparison().with_difference())),
    step(S, "d", comparing(Comparison())),
    step(S, "D", lambda now, before: now.screen.are_drafts and now.search.session == before.session),
    step(S, "shift+d", lambda now, before: not now.screen.are_drafts and now.search.session == before.session),
    step(S, "enter", picked(0)),
)

SCREENS: tuple[Step, ...] = (
    step(S, "v", views(PARENT)),
    step(V, "n", views(1)),
    step(V, "shift+right", views(2)),
    step(V, "p", views(1)),
    step(V, "shift+left", views(PARENT)),
    step(V, "right", views(1)),
    step(V, "left", views(PARENT)),
    step(V, "3", views(3)),
    step(V, "tab", lambda now, _: viewer(now).comparison == Comparison(is_flipped=True)),
    step(V, "d", lambda now, _: viewer(now).comparison.is_difference),
    step(V, "d", lambda now, _: not viewer(now).comparison.is_difference),
    step(V, "plus", zoomed(1.5)),
    step(V, "equals_sign", zoomed(2.25)),
    step(V, "right", moved(1, 0)),
    step(V, "left", moved(-1, 0)),
    step(V, "down", moved(0, 1)),
    step(V, "up", moved(0, -1)),
    step(V, "minus", zoomed(1.5)),
    step(V, "minus", zoomed(1.0)),
    step(V, "0", lambda now, _: viewer(now).zoom.factor > 1.0),
    step(V, "question_mark", on(HelpScreen)),
    step(HelpScreen, "escape", on(ViewerScreen)),
    step(V, "f1", on(HelpScreen)),
    step(HelpScreen, "q", on(ViewerScreen)),
    step(V, "escape", selected(3)),
    step(S, "v", views(3)),
    step(V, "v", back),
    step(S, "v", views(3)),
    step(V, "q", back),
    step(S, "v", views(3)),
    step(V, "enter", picked(2)),
    step(S, "h", on(HistoryScreen)),
    step(H, "f1", on(HelpScreen)),
    step(HelpScreen, "escape", on(HistoryScreen)),
    step(H, "question_mark", on(HelpScreen)),
    step(HelpScreen, "escape", on(HistoryScreen)),
    step(H, "s", lambda now, _: cast(HistoryScreen, now.app.screen)._only_starred),
    step(H, "s", lambda now, _: not cast(HistoryScreen, now.app.screen)._only_starred),
    step(H, "f", lambda now, _: not cast(HistoryScreen, now.app.screen)._with_files),
    step(H, "escape", back),
    step(S, "h", on(HistoryScreen)),
    step(H, "h", back),
    step(S, "h", on(HistoryScreen)),
    step(H, "q", back),
    step(S, "h", on(HistoryScreen)),
    step(OptionList, "up", lambda now, _: cast(OptionList, now.app.focused).highlighted == 1),
    step(H, "enter", lambda now, before: now.search.session.place.node == 1 and before.search.place.node == 2),
    step(S, "u", undone),
    step(S, "i", on(InfoScreen)),
    step(InfoScreen, "f1", on(HelpScreen)),
    step(HelpScreen, "escape", on(InfoScreen)),
    step(InfoScreen, "question_mark", on(HelpScreen)),
    step(HelpScreen, "escape", on(InfoScreen)),
    step(InfoScreen, "y", lambda now, _: now.app.clipboard == info_row(now.app, "command")),
    step(InfoScreen, "Y", lambda now, _: now.app.clipboard == info_row(now.app, "file")),
    step(InfoScreen, "y", lambda now, _: now.app.clipboard.startswith("warmer")),
    step(InfoScreen, "shift+y", lambda now, _: now.app.clipboard == info_row(now.app, "file")),
    step(InfoScreen, "escape", back),
    step(S, "i", on(InfoScreen)),
    step(InfoScreen, "i", back),
    step(S, "i", on(InfoScreen)),
    step(InfoScreen, "q", back),
    step(S, "question_mark", on(HelpScreen)),
    step(HelpScreen, "down", scrolled(1)),
    step(HelpScreen, "up", scrolled(0)),
    step(HelpScreen, "question_mark", back),
    step(S, "f1", on(HelpScreen)),
    step(HelpScreen, "f1", back),
    step(S, "e", on(EditScreen)),
    step(EditScreen, "escape", back),
    step(S, "E", on(FilmScreen)),
    step(FilmScreen, "escape", back),
    step(S, "shift+e", on(FilmScreen)),
    step(FilmScreen, "escape", back),
    step(S, "s", on(CopyScreen)),
    step(CopyScreen, "escape", back),
    step(S, "o", on(OpenScreen)),
    step(OpenScreen, "escape", back),
    step(S, "p", on(NewPromptScreen)),
    step(NewPromptScreen, "escape", back),
    step(WarmerApp, "ctrl+z", back),
    step(None, "ctrl+p", lambda now, _: isinstance(now.app.screen, CommandPalette) and "Compare (Tab)" in now.text()),
    step(None, tuple("none is"), lambda now, _: "None is better (n)" in now.text() and "Compare" not in now.text()),
    step(None, ("down", "enter"), lambda now, before: now.app.screen is now.screen and none_better(now, before)),
    step(S, "q", lambda now, _: now.app._exit),
)
