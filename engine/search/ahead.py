"""Renders grids before they are asked for: while a grid is complete and the person looks, those it may lead to.

At most one grid is rendered at a time, by the very jobs that the search would ask for if the answer came: so the bits
of its pictures are the same.  An answer either takes that work over, or cancels it before anything else is asked for.
Nothing of a guess is written to disk, and a guess that cannot be rendered is no failure of the search.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from engine.rendering.events import DraftRendered, Event, PictureRendered
from engine.rendering.renderer import Renderer
from engine.rendering.requests import RenderJob
from engine.search.answers import Answer
from engine.search.forecast import (
    Attention,
    answer_of,
    chances_of,
    forecast,
    likely_answers,
    picked_positions,
)
from engine.search.grid import Grid
from engine.search.grid_work import GridWork
from engine.search.pictures import SearchPictures
from engine.search.saved_pictures import SavedPictures
from engine.search.session import Session, with_count
from engine.search.store import Finished
from latentpng.identity import Key

AUTO_GRIDS = 4
"""How many grids are rendered ahead unless the person says otherwise (docs/ahead.md has the figures)."""
AHEAD_PRIORITY = -2
"""Below thumbnails and films."""
_MAX_FAILURES = 3
"""Failures, one after the other, after which nothing is rendered ahead in this search: a worker that dies takes its
model along each time."""
_NEARLY_DONE = 0.75
"""A grid of which so much is rendered is finished before one that is more likely now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Guess:
    """A grid that is being rendered ahead."""

    grid: Grid
    work: GridWork


