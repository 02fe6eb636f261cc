"""The noise of one picture with one model and settings: calls of the pipeline that measure, encode and evaluate."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.calls import call_pipeline, colours_of, pixels_of
from engine.diffusion.inversion.latents import LatentMap, measure_map
from engine.diffusion.inversion.trajectory import Effort, Evaluations, trajectory
from engine.diffusion.load import LoadedModel
from engine.diffusion.messages import first_line, shape_text
from engine.diffusion.out_of_memory import is_out_of_memory
from engine.diffusion.seams.encoder import autoencoder_of, encoded, latents_to_decode
from engine.diffusion.seams.evaluations import Driver, Steps, driven_steps
from engine.diffusion.seams.randomness import isolated_randomness
from engine.errors import EngineError, ModelError
from engine.rendering.settings import RenderSettings

_SAME = {torch.float32: 1e-3, torch.float16: 1e-2, torch.bfloat16: 4e-2}
"""How far latents may be off that went through the pipeline, relative to their own size."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """An evaluation of the model that was just done.

    Attributes:
        index: Of the step that is being inverted, from 0, the noisiest; the last one is inverted first.
        latents: (1, ...), what is evaluated next, or the noise that was found.
    """

    index: int
    latents: torch.Tensor


@dataclass(slots=True)
class _NoSteps:
    """A driver that takes no step."""

    steps: Steps | None = None

    def begin(self, steps: Steps) -> None:
        self.steps = steps

    def next_step(self) -> int:
        return -1

    def receive(self, output: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:  # noqa: ARG002 (of the protocol)
        raise AssertionError("no step was asked for")


@dataclass(slots=True)
class _Backwards:
    """A driver that inverts all steps from `last` to the first."""

    last: int
    start: Callable[[Steps, torch.Tensor], Evaluations]
    on_evaluation: Callable[[Evaluation], None]
    index: int = -1
    steps: Steps | None = None
    evaluations: Evaluations | None = field(default=None)

    def begin(self, steps: Steps) -> None:
        self.steps, self.index = steps, self.last

    def next_step(self) -> int:
        return self.index

    # The first output belongs to the latents that the pipeline itself made of what it got as its noise; only then are
    # they known as the scheduler has them.
    def receive(self, output: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        if self.steps is None:
            raise AssertionError("the pipeline has set no timesteps")
        if self.evaluations is None:
            self.evaluations = self.start(self.steps, latents)
            next(self.evaluations)
        evaluated = self.index
        try:
            self.index, following = self.evaluations.send(output)
        except StopIteration as end:
            self.index, following = -1, end.value
        answer: torch.Tensor = following.to(device=latents.device, dtype=latents.dtype)
        self.on_evaluation(Evaluation(index=evaluated, latents=answer))
        return answer


def check_model(loaded: LoadedModel) -> None:
    """Raise ModelError if a model cannot be inverted with any scheduler, as far as this is known without running it."""
    has_autoencoder = autoencoder_of(loaded.pipe) is not None
    if has_autoencoder and not loaded.own.has_single_steps:
        return
    why = "it has a guidance for each step" if has_autoencoder else "it has no autoencoder"
    raise ModelError(f"{type(loaded.pipe).__name__} cannot be inverted: {why}")


class Inverter:
    """Inverts pictures with one model and one set of settings; for a single thread."""

    def __init__(
        self,
        loaded: LoadedModel,
        settings: RenderSettings,
        noise_shape: tuple[int, ...],
        known: LatentMap | None = None,
    ) -> None:
        """Measure how the noise and the latents of the autoencoder belong together.

        Args:
            loaded: The model.
            settings: What renders the picture; guidance is turned off, whatever they say.
            noise_shape: Of one picture, without the batch.
            known: The `map` of an inverter with the same model, size, scheduler and steps; None measures it.

        Raises:
            ModelError: The model cannot be inverted.
        """
        self._loaded, self._pipe = loaded, loaded.pipe
        self._name = type(loaded.pipe).__name__
        self._shape = (1, *noise_shape)
        self.settings = self._unguided(settings)
        self.map = known or measure_map(self._decoded, self._shape, self._name)
        self._steps = self._steps_at(self.settings)

    @property
    def steps(self) -> int:
        """The number of steps of the scheduler."""
        return self._steps.count

    @property
    def scheduler(self) -> str:
        """The name of the class of the scheduler."""
        return self._steps.name

    def start_of(self, pixels: NDArray[np.uint8]) -> torch.Tensor:
        """Return what the pipeline has to start from to show a picture after no step, in the shape of its noise.

        Args:
            pixels: (height, width, 3).

        Raises:
            ModelError: The pipeline decodes other latents than its autoencoder makes.
        """
        colours = torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1.0).permute(2, 0, 1)[None]
        part = autoencoder_of(self._pipe)
        if not hasattr(part, "encode"):
            raise ModelError(f"{self._name} cannot be inverted: its autoencoder has no encoder")
        try:
            latents = encoded(part, colours.to(self._loaded.device), has_frames=len(self.map.latent_shape) == 5)
        except NotImplementedError as error:  # by an autoencoder that only decodes
            raise ModelError(f"{self._name} cannot be inverted: its autoencoder has no encoder") from error
        finally:
            self._pipe.maybe_free_model_hooks()
        if tuple(latents.shape) != self.map.latent_shape:
            raise ModelError(
                f"{self._name} cannot be inverted at this size: its autoencoder makes latents of "
                f"{shape_text(tuple(latents.shape[1:]))}, but it renders {shape_text(self.map.latent_shape[1:])}"
            )
        return self._checked(latents)

    def shown(self, start: torch.Tensor) -> NDArray[np.uint8]:
        """Return the picture that the pipeline shows after no step: what the autoencoder alone makes of a picture."""
        pixels: NDArray[np.uint8] = pixels_of(colours_of(self._call(start, _NoSteps())))[0]
        return pixels

    def noise_of(
        self,
        start: torch.Tensor,
        effort: Effort,
        on_evaluation: Callable[[Evaluation], None],
        noising: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the noise from which the pipeline renders a picture.

        Args:
            start: What `start_of` returned for it.
            effort: How much work this may do.
            on_evaluation: Called after each evaluation of the model; it may raise to cancel.
            noising: Unit noise in the shape of the noise that replaces the inversion of the cleanest step; None
                inverts all steps.

        Returns:
            In the shape of the noise, float32, on the CPU.
        """
        last = self._steps.count - 1
        if noising is not None:
            clean, noisy = self._steps.noising(last)
            start = clean * start + noisy / self._steps.noise_scale * noising
            last -= 1
        driver = _Backwards(
            last,
            lambda steps, latents: trajectory(steps, latents, last, effort),
            on_evaluation,
        )
        found = latents_to_decode(self._pipe, lambda: self._call(start, driver))
        return self.map.to_noise(found)

    def _unguided(self, settings: RenderSettings) -> RenderSettings:
        """Return settings without guidance: 1, or 0 for pipelines whose scale counts what is added (Z-Image)."""
        for scale in (1.0, 0.0):
            self.settings = replace(settings, guidance_scale=scale, guidance_rescale=0.0)
            self._decoded(torch.zeros(self._shape))
            if not getattr(self._pipe, "do_classifier_free_guidance", False):
                return self.settings
        raise ModelError(f"{self._name} cannot be inverted: its guidance cannot be turned off")

    def _steps_at(self, settings: RenderSettings) -> Steps:
        driver = _NoSteps()
        latents_to_decode(self._pipe, lambda: self._call(torch.zeros(self._shape), driver))
        if driver.steps is None:
            raise ModelError(f"{self._name} cannot be inverted: it sets no timesteps for {settings.width} pixels")
        return driver.steps

    def _checked(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the start for latents, after a check that the pipeline decodes the same ones."""
        start = self.map.to_noise(latents)
        off = (self._decoded(start).float() - latents.float()).norm() / latents.float().norm().clamp_min(1e-12)
        if not off < _SAME.get(latents.dtype, _SAME[torch.bfloat16]):
            raise ModelError(f"{self._name} cannot be inverted: it decodes other latents than its autoencoder makes")
        return start

    def _decoded(self, noise: torch.Tensor) -> torch.Tensor:
        try:
            return latents_to_decode(self._pipe, lambda: self._call(noise, _NoSteps()))
        except (EngineError, ValueError):
            raise
        except Exception as error:  # what a pipeline misses that has taken no step differs from family to family
            if is_out_of_memory(error):
                raise
            raise ModelError(f"{self._name} cannot be inverted: it needs a step ({first_line(error)})") from error

    def _call(self, noise: torch.Tensor, driver: Driver) -> Any:
        settings = self.settings

        @contextlib.contextmanager
        def control(scheduler: Any) -> Iterator[list[torch.Generator]]:
            with driven_steps(scheduler, driver):
                yield [torch.Generator("cpu").manual_seed(settings.step_seed)]

        with isolated_randomness(settings.step_seed), self._loaded.prompt_cache.reading(settings):
            return call_pipeline(self._loaded, noise, settings, control)
