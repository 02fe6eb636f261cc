"""Which main screen is shown, the start screen, a photograph or the search, and what is handed down to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from textual.app import App

from tui.app.model_load import ModelLoad
from tui.app.screens.start import StartScreen
from tui.app.widgets.line import TextLine

if TYPE_CHECKING:
    from tui.app.screens.photo import PhotoScreen
    from tui.app.screens.search import SearchScreen

    MainScreen: TypeAlias = StartScreen | PhotoScreen | SearchScreen


@runtime_checkable
class Question(Protocol):
    """A screen over the main screen that asks for something to open."""

    def refuse(self, sentence: str) -> None:
        """Say why it cannot be opened."""


@runtime_checkable
class AsksForPrompt(Protocol):
    """A screen that asks for the prompt of a new search."""

    def say_model(self, name: str) -> None:
        """Say which model a new search uses."""


class Stage:
    """The screens of an app: one main screen, and perhaps questions, the viewer or the help over it."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._main: MainScreen | None = None
        self._search: SearchScreen | None = None
        self._photo: PhotoScreen | None = None
        self._load = ModelLoad()

    @property
    def main(self) -> MainScreen | None:
        """The main screen, also when others cover it; None while it is being replaced."""
        return self._main if self._main in self._app.screen_stack else None

    @property
    def start(self) -> StartScreen | None:
        """The start screen, if it is the main screen."""
        return self.main if isinstance(self.main, StartScreen) else None

    @property
    def search(self) -> SearchScreen | None:
        """The search, if it is the main screen."""
        return self._search if self.main is self._search else None

    @property
    def photo(self) -> PhotoScreen | None:
        """The photograph, if it is the main screen."""
        return self._photo if self.main is self._photo else None

    @property
    def cut_message(self) -> str:
        """The message of the main screen when it is too long for its status line; else ""."""
        lines = self.main.query("#status").results(TextLine) if self.main is not None else ()
        return next((line.words for line in lines if line.is_cut), "")

    async def show(self, screen: MainScreen) -> None:
        """Show a main screen on an empty stage."""
        self._main = screen
        await self._app.push_screen(screen)
        screen.model_load = self._load

    async def show_search(self, screen: SearchScreen) -> None:
        """Show a search on an empty stage."""
        self._search = screen
        await self.show(screen)

    async def show_photo(self, screen: PhotoScreen) -> None:
        """Show a photograph on an empty stage."""
        self._photo = screen
        await self.show(screen)

    async def clear(self) -> None:
        """Close every screen."""
        while len(self._app.screen_stack) > 1:
            # Textual cancels the workers of a screen when its widgets are gone already, which they may look for.
            self._app.workers.cancel_node(self._app.screen)
            await self._app.pop_screen()

    def hand_down(self, load: ModelLoad) -> None:
        """Tell the main screen, and those that come after it, how far the loading of the model is."""
        self._load = load
        if self.main is not None:
            self.main.model_load = load

    def offer(self, examples: tuple[str, ...]) -> None:
        """Show prompts that suit the model, on the start screen."""
        if self.start is not None:
            self.start.examples = examples

    def say(self, sentence: str) -> None:
        """Show a sentence on the status line of the main screen."""
        if self.main is not None:
            self.main.notice = sentence

    def refuse(self, sentence: str) -> None:
        """Say why something cannot be opened, in the question for it, else on the main screen."""
        question = self._app.screen
        if isinstance(question, Question):
            question.refuse(sentence)
        else:
            self.say(sentence)