class WorkAhead:
    """The grids that are rendered ahead, and what is known about them.

    Attributes:
        grids: How many grids are rendered ahead of an answer, unless the person's attention was on more.
    """

    def __init__(
        self,
        renderer: Renderer,
        pictures: SearchPictures,
        saved: SavedPictures,
        jobs_of: Callable[[Grid, Collection[int]], Sequence[RenderJob]],
    ) -> None:
        """Render nothing yet.

        Args:
            renderer: What renders.
            pictures: Where finished pictures are kept.
            saved: What reads files.
            jobs_of: Returns the jobs that the search would ask for, given a grid and indices in it.
        """
        self.grids = 0
        self._renderer, self._pictures, self._saved, self._jobs_of = renderer, pictures, saved, jobs_of
        self._attention = Attention()
        self._guess: _Guess | None = None
        self._begun: set[tuple[Key, ...]] = set()
        self._ended: set[tuple[Key, ...]] = set()
        self._is_paused, self._failures = False, 0
        self._unseen: set[Key] = set()
        self._picked: dict[Key, tuple[float, ...]] = {}
        self._leads: tuple[Session | None, dict[Answer, Grid | None]] = (None, {})
        self._count = 0

    @property
    def is_on(self) -> bool:
        """Whether grids are rendered ahead: after a failure not before the next answer, after three in a row never."""
        return self.grids > 0 and not self._is_paused

    def look_at(self, attention: Attention) -> None:
        """Render first what the person looks at, from the next `go_on` on."""
        self._attention = attention

    def set_count(self, candidates: int) -> bool:
        """Set the number of candidates of the next grid, and return whether it was a different one before.

        What is being rendered has as many candidates as before, so it is given up then.
        """
        if candidates == self._count:
            return False
        self._count, self._leads = candidates, (None, {})
        self.forget()
        return True

    def go_on(self, session: Session, ranks: Sequence[float], steps: int) -> bool:
        """Begin to render what is most wanted now, and return whether anything is being rendered ahead.

        What the person looks at replaces another grid, unless that is nearly done.

        Args:
            session: The session; its grid is complete.
            ranks: The rank of each of its candidates (`engine.search.forecast.ranks_of`).
            steps: The number of denoising steps of a picture.
        """
        attended, likely = self._wanted(session, ranks, steps)
        fitting = (*attended, *likely)[: self._pictures.expect([*attended, *likely])]
        first = next((grid for grid in fitting if grid.keys not in self._ended and self._is_missing(grid)), None)
        is_attended = any(first is grid for grid in attended)
        if self._guess is not None:
            is_nearly_done = self._guess.work.progress.fraction >= _NEARLY_DONE
            if first is None or not is_attended or first.keys == self._guess.grid.keys or is_nearly_done:
                return True
            self.cancel()
        if first is None:
            return False
        self._begun.add(first.keys)
        self._begin(first)
        return True

    def handle(self, event: Event) -> Key | None:
        """Take in an event, and return the key of the picture that is there now; None for none, or another job's."""
        guess = self._guess
        if guess is None:
            return None
        index = guess.work.handle(event)
        key = guess.grid.keys[index] if index is not None else None
        if isinstance(event, PictureRendered) and key is not None:
            self._unseen.add(key)
            self._pictures.add(key, Finished(picture=event.picture, record=event.record))
        if isinstance(event, DraftRendered) and key is not None:
            self._unseen.add(key)
            self._pictures.add_draft(key, event.picture)
        if not guess.work.progress.running:
            self._is_paused = bool(guess.work.failure)
            self._failures = self._failures + 1 if self._is_paused else 0
            self._ended.add(guess.grid.keys)
            self._guess = None
        return key if isinstance(event, PictureRendered) else None

    def leave(self, before: Session, after: Session, ranks: Sequence[float]) -> None:
        """Take in an answer: learn from it, and begin anew with the next grid.

        Args:
            before: The session whose grid was answered.
            after: The session after the answer.
            ranks: The rank of each candidate of that grid; empty where it is not known.
        """
        if ranks and (positions := picked_positions(before, after)):
            self._picked[after.node.key] = tuple(ranks[position] for position in positions)
        self._attention, self._is_paused = Attention(), self._failures >= _MAX_FAILURES
        self._begun, self._ended = set(), set()

    def hand_over(self, grid: Grid, missing: Collection[int]) -> GridWork | None:
        """Return the work on the grid that is asked for now, if it has begun; any other is cancelled.

        Args:
            grid: The grid.
            missing: The indices of its pictures that are not in memory.
        """
        guess = self._guess
        if guess is not None and guess.grid.keys == grid.keys and guess.work.will_bring(missing):
            self._guess = None
            return guess.work
        self.cancel()
        return None

    def first_seen(self, grid: Grid) -> tuple[int, ...]:
        """Return the indices of the pictures of a grid that were rendered ahead and are in memory, once for each."""
        unseen = [index for index, key in enumerate(grid.keys) if key in self._unseen]
        self._unseen.difference_update(grid.keys)
        return tuple(index for index in unseen if self._pictures.is_there(grid, index))

    def cancel(self) -> None:
        """Stop rendering; what was rendered is kept, and later events are ignored."""
        if self._guess is not None:
            self._guess.work.cancel()
            self._guess = None

    def forget(self) -> None:
        """Stop, and render every grid again that is not complete: drafts no longer stand for pictures."""
        self.cancel()
        self._begun, self._ended = set(), set()

    def is_ready(self, session: Session, index: int, steps: int) -> bool:
        """Return whether the grid that choosing a picture leads to is in memory.

        Args:
            session: The session.
            index: The index of the picture in its grid.
            steps: The number of denoising steps of a picture.
        """
        grid = self._leads_to(session, answer_of(index), steps)
        return grid is not None and not self._is_missing(grid)

    def _wanted(self, session: Session, ranks: Sequence[float], steps: int) -> tuple[list[Grid], list[Grid]]:
        """Return the grids that the person's attention leads to, and the likely ones that may be rendered, too."""
        way = session.tree.path(session.place.node)
        picked = [rank for node in way for rank in self._picked.get(session.tree.nodes[node].key, ())]
        attended = self._attention.answers
        others = (answer for answer in likely_answers(session, chances_of(ranks, picked)) if answer not in attended)
        first, likely = (
            [grid for answer in answers if (grid := self._leads_to(session, answer, steps)) is not None]
            for answers in (attended, others)
        )
        new = [grid for grid in likely if grid.keys not in self._begun and self._is_missing(grid)]
        too_many = new[max(0, self.grids - len(self._begun)) :]
        return first, [grid for grid in likely if grid not in too_many]

    def _leads_to(self, session: Session, answer: Answer, steps: int) -> Grid | None:
        """Return the grid that an answer leads to, computed once for a session."""
        if self._leads[0] is not session:
            self._leads = session, {}
        known = self._leads[1]
        if answer not in known:
            known[answer] = forecast(with_count(session, self._count or session.count), answer, steps)
        return known[answer]

    def _is_missing(self, grid: Grid) -> bool:
        return not self._pictures.is_complete(grid)

    def _begin(self, grid: Grid) -> None:
        work = GridWork(
            self._renderer,
            self._saved,
            jobs_of=lambda indices: [replace(job, priority=AHEAD_PRIORITY) for job in self._jobs_of(grid, indices)],
            on_unreadable=lambda index: self._pictures.forget_file(grid.keys[index]),
        )
        self._guess = _Guess(grid=grid, work=work)
        work.begin(*self._pictures.missing(grid))
