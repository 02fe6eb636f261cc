"""The search: one grid after another.  Keys become answers; events become pictures, captions and one status line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from engine.errors import InvalidRequestError
from engine.rendering.events import Event, JobFailed, LoadingProgressed, ModelReady, PictureRendered
from engine.search.answers import Answer, NoneBetter, Picked, Rebanded, Redirected, Rerolled, Rescaled, Undone
from engine.search.axis import Axis
from engine.search.bands import Bands
from engine.search.running import PARENT, Beginning, Search
from engine.search.session import can_undo
from engine.search.store import Finished
from latentpng.errors import InvalidValueError
from latentpng.text import plain
from tui.app import phrases
from tui.app.messages import PlaceChosen
from tui.app.widgets.grid import PictureGrid

if TYPE_CHECKING:
    from tui.app.app import WarmerApp

MAX_MARKS = 3
BAND_CYCLE = (Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL)


class SearchScreen(Screen[None]):
    """A search; before the model is ready it shows the parent alone, if there is one."""

    app: WarmerApp

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(digit), f"pick({digit})", "pick", show=digit == 1, key_display="1-9") for digit in range(1, 10)),
        Binding("n", "none_better", "none better"),
        Binding("question_mark", "app.help", "help", key_display="?"),
        Binding("q", "app.quit", "quit"),
        Binding("u", "undo", "undo"),
        Binding("r", "reroll", "reroll"),
        Binding("left_square_bracket", "rescale(0.5)", "scale", key_display="[ ]"),
        Binding("right_square_bracket", "rescale(2.0)", "farther", key_display="]", show=False),
        Binding("b", "bands", "bands"),
        Binding("a", "axis", "axis"),
        Binding("space", "mark", "mark", key_display="␣"),
        Binding("enter", "choose", "pick selected, or blend marked", show=False),
        Binding("v", "view", "view"),
        Binding("s", "save", "save"),
        Binding("o", "app.open", "open"),
        Binding("p", "app.start", "prompt"),
        Binding("left", "move(-1, 0)", "move", show=False),
        Binding("right", "move(1, 0)", "move", show=False),
        Binding("up", "move(0, -1)", "move", show=False),
        Binding("down", "move(0, 1)", "move", show=False),
    ]

    def __init__(self, beginning: Beginning) -> None:
        super().__init__()
        self.beginning = beginning
        self.search: Search | None = None
        self.marks: tuple[int, ...] = ()
        self._notice = "starting"
        self._written: dict[str, str] = {}
        self._begun_at = time.monotonic()

    def compose(self) -> ComposeResult:
        yield Static(Content(f" {plain(self.beginning.settings.prompt, limit=300)}"), id="prompt", markup=False)
        yield PictureGrid()
        yield Static("", id="where", markup=False)
        yield Static("", id="status", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    async def on_mount(self) -> None:
        await self.grid.lay_out(self.app.places)
        if self.beginning.known:
            self.grid.show(PARENT, self.beginning.known.picture)
        self._say_status()
        self.set_interval(0.5, self._say_status)

    @property
    def grid(self) -> PictureGrid:
        """The pictures."""
        return self.query_one(PictureGrid)

    async def begin(self, search: Search) -> None:
        """The model is ready and the first grid is on its way."""
        self.search = search
        self._notice = ""
        await self._show_round()

    async def take(self, event: Event) -> None:
        """News from the renderer."""
        match event:
            case LoadingProgressed(stage=stage):
                self._notice = stage
            case JobFailed(job=job, sentence=sentence) if job < 0:
                self._notice = f"{sentence}; r tries again, o opens another picture"
            case ModelReady():
                self._notice = ""
            case PictureRendered(warning=warning) if warning:
                self._notice = warning
        if self.search is not None:
            place = self.search.handle(event)
            if place is not None:
                self._show_place(place)
            self._say_captions()
        self._say_status()

    def trouble(self, sentence: str) -> None:
        """Something went wrong that the person has to know."""
        self._notice = sentence
        self._say_status()

    async def action_pick(self, digit: int) -> None:
        if digit <= len(self.grid.order) and self.app.keys_count:
            await self.choose(self.grid.order[digit - 1])

    async def on_place_chosen(self, message: PlaceChosen) -> None:
        if message.place == self.grid.selected_place:
            await self.choose(message.place)
        elif message.place in self.grid.order:
            self.grid.select(message.place)

    async def action_choose(self) -> None:
        if self.marks:
            await self._tell(Picked(marks=tuple(place - 1 for place in self.marks)))
        else:
            await self.choose(self.grid.selected_place)

    async def action_none_better(self) -> None:
        await self._tell(NoneBetter())

    async def action_reroll(self) -> None:
        if self.search is None:
            self.app.load_again()
        elif self.search.failure:
            self.search.ask_again()
            await self._show_round()
        else:
            await self._tell(Rerolled())

    async def action_undo(self) -> None:
        before = self.search.session if self.search is not None else None
        await self._tell(Undone())
        if self.search is not None and self.search.session is not before and not self.search.progress.running:
            self.trouble("undone")

    async def action_rescale(self, factor: float) -> None:
        await self._tell(Rescaled(factor=factor))

    async def action_bands(self) -> None:
        if self.search is not None and self.search.session.axis is Axis.PROMPT:
            self.trouble("only the prompt moves, which has neither layout nor detail: a lets the noise move")
        elif self.search is not None:
            now = self.search.session.bands
            following = BAND_CYCLE[(BAND_CYCLE.index(now) + 1) % len(BAND_CYCLE)] if now in BAND_CYCLE else Bands.ALL
            await self._tell(Rebanded(bands=following))

    async def action_axis(self) -> None:
        if self.search is not None:
            axes = list(Axis)
            following = axes[(axes.index(self.search.session.axis) + 1) % len(axes)]
            await self._tell(Redirected(axis=following))

    def action_mark(self) -> None:
        place = self.grid.selected_place
        if self.search is None:
            return
        if place == PARENT:
            self.trouble("the parent cannot be marked: mark candidates, then Enter blends them")
        elif place in self.marks:
            self.marks, self._notice = tuple(mark for mark in self.marks if mark != place), ""
        elif len(self.marks) < min(MAX_MARKS, len(self.search.plan.candidates) - 1):
            self.marks, self._notice = (*self.marks, place), ""
        else:
            self.trouble(f"{len(self.marks)} are marked, more blend into mud: Enter blends them, Space takes one back")
        self._say_captions()
        self._say_status()

    def action_move(self, columns: int, rows: int) -> None:
        self.grid.move(columns, rows)

    def action_view(self) -> None:
        self.app.view(self)

    def action_save(self) -> None:
        finished = self.finished(self.grid.selected_place)
        if finished is None:
            self.trouble("this picture is not done yet: save it when it is")
        else:
            self.app.save_as(finished)

    def finished(self, place: int) -> Finished | None:
        """The finished picture at a place."""
        if self.search is None:
            return self.beginning.known if place == PARENT else None
        return self.search.finished(place)

    async def choose(self, place: int) -> None:
        """Picks a place; the parent's own means that none is better."""
        await self._tell(NoneBetter() if place == PARENT else Picked(marks=(place - 1,)))

    async def _tell(self, answer: Answer) -> None:
        if self.search is None:
            if not self.app.load_failed:
                self.trouble("the model is still loading; the keys work as soon as it is ready")
            return
        if isinstance(answer, NoneBetter) and self.search.session.at_floor:
            self.trouble("the scale is at its floor: candidates no longer differ; q finishes, ] goes farther, u undoes")
            return
        try:
            self.search.tell(answer, candidates=self.app.places - 1)
        except (InvalidRequestError, InvalidValueError) as error:
            self.trouble(str(error))
            return
        self._notice = ""
        await self._show_round()

    async def _show_round(self) -> None:
        """A new grid: everything that is known at once, the rest as it comes."""
        if self.search is None:
            return
        self.marks = ()
        self._begun_at = time.monotonic()
        with self.app.batch_update():
            await self.grid.lay_out(self.search.size)
            self.grid.select(PARENT)
            for place in range(self.search.size):
                self._show_place(place)
            self._say_captions()
            self._say_status()

    def _show_place(self, place: int) -> None:
        if self.search is None:
            return
        finished, preview = self.search.finished(place), self.search.preview(place)
        if finished is not None:
            self.grid.show(place, finished.picture)
        else:
            self.grid.show(place, preview, preview=True)

    def _say_captions(self) -> None:
        if self.search is None:
            return
        for position, place in enumerate(self.grid.order):
            self.grid.say(
                place,
                phrases.caption(
                    position,
                    place,
                    fraction=self.search.progress.steps_done.get(place, 0.0),
                    done=self.search.finished(place) is not None,
                    marked=place in self.marks,
                ),
            )

    def _say_status(self) -> None:
        if self.search is None:
            self._status(self._notice)
            return
        session, progress = self.search.session, self.search.progress
        self._write("#where", phrases.search_words(session))
        left = phrases.seconds_left(progress, time.monotonic() - self._begun_at)
        words = self.search.failure and f"{self.search.failure}; r tries again"
        words = words or self._notice or phrases.progress_words(progress, left) or self._invitation()
        self._status(words)

    def _invitation(self) -> str:
        undo = ", u undoes" if self.search is not None and can_undo(self.search.session) else ""
        if self.marks:
            return f"Enter blends the {len(self.marks)} marked" if len(self.marks) > 1 else "Enter picks the marked one"
        return f"pick the better one by its digit, n when none is better{undo}"

    def _status(self, words: str) -> None:
        self._write("#status", plain(words, limit=400))

    def _write(self, where: str, words: str) -> None:
        """One line, when it is another: events come many times a second."""
        if self._written.get(where) != words:
            wraps = max(len(words), len(self._written.get(where, ""))) >= self.size.width
            self._written[where] = words
            self.query_one(where, Static).update(Content(f" {words}"), layout=wraps)
