"""The half of a running search that renders the grid on offer and takes in what was rendered."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from engine.rendering.events import Event, Picture
from engine.rendering.requests import RenderJob
from engine.search.choosing import plan_of
from engine.search.first_grid import ChoicePlan
from engine.search.grid import PARENT, Grid
from engine.search.grid_work import next_job
from engine.search.idle import IdleSearch
from engine.search.session import Session, decided, with_floor, with_octaves
from engine.search.store import Finished
from latentpng.identity import Key


class GridOnOffer(IdleSearch):
    """What `engine.search.running.Search` does with a grid; nothing here is called from outside."""

    _keep_all: bool

    def _set(self, session: Session) -> None:
        self.session = session
        self._grid = Grid.of(session)
        self._pictures.show(self._grid)
        self._drafts.show(session, self._grid, self.settings)
        self._observer.show(self.variant.load.load_key, session)
        self._learn_floor()

    def _go(self, session: Session) -> None:
        """Show the grid of a session; InvalidRequestError when it cannot be rendered here."""
        self._variants.of(session)
        if session.place is not self.session.place:  # else it jumped to where it is
            self._cancel()
            self._ahead.leave(self.session, session, self._known_ranks)
            self._set(session)
            self._set_out()

    def _set_out(self) -> None:
        """Render the grid, or first ask for its model and meanwhile show what is known."""
        if self._model.need(self.variant.load):
            self._submit()
        elif self.is_loading:
            self._ahead.cancel()
            files, _ = self._pictures.missing(self._grid)
            self._work.begin(files, ())
            self._save_parent()

    def _submit(self) -> None:
        """Read or render what is not known yet, the parent first."""
        session = with_octaves(self.session, self._model.octaves, self._model.sides)
        plan = plan_of(session, self.settings.num_inference_steps)
        self._set(decided(session) if plan is None else session)
        files, others = self._pictures.missing(self._grid)
        begun = self._ahead.hand_over(self._grid, (*files, *others))
        if begun is not None:
            self._work.take_over(begun)
        elif plan is None:
            self._work.begin(files, others)
        else:
            self._choose(plan, {PARENT: files[PARENT]} if PARENT in files else {}, [PARENT] if PARENT in others else [])
        self._save_parent()
        for index in self._ahead.first_seen(self._grid):
            if (found := self.finished(index)) is not None:
                self._take(index, found)
            elif (draft := self.draft(index)) is not None:
                self._take_draft(index, draft)
        self._begin_idle()

    # The parent is rendered first: previews take their colours from the first finished picture.
    def _choose(self, plan: ChoicePlan, files: dict[int, tuple[Key, Path]], others: list[int]) -> None:
        """Render the parent, and begin to choose the candidates."""
        later = self._jobs(range(1, self.size))
        self._work.begin(files, others, later=later, ahead=(plan.of, plan.stop_after))
        self._choosing.begin(self.session, plan, self._job_of(self._grid, ()), later[-1].settings.num_inference_steps)

    def _handle_choice(self, event: Event, index: int | None) -> int | None:
        """Take in an event while candidates are being chosen, and return the index of the picture that changed."""
        mark, offered = self._choosing.handle(event), self.session.place.marks
        if mark is not None and mark in offered:
            index = 1 + offered.index(mark)
            self._work.previews[index] = self._choosing.predictions[mark]
        elif self.failure:
            self._choosing.cancel()
        elif self._choosing.is_end(event):
            self._decide()
        return index

    def _decide(self) -> None:
        """Offer the candidates that were chosen, and render them."""
        seen = dict(self._choosing.predictions)
        self._set(decided(self.session, self._choosing.end()))
        self._work.begin(*self._pictures.missing(self._grid))
        marks = enumerate(self.session.place.marks, start=1)
        self._work.previews.update({index: seen[mark] for index, mark in marks if mark in seen})
        self._save_parent()

    def _render_again(self) -> None:
        """Render what is missing of the grid, after it changed which pictures are rendered in full and which first."""
        _, others = self._pictures.missing(self._grid)
        if others and not self.is_loading and not self._choosing.is_running:
            self._ahead.cancel()
            self._thumbnails.interrupt()
            self._work.render_again(others)

    def _cancel(self) -> None:
        self._work.cancel()
        self._choosing.cancel()
        self._thumbnails.cancel()

    def _take(self, index: int, finished: Finished) -> None:
        self._pictures.add(self._grid.keys[index], finished)
        self._variants.note(self.session, finished.record)
        if self._observer.take(index, self._picture_of):
            self._learn_floor()
        if index == PARENT:
            self._save_parent()
        elif self._keep_all or self.is_starred(index):
            self._pictures.save(self.session, [self._grid.keys[index]])

    def _take_draft(self, index: int, picture: Picture) -> None:
        self._pictures.add_draft(self._grid.keys[index], picture)
        if self._observer.take(index, self._draft_of, are_drafts=True):
            self._learn_floor()

    def _draft_of(self, index: int) -> Picture | None:
        """Return the draft of a picture of the grid, even if it is finished."""
        return self._drafts.get(self._grid.keys[index])

    def _picture_of(self, index: int) -> Picture | None:
        finished = self.finished(index)
        return None if finished is None else finished.picture

    def _learn_floor(self) -> None:
        """Keep the scale of the next answers above what can be seen."""
        self.session = with_floor(self.session, self.law.floor)

    def _save_parent(self) -> None:
        """Save the parent, which is what was picked, and the journal, at once."""
        self._pictures.save(self.session, [self._grid.keys[PARENT]])

    def _forget_file(self, index: int) -> None:
        self._pictures.forget_file(self._grid.keys[index])

    def _jobs(self, indices: Collection[int]) -> tuple[RenderJob, ...]:
        """Return the jobs that render pictures of the grid, as drafts or in full."""
        return self._jobs_of(self._grid, indices)

    def _jobs_of(self, grid: Grid, indices: Collection[int]) -> tuple[RenderJob, ...]:
        """Return the jobs that render pictures of a grid that has the settings of the one on offer."""
        return self._drafts.jobs(grid, self._job_of(grid, indices))

    def _job_of(self, grid: Grid, indices: Collection[int]) -> RenderJob:
        return RenderJob(
            job=next_job(),
            tasks=grid.tasks(indices),
            settings=self.settings,
            root_tensor=self._root_tensor,
            previews=True,
        )
