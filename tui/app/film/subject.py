"""What an export shows: the way to the parent of a search, as far as the loaded model can render it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from engine.film.frames import film_size
from engine.film.known import read_known
from engine.film.output import FilmOutput
from engine.film.plan import FilmPlan, plan_film
from engine.film.timing import Timing
from engine.film.way import way_of
from engine.rendering.requests import PictureTask, RenderJob
from engine.search.running import Search, next_job
from engine.search.variants import Variant
from tui.app.film.state import FilmChoices, FilmKind

if TYPE_CHECKING:
    from engine.rendering.events import Picture
    from engine.search.store import Finished

PRIORITY = -1
"""Of the jobs: what the grid still needs comes first."""


class FilmSubject:
    """The way to a picture of a search; it does not change while the search goes on.

    Attributes:
        way: The way, as far as it can be shown.
        notice: What is left out, as a sentence; "" for nothing.
    """

    def __init__(self, search: Search, parent: Finished) -> None:
        """Look at what can be rendered, and what is there.

        Args:
            search: The search.
            parent: The picture of its parent.
        """
        self._record = parent.record
        whole = way_of(parent.record.lineage)
        tree = search.session.tree
        nodes = {tree.nodes[node].rounds: node for node in tree.path(search.session.place.node)}
        self._variants: dict[int, Variant] = {}
        self._known: dict[int, Callable[[], Picture]] = {}
        for stop in whole.stops:
            node = nodes.get(stop.rounds)
            if node is None:
                continue
            variant = search.variant_of(node)
            if variant is not None and variant.load.load_key == search.variant.load.load_key and not variant.problem:
                self._variants[stop.edits] = variant
            if known := _known(search, node):
                self._known[stop.rounds] = known
        there = {index for index, stop in enumerate(whole.stops) if stop.rounds in self._known}
        self.way = whole.within(self._variants, there)
        self._settings = search.settings
        self._plans: dict[tuple[FilmKind, int], FilmPlan] = {}
        self.notice = _notice(len(whole.stops) - len(self.way.stops))

    def plan(self, choices: FilmChoices) -> FilmPlan:
        """Return the plan of choices; InvalidRequestError when there is none."""
        key = choices.kind, choices.between
        if key not in self._plans:
            self._plans[key] = plan_film(
                self.way,
                Timing(between=choices.between),
                film=choices.kind is not FilmKind.SHEET,
                sheet=choices.kind is not FilmKind.FILM,
            )
        return self._plans[key]

    def missing(self, plan: FilmPlan) -> tuple[int, ...]:
        """Return the indices of the pictures of a plan that have to be rendered."""
        known = self._known_of(plan)
        return tuple(index for index in range(len(plan.pictures)) if index not in known)

    def jobs(self, plan: FilmPlan) -> tuple[RenderJob, ...]:
        """Return the jobs that render what is missing: one for each part of the way that shares its settings."""
        return tuple(
            RenderJob(
                job=next_job(),
                tasks=tuple(PictureTask(index=index, lineage=plan.pictures[index].lineage) for index in indices),
                settings=self._variants[edits].settings,
                root_tensor=self._record.root_tensor,
                priority=PRIORITY,
            )
            for edits, indices in groupby(self.missing(plan), key=lambda index: plan.stop_of(index).edits)
        )

    def output(self, choices: FilmChoices) -> FilmOutput:
        """Return what takes the pictures of choices and writes the files; InvalidRequestError for wrong names."""
        plan = self.plan(choices)
        size = film_size(self._settings.width, self._settings.height)
        known = self._known_of(plan)
        return FilmOutput(plan, size, film=choices.film, sheet=choices.sheet, known=known, replace=choices.replace)

    def _known_of(self, plan: FilmPlan) -> dict[int, Callable[[], Picture]]:
        return {
            index: self._known[rounds]
            for index, picture in enumerate(plan.pictures)
            if picture.is_stop and (rounds := plan.way.stops[picture.stop].rounds) in self._known
        }


def _known(search: Search, node: int) -> Callable[[], Picture] | None:
    """Return what returns the picture of a node that is there already; None when it is not."""
    path: Path | None = search.file(node)
    if path is not None:
        return partial(read_known, path)
    picture = search.picture(node)
    return None if picture is None else lambda: picture


def _notice(left_out: int) -> str:
    if not left_out:
        return ""
    pictures = "1 picture needs" if left_out == 1 else f"{left_out} pictures need"
    return f"{pictures} a different model and cannot be shown here; `warmer film` shows all of them"
