"""The part of a running search that renders what nobody waits for, once the grid on the screen is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.rendering.requests import PictureTask, RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.facts import SearchFacts
from engine.search.forecast import Attention, ranks_of
from engine.search.grid import PARENT
from engine.search.measuring import distances
from engine.search.thumbnails import LOW_PRIORITY, Thumbnails

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latentpng.identity import Key


class IdleSearch(SearchFacts):
    """What `engine.search.running.Search` does while the person looks: grids ahead of an answer, and thumbnails."""

    _root_tensor: NDArray[np.float16] | None
    _thumbnails: Thumbnails
    _stopped: bool
    _ranks: tuple[tuple[Key, ...], tuple[float, ...]] = ((), ())

    def render_thumbnails(self, nodes: tuple[int, ...], *, by_hand: bool = False) -> None:
        """Render pictures of the tree that are neither in memory nor on disk, once the grid is finished.

        Those that need a different model or size than the grid are left out.  They stay in memory and are not saved.
        The next answer cancels it, and so does a later call of the same kind for what has not begun.

        Args:
            nodes: The indices of their nodes, the most wanted first.
            by_hand: Render them before grids that are rendered ahead, because the person waits for them; () for none
                any more.
        """
        self._thumbnails.want(nodes, by_hand=by_hand)
        self._begin_idle()

    def look_at(self, index: int, marks: tuple[int, ...] = ()) -> None:
        """Render ahead first what the person looks at.

        Args:
            index: The index of the picture under the cursor, once it has rested there for a moment.
            marks: The indices of the marked candidates.
        """
        self._ahead.look_at(Attention(index=index, marks=marks))
        self._begin_idle()

    def set_ahead(self, grids: int) -> None:
        """Set how many grids are rendered ahead of an answer; 0 stops it, and keeps what is rendered.

        Those that `look_at` asks for count as well, and are rendered even if there are more of them, unless it is 0.
        """
        self._ahead.grids = grids
        if not grids:
            self._ahead.cancel()
        self._begin_idle()

    def set_count(self, candidates: int) -> None:
        """Note how many candidates fit on the screen now: the grids that are rendered ahead have as many."""
        if self._ahead.set_count(candidates):
            self._begin_idle()

    def stand_aside(self) -> None:
        """Let jobs go first that something else has just sent to the renderer because the person asked for it."""
        self._ahead.cancel()
        self._begin_idle()

    def _begin_idle(self) -> None:
        """Render what is wanted most of what nobody waits for, unless the grid is not complete."""
        if self._stopped or self.is_loading or self.progress.running or self.failure:
            return
        if self._thumbnails.is_by_hand:
            self._thumbnails.render(self.session.tree, self._settings_here)
        if self._thumbnails.is_by_hand:  # still: some of them can be rendered here
            self._ahead.cancel()
        elif self._goes_ahead():
            self._thumbnails.interrupt()
        else:
            self._thumbnails.render(self.session.tree, self._settings_here)

    def _goes_ahead(self) -> bool:
        """Begin to render a grid ahead, unless one is being rendered; return whether one is."""
        steps, is_complete = self.settings.num_inference_steps, self._pictures.is_complete(self._grid)
        return is_complete and self._ahead.is_on and self._ahead.go_on(self.session, self._ranks_here(), steps)

    def _ranks_here(self) -> tuple[float, ...]:
        """Return the rank of each candidate by how different it looks from the parent; the grid is complete."""
        if self._ranks[0] != self._grid.keys:
            found = [self.picture_or_draft(index) for index in range(self.size)]
            pictures = [picture for picture in found if picture is not None]
            self._ranks = self._grid.keys, ranks_of(distances(pictures[PARENT], pictures[PARENT + 1 :]))
        return self._ranks[1]

    @property
    def _known_ranks(self) -> tuple[float, ...]:
        """The ranks of the candidates on offer, as far as they were needed; () if not."""
        return self._ranks[1] if self._ranks[0] == self._grid.keys else ()

    def _thumbnail_job(self, settings: RenderSettings, job: int, tasks: tuple[PictureTask, ...]) -> RenderJob:
        return RenderJob(job=job, tasks=tasks, settings=settings, root_tensor=self._root_tensor, priority=LOW_PRIORITY)
