"""Which model a running search has, and which one it is waiting for."""

from __future__ import annotations

from collections.abc import Callable

from engine.rendering.requests import LoadModel


class ModelInUse:
    """The model that was requested last.

    A load is a barrier for the renderer: once a model is requested, every later job is rendered with it.  So going back
    to the model before needs a request again, even while the other one has not arrived.

    Attributes:
        is_loading: Whether it is still being loaded.
        octaves: The number of octaves of the noise of the model that was loaded last.
        sides: Height and width of that noise; (0, 0) when it has no spatial axes.
    """

    def __init__(
        self, load: LoadModel, octaves: int, sides: tuple[int, int], on_load: Callable[[LoadModel], None]
    ) -> None:
        """Begin with a loaded model.

        Args:
            load: The request that loaded it.
            octaves: The number of octaves of its noise.
            sides: Height and width of its noise.
            on_load: Called with the request for a different model.
        """
        self.is_loading, self.octaves, self.sides = False, octaves, sides
        self._on_load = on_load
        self._requested = load.load_key

    def need(self, load: LoadModel) -> bool:
        """Return whether a model is loaded; when it is not, it is requested."""
        if load.load_key == self._requested:
            return not self.is_loading
        self.is_loading, self._requested = True, load.load_key
        self._on_load(load)
        return False

    def loaded(self, octaves: int, sides: tuple[int, int]) -> None:
        """Note that the model that was requested is loaded; the arguments are as above."""
        self.is_loading, self.octaves, self.sides = False, octaves, sides

    def forget_request(self) -> None:
        """Request a model again that did not arrive, when it is needed next."""
        if self.is_loading:
            self._requested = ()
