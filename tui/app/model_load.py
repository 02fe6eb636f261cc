"""How far the loading of the model is: a frozen value that the app hands down to its screens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.rendering.events import Event, ModelReady
    from engine.rendering.requests import LoadModel


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelLoad:
    """The model that was requested last, and what became of it.

    Attributes:
        request: What the renderer was asked to load; None before the first request.
        stage: What the renderer does at the moment, in a few words ("importing torch"); "" when it has not said.
        ready: The answer to `request`; None until it comes.
        failure: Why loading failed, as a sentence; "" when it has not.
        seconds: Whole seconds since the stage began, as far as the app has counted them.
        place: How many requests of other programs come before the next one of this program, in a renderer that several
            programs share; 0 for none.
    """

    request: LoadModel | None = None
    stage: str = ""
    ready: ModelReady | None = None
    failure: str = ""
    seconds: int = 0
    place: int = 0

    @property
    def is_running(self) -> bool:
        """Whether a model is being loaded."""
        return self.request is not None and self.ready is None and not self.failure

    @property
    def words(self) -> str:
        """What the renderer does at the moment, and for how long: "loading weights, 12 s"; "" when it loads nothing."""
        if not self.is_running:
            return ""
        if self.place:
            return waiting_words(self.place)
        elapsed = f", {self.seconds} s" if self.seconds else ""
        return f"{self.stage or 'starting the renderer'}{elapsed}"

    def is_later(self, before: ModelLoad) -> bool:
        """Return whether nothing but time has passed since an earlier state, and perhaps others came first."""
        return replace(self, seconds=before.seconds, place=before.place) == before

    def serves(self, request: LoadModel) -> bool:
        """Return whether the model is loaded, or being loaded, as this request asks."""
        return self.request is not None and not self.failure and self.request.load_key == request.load_key

    def after(self, event: Event) -> ModelLoad:
        """Return the state after an event; most events leave it as it is."""
        from engine.rendering.events import (  # later than the first paint
            JobFailed,
            LoadingProgressed,
            ModelReady,
            TurnChanged,
        )

        match event:
            case LoadingProgressed(stage=stage):
                return replace(self, stage=stage, seconds=0)
            case ModelReady(request=request) if request == self.request:
                return ModelLoad(request=request, ready=event, place=self.place)
            case ModelReady():  # a restarted worker answers a load that nobody asked for again
                return replace(self, stage="", seconds=0)
            case JobFailed(job=job, sentence=sentence) if job < 0:
                return ModelLoad(request=self.request, failure=sentence, place=self.place)
            case TurnChanged(place=place):
                return replace(self, place=place)
            case _:
                return self


def waiting_words(place: int) -> str:
    """Return how many requests of other programs come first, in a renderer that several share; "" for none."""
    if place <= 0:
        return ""
    come = "1 request of another program comes" if place == 1 else f"{place} requests of other programs come"
    return f"waiting: {come} first"
