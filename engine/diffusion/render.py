"""One batch, from initial noise to pixels, and the initial noise that a model takes at a size."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.arguments import call_arguments, ignored_settings
from engine.diffusion.calls import call_pipeline, colours_of, picture_of, pixels_of
from engine.diffusion.load import LoadedModel
from engine.diffusion.noise_spec import NoiseSpec, infer_axes, wide_and_tall
from engine.diffusion.previews import Previewer, PreviewPace
from engine.diffusion.prompt_offset import PromptOffsets, shapes_text
from engine.diffusion.seams.decoder import checked_decoding
from engine.diffusion.seams.latents import unpack_latents
from engine.diffusion.seams.noise import requested_noise_shape
from engine.diffusion.seams.randomness import isolated_randomness
from engine.diffusion.seams.steps import Step, controlled_steps
from engine.rendering.events import Picture
from engine.rendering.settings import RenderSettings
from latentpng.record import Lineage

_NOT_FINITE = "the output contained NaN or infinity, so parts of the picture are black: try another scheduler or dtype"
_BLACKED_OUT = "the safety checker that comes with this model replaced this picture by a black one"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedBatch:
    """The pictures of one batch.

    Attributes:
        pixels: (n, height, width, 3), uint8.
        warnings: For each picture, sentences about what went otherwise than its settings say.
        moved_prompt: The shapes of the prompt embeddings that were offset, as a file records them; "" without any.
    """

    pixels: NDArray[np.uint8]
    warnings: tuple[tuple[str, ...], ...]
    moved_prompt: str = ""


class _Stopped(Exception):  # noqa: N818 (it is no error)
    """Raised after a step to end a call before its last one."""


class BatchRenderer:
    """Renders batches with one loaded model; for a single thread."""

    def __init__(self, loaded: LoadedModel, clock: Callable[[], float] = time.monotonic) -> None:
        """Create the renderer of a model.

        Args:
            loaded: The model.
            clock: Returns seconds; it paces the previews.
        """
        self._loaded, self._pipe, self._clock = loaded, loaded.pipe, clock
        self._specs: dict[tuple[int, int], NoiseSpec] = {}
        self._previewers: dict[NoiseSpec, Previewer] = {}

    # No table of families: the pipeline itself is run up to the point where it asks for noise, at this size and at
    # two more of the same area, one wide and one tall.  The axes that change with them are width and height.
    def noise_spec(self, settings: RenderSettings) -> NoiseSpec:
        """Return the initial noise that the model takes at the size of these settings; nothing is rendered."""
        size = (settings.width, settings.height)
        if size not in self._specs:
            wide, tall = wide_and_tall(*size)
            shapes = [
                self._requested_shape(replace(settings, width=width, height=height))
                for width, height in (size, wide, tall)
            ]
            self._specs[size] = NoiseSpec(shape=shapes[0], axes=infer_axes(*shapes))
        return self._specs[size]

    def render(
        self,
        noise: NDArray[np.float16],
        settings: RenderSettings,
        on_step: Callable[[Step], None],
        on_preview: Callable[[tuple[Picture, ...]], None] | None = None,
        *,
        lineages: Sequence[Lineage] = (),
        check: Callable[[], None] = lambda: None,
    ) -> RenderedBatch:
        """Render a batch.  Whatever `on_step` or `check` raises cancels it; the model is ready for the next call.

        Args:
            noise: (n, *shape), float16, unit variance.
            settings: Shared by all pictures.
            on_step: Called after every step.
            on_preview: Called with a preview of each picture from time to time; None makes no previews.
            lineages: Of the n pictures, if the prompt of one of them is offset; else empty.
            check: Called before each picture is decoded, and after each replayed round of a prompt's offset.

        Raises:
            RenderError: The noise has another shape than the model needs, or the prompt cannot be offset.
        """
        spec = self.noise_spec(settings)
        previewer = self._previewer(spec)
        last: list[torch.Tensor] = []
        after_step = self._previewing(spec, settings, on_step, on_preview, last)
        offsets = PromptOffsets(lineages=lineages, on_progress=lambda *_: check())
        with (
            isolated_randomness(settings.step_seed) as randomness,
            self._loaded.prompt_cache.reading(settings) as left_out,
            self._loaded.prompt_cache.offset_by(offsets) if lineages else contextlib.nullcontext(),
            checked_decoding(self._pipe, check),
        ):
            images, is_black = self._call(torch.from_numpy(np.array(noise)), settings, after_step)
        pixels = pixels_of(images)
        if not previewer.fitted and last:
            previewer.fit(self._unpacked(last[0], spec, settings), pixels)
        shared = (
            *self._loaded.loras.notices,
            *ignored_settings(self._pipe, settings),
            *left_out,
            *_randomness_warning(randomness.drawn_from),
        )
        finite = [bool(np.isfinite(image).all()) for image in images]
        warnings = tuple(
            (*shared, *(() if is_finite else (_NOT_FINITE,)), *((_BLACKED_OUT,) if black else ()))
            for is_finite, black in zip(finite, is_black, strict=True)
        )
        return RenderedBatch(pixels=pixels, warnings=warnings, moved_prompt=shapes_text(offsets.shapes))

    # Nothing is said of what went otherwise than the settings say: the picture itself will say it, when it is rendered.
    def draft(
        self,
        noise: NDArray[np.float16],
        settings: RenderSettings,
        on_step: Callable[[Step], None],
        on_preview: Callable[[tuple[Picture, ...]], None] | None = None,
        *,
        lineages: Sequence[Lineage] = (),
        check: Callable[[], None] = lambda: None,
    ) -> tuple[Picture, ...]:
        """Render a batch of drafts: as `render`, but a tiny autoencoder decodes where there is one that can.

        Args:
            noise: As for `render`.
            settings: As for `render`.
            on_step: As for `render`.
            on_preview: As for `render`.
            lineages: As for `render`.
            check: As for `render`.

        Returns:
            A picture of full size for each entry of the batch.

        Raises:
            RenderError: As `render`.
        """
        spec = self.noise_spec(settings)
        previewer = self._previewer(spec)
        found: list[Picture] = []

        def after_step(step: Step) -> None:
            on_step(step)
            if step.step >= step.steps and self._loaded.tiny is not None:
                found.extend(previewer.decoded(self._unpacked(step.latents, spec, settings), check))
                if found:
                    raise _Stopped

        with contextlib.suppress(_Stopped):
            rendered = self.render(noise, settings, after_step, on_preview, lineages=lineages, check=check)
            found.extend(picture_of(pixels) for pixels in rendered.pixels)
        return tuple(found)

    def predict(
        self,
        noise: NDArray[np.float16],
        settings: RenderSettings,
        stop_after: int,
        on_step: Callable[[Step], None],
        *,
        lineages: Sequence[Lineage] = (),
        check: Callable[[], None] = lambda: None,
    ) -> tuple[Picture, ...]:
        """Return small pictures of what a batch is on the way to after some steps; nothing is decoded.

        Args:
            noise: As for `render`.
            settings: Shared by all pictures.
            stop_after: The number of steps, at least 1; more than the scheduler has are as many as it has.
            on_step: As for `render`.
            lineages: As for `render`.
            check: Called after each replayed round of a prompt's offset.

        Returns:
            A picture for each entry of the batch.  Empty where the latents cannot be shown, or where the scheduler
            estimates no finished picture; then at most one step is done.

        Raises:
            RenderError: As `render`.
        """
        spec = self.noise_spec(settings)
        previewer = self._previewer(spec)
        if not previewer.can_show:
            return ()
        found: list[Picture] = []

        def after_step(step: Step) -> None:
            on_step(step)
            is_last = step.step >= step.steps
            if step.denoised is step.latents and not is_last:
                raise _Stopped
            if step.step >= stop_after or is_last:
                found.extend(previewer.pictures(self._unpacked(step.denoised, spec, settings)))
                raise _Stopped

        offsets = PromptOffsets(lineages=lineages, on_progress=lambda *_: check())
        with (
            contextlib.suppress(_Stopped),
            isolated_randomness(settings.step_seed),
            self._loaded.prompt_cache.reading(settings),
            self._loaded.prompt_cache.offset_by(offsets) if lineages else contextlib.nullcontext(),
        ):
            self._call(torch.from_numpy(np.array(noise)), settings, after_step)
        return tuple(found)

    def _previewing(
        self,
        spec: NoiseSpec,
        settings: RenderSettings,
        on_step: Callable[[Step], None],
        on_preview: Callable[[tuple[Picture, ...]], None] | None,
        last: list[torch.Tensor],
    ) -> Callable[[Step], None]:
        """Return what is called after each step: it makes previews, and keeps the newest latents in `last`."""
        previewer, pace = self._previewer(spec), PreviewPace(self._clock)

        def after_step(step: Step) -> None:
            on_step(step)
            last[:] = [step.latents]
            if on_preview is not None and step.step < step.steps and pace.is_due:
                with pace.measured(step.denoised):
                    on_preview(previewer.pictures(self._unpacked(step.denoised, spec, settings)))

        return after_step

    def _previewer(self, spec: NoiseSpec) -> Previewer:
        return self._previewers.setdefault(
            spec, Previewer(spec.shape, spec.axes, self._loaded.preview, self._loaded.tiny)
        )

    def _call(
        self, noise: torch.Tensor, settings: RenderSettings, on_step: Callable[[Step], None]
    ) -> tuple[NDArray[np.float32], list[bool]]:
        """Return colours in 0..1, and which of the pictures the model's safety checker replaced."""
        count = len(noise)
        output = call_pipeline(
            self._loaded,
            noise,
            settings,
            lambda scheduler: controlled_steps(
                scheduler, seed=settings.step_seed, count=count, eta=settings.scheduler.eta, on_step=on_step
            ),
        )
        is_black = list(getattr(output, "nsfw_content_detected", None) or [False] * count)
        return colours_of(output), is_black

    def _requested_shape(self, settings: RenderSettings) -> tuple[int, ...]:
        pipe = self._pipe
        pipe.scheduler = self._loaded.own.build(settings.scheduler)
        arguments = call_arguments(pipe, settings, 1, [torch.Generator("cpu").manual_seed(0)])
        with isolated_randomness(0), self._loaded.prompt_cache.reading(settings):
            return requested_noise_shape(pipe, lambda: pipe(**arguments))[1:]

    def _unpacked(self, latents: torch.Tensor, spec: NoiseSpec, settings: RenderSettings) -> NDArray[np.float32]:
        return unpack_latents(self._pipe, latents, spec.shape, settings.height, settings.width)


def _randomness_warning(drawn_from: tuple[str, ...]) -> tuple[str, ...]:
    if not drawn_from:
        return ()
    names = ", ".join(drawn_from)
    return (f"something drew from the global random generator ({names}), so this picture may not be reproducible",)
