"""Drafts: candidates that are rendered with fewer steps, until they are picked.

A draft has the noise of its picture and no record.  It is shown in place of the picture, and is never saved.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from engine.rendering.events import Picture
from engine.rendering.requests import RenderJob
from engine.rendering.settings import RenderSettings
from engine.search.grid import PARENT, Grid
from engine.search.grid_work import next_job
from engine.search.session import Session
from engine.search.store import MAX_CACHED_PICTURES
from latentpng.identity import Key
from latentpng.lru import LruCache

SHARE = 0.5
"""The steps of a draft, as a part of those of its picture (docs/drafts.md has the figures)."""
_LEAST = 4
"""Drafts of fewer steps show too little of their pictures, and some schedulers cannot take fewer: PNDM needs four."""
_ALONE = (1, 0)
"""The slot of a picture that is finished for itself: that of a parent."""


def draft_settings(settings: RenderSettings) -> RenderSettings | None:
    """Return the settings of a draft: those of its picture, with fewer steps.

    Args:
        settings: The settings of the picture.

    Returns:
        The settings; None where the picture has too few steps for a draft to save any.
    """
    steps = max(_LEAST, round(SHARE * settings.num_inference_steps))
    return replace(settings, num_inference_steps=steps) if steps < settings.num_inference_steps else None


# A picture that is finished before the others is rendered alone, as a parent is.  So it costs no more than itself, and
# has the bits that it would have if it had been picked before it was rendered.
def split(job: RenderJob, whole: Collection[int]) -> tuple[RenderJob, ...]:
    """Return the jobs that render drafts in place of most pictures of a job.

    Args:
        job: The job, with the settings of the pictures.
        whole: The indices of the pictures that are rendered in full; they come first.

    Returns:
        One job for these and one for the drafts, or one of both; the job as it is where drafts save nothing.
    """
    settings = draft_settings(job.settings)
    if settings is None:
        return (job,)
    alone = tuple(replace(task, slot=_ALONE) for task in job.tasks if task.index in whole)
    others = tuple(task for task in job.tasks if task.index not in whole)
    drafts = replace(job, job=next_job(), tasks=others, settings=settings, is_draft=True)
    return tuple(each for each in (replace(job, tasks=alone), drafts) if each.tasks)


class Drafts:
    """The drafts of a running search that are known, and which pictures of a grid are drafts.

    Attributes:
        are_on: Whether candidates are rendered as drafts where that saves steps.
    """

    def __init__(self, *, are_on: bool, memory: int) -> None:
        """Know no draft yet.

        Args:
            are_on: Whether candidates are rendered as drafts.
            memory: The bytes of pixels of drafts that stay in memory.
        """
        self.are_on = are_on
        self._known: LruCache[Key, Picture] = LruCache(max_size=memory, max_entries=MAX_CACHED_PICTURES)
        self._wanted: set[Key] = set()
        self._can_save = False

    @property
    def are_made(self) -> bool:
        """Whether candidates are rendered as drafts with the settings of the grid on offer."""
        return self.are_on and self._can_save

    def show(self, session: Session, grid: Grid, settings: RenderSettings) -> None:
        """Begin with a different grid on offer; its starred candidates are rendered in full.

        Args:
            session: The session that offers it.
            grid: The grid.
            settings: The settings of its pictures.
        """
        self._can_save = draft_settings(settings) is not None
        self._wanted.update({node.key for node in session.tree.nodes if node.is_starred}.intersection(grid.keys))

    def switch(self, are_on: bool) -> bool:
        """Turn drafts on or off, and return whether the grid on offer has to be finished because of that."""
        were_made, self.are_on = self.are_made, are_on
        return were_made and not self.are_made

    def want(self, grid: Grid, index: int) -> bool:
        """Want a picture of a grid in full, and return whether it would have been a draft."""
        is_draft = self._is_draft(grid, index)
        self._wanted.add(grid.keys[index])
        return is_draft

    def get(self, key: Key) -> Picture | None:
        """Return the draft of a picture; None where it is not known."""
        return self._known.get(key)

    def add(self, key: Key, picture: Picture, *, protected: Collection[Key]) -> None:
        """Keep a draft in memory, and forget the least recently used ones.

        Args:
            key: The key of the picture.
            picture: Its draft.
            protected: The keys of drafts that are not forgotten.
        """
        self._known.put(key, picture, size=len(picture.rgb), protected=protected)

    def demote(self, key: Key) -> None:
        """Let a draft be the next one that is forgotten."""
        self._known.demote(key)

    def stands_in(self, grid: Grid, index: int) -> bool:
        """Return whether the draft of a picture is in memory and is shown in its place until it is picked."""
        return self._is_draft(grid, index) and grid.keys[index] in self._known

    def jobs(self, grid: Grid, job: RenderJob) -> tuple[RenderJob, ...]:
        """Return the jobs that render pictures of a grid.

        Args:
            grid: The grid; it has the settings of the one on offer.
            job: The job that renders them in full.
        """
        whole = [task.index for task in job.tasks if self._is_whole(grid, task.index)]
        return split(job, whole) if self.are_made else (job,)

    def _is_draft(self, grid: Grid, index: int) -> bool:
        return self.are_made and not self._is_whole(grid, index)

    def _is_whole(self, grid: Grid, index: int) -> bool:
        return index == PARENT or grid.keys[index] in self._wanted
