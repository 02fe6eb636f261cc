"""A scripted session as data: a step is a key, whose key it is, and what has to be true after it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

import tui.app
from engine.search.state import Session
from tests.support.tui.driving import Driver
from tui.app.screens.search import SearchScreen
from tui.app.screens.viewer import ViewerScreen
from tui.app.zoom import Zoom


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What was true before a key.

    Attributes:
        session: The session; None without a search.
        selected: The index of the picture under the cursor of the grid.
        screen: The topmost screen.
        focused: The widget that had the focus.
        zoom: What the viewer showed of its picture; all of it without a viewer.
    """

    session: Session | None
    selected: int
    screen: Screen[Any]
    focused: object
    zoom: Zoom

    @property
    def search(self) -> Session:
        """The session, where there is a search."""
        assert self.session is not None
        return self.session


Holds: TypeAlias = Callable[[Driver, Before], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A key and its effect.

    Attributes:
        owner: The class that declares the key; None for a key of Textual's own.
        keys: The key, or the text that is typed.
        holds: What has to become true.
    """

    owner: type[DOMNode] | None
    keys: tuple[str, ...]
    holds: Holds


def step(owner: type[DOMNode] | None, key: str | tuple[str, ...], holds: Holds) -> Step:
    """Return a step of one key, or of several that belong together."""
    return Step(owner=owner, keys=(key,) if isinstance(key, str) else key, holds=holds)


def on(screen: type[Screen[Any]]) -> Holds:
    """The topmost screen is of this class."""
    return lambda now, _: isinstance(now.app.screen, screen)


async def play(driver: Driver, steps: Iterable[Step]) -> None:
    """Press the keys one after the other; an AssertionError names the first one without its effect."""
    for number, each in enumerate(steps):
        await _until_ready(driver)
        screen = driver.app.stage.search
        before = Before(
            session=screen.search.session if screen is not None and screen.search is not None else None,
            selected=screen.grid.selected_index if screen is not None else 0,
            screen=driver.app.screen,
            focused=driver.app.focused,
            zoom=driver.app.screen.zoom if isinstance(driver.app.screen, ViewerScreen) else Zoom(),
        )
        if each.owner is not None:
            assert _takes(driver, each), f"step {number}: {each.owner.__name__} does not take {each.keys} here"
        await driver.press(*each.keys)
        try:
            await driver.until(lambda each=each, before=before: each.holds(driver, before))  # type: ignore[misc]
        except AssertionError as error:
            raise AssertionError(f"step {number}, {each.keys} on {type(before.screen).__name__}: {error}") from error


def declared_keys() -> set[tuple[str, str]]:
    """Return (class, key) of every key that a screen, a widget or the app itself declares."""
    for module in pkgutil.walk_packages(tui.app.__path__, "tui.app."):
        importlib.import_module(module.name)
    owners = [each for each in _subclasses(DOMNode) if each.__module__.startswith("tui.app.")]
    return {
        (owner.__name__, binding.key)
        for owner in owners
        if "BINDINGS" in vars(owner)
        for binding in Binding.make_bindings(owner.BINDINGS)
    }


def pressed_keys(steps: Iterable[Step]) -> set[tuple[str, str]]:
    """Return (class, key) of every key that steps press."""
    return {(each.owner.__name__, key) for each in steps if each.owner is not None for key in each.keys}


async def _until_ready(driver: Driver) -> None:
    """Wait until the search takes keys, and every picture of its grid is finished."""
    if isinstance(driver.app.screen, SearchScreen):
        await driver.until_done()
        await driver.until_keys_count()
        await driver.until(lambda: not driver.search.progress.running)


def _takes(driver: Driver, each: Step) -> bool:
    """Return whether the owner of a step is on the screen, or has the focus."""
    owner = each.owner
    assert owner is not None
    if issubclass(owner, App):
        return True
    return isinstance(driver.app.screen if issubclass(owner, Screen) else driver.app.focused, owner)


def _subclasses(parent: type[DOMNode]) -> Iterator[type[DOMNode]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)
