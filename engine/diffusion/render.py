"""One batch: initial noise in, pixels out, by the two seams; and what noise a model takes at a size."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.diffusion.load import LoadedModel
from engine.diffusion.previews import Previewer, unpacked
from engine.diffusion.prompt_offset import PromptMove, shapes_text
from engine.diffusion.seams.decoder import PreviewPace, checked_decoding
from engine.diffusion.seams.steps import Step, initial_noise, scheduler_steps, wanted_noise, watched_randomness
from engine.rendering.events import Picture
from engine.rendering.settings import MOST_PIXELS, RenderSettings
from latentpng.record import Lineage

_MULTIPLE = 64
"""Every family accepts sizes that are multiples of it."""

_NOT_FINITE = "the numbers of this picture ran out of range, so it is black in parts: another scheduler or dtype may do"
_REPLACED = "the safety checker that comes with this model replaced this picture by a black one"


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseKind:
    """The initial noise of one picture: its shape, and a letter per axis ("CHW", "1CHW", "1HWC", "LC")."""

    shape: tuple[int, ...]
    axes: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderedBatch:
    """pixels: (n, height, width, 3), uint8.  warnings: for each picture, sentences about what was out of control.

    moved_prompt: shapes of the prompt embeddings that were moved, as a file says it; "" when none was.
    """

    pixels: NDArray[np.uint8]
    warnings: tuple[tuple[str, ...], ...]
    moved_prompt: str = ""


class BatchRenderer:
    """Renders batches with one loaded model; not for more than one thread.

    clock: paces the previews.
    """

    def __init__(self, loaded: LoadedModel, clock: Callable[[], float] = time.monotonic) -> None:
        self._loaded, self._pipe, self._clock = loaded, loaded.pipe, clock
        self._kinds: dict[tuple[int, int], NoiseKind] = {}
        self._previewers: dict[NoiseKind, Previewer] = {}

    def noise_kind(self, settings: RenderSettings) -> NoiseKind:
        """What the model asks for at this size; found by running the pipeline up to the place where it asks."""
        size = (settings.width, settings.height)
        if size not in self._kinds:
            wide, high = stretched(*size)
            shapes = [
                self._wanted(replace(settings, width=width, height=height)) for width, height in (size, wide, high)
            ]
            self._kinds[size] = NoiseKind(shape=shapes[0], axes=axes_of(*shapes))
        return self._kinds[size]

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
        """noise: (n, *shape), unit variance.  lineages: of the n pictures, where one of them moves the prompt.

        `on_step`, and `check` before each picture is decoded and after each round of a prompt, may raise to cancel; the
        model is ready for the next call.
        """
        kind = self.noise_kind(settings)
        previewer = self._previewers.setdefault(
            kind, Previewer(kind.shape, kind.axes, self._loaded.preview, self._loaded.tiny)
        )
        last: list[torch.Tensor] = []
        pace = PreviewPace(self._clock)

        def done(step: Step) -> None:
            on_step(step)
            last[:] = [step.latents]
            if on_preview is not None and step.step < step.steps and pace.is_due:
                with pace.measured(step.denoised):
                    on_preview(previewer.pictures(self._array(step.denoised, kind, settings)))

        move = PromptMove(lineages=lineages, tell=lambda *_: check())
        with (
            watched_randomness(settings.step_seed) as watch,
            self._loaded.memo.moved(move) if lineages else contextlib.nullcontext(),
            checked_decoding(self._pipe, check),
        ):
            images, replaced = self._run(torch.from_numpy(np.array(noise)), settings, done)
        pixels: NDArray[np.uint8] = (np.nan_to_num(images) * 255).round().astype(np.uint8)
        if not previewer.fitted and last:
            previewer.fit(self._array(last[0], kind, settings), pixels)
        shared = (*ignored_settings(self._pipe, settings), *_about_randomness(watch.moved))
        sound = [bool(np.isfinite(image).all()) for image in images]
        warnings = tuple(
            (*shared, *(() if finite else (_NOT_FINITE,)), *((_REPLACED,) if black else ()))
            for finite, black in zip(sound, replaced, strict=True)
        )
        return RenderedBatch(pixels=pixels, warnings=warnings, moved_prompt=shapes_text(move.shapes))

    def _run(
        self, noise: torch.Tensor, settings: RenderSettings, done: Callable[[Step], None]
    ) -> tuple[NDArray[np.float32], list[bool]]:
        """Colours from 0 to 1, and which of the pictures the model's safety checker replaced."""
        pipe, count = self._pipe, len(noise)
        vae = getattr(pipe, "vae", None)
        precision = getattr(vae, "dtype", None)
        pipe.scheduler = self._loaded.own.build(settings.scheduler)
        steps = scheduler_steps(
            pipe.scheduler, seed=settings.step_seed, count=count, eta=settings.scheduler.eta, on_step=done
        )
        try:
            with initial_noise(pipe, noise), steps as generators:
                output = pipe(**call_arguments(pipe, settings, count, generators))
        finally:
            if vae is not None and vae.dtype != precision:  # SDXL decodes in float32, and goes back only at the end
                vae.to(dtype=precision)
            pipe.maybe_free_model_hooks()
        images = output.images if hasattr(output, "images") else output.image  # Kandinsky 5 says it in the singular
        black = list(getattr(output, "nsfw_content_detected", None) or [False] * count)
        return np.asarray(images), black

    def _wanted(self, settings: RenderSettings) -> tuple[int, ...]:
        pipe = self._pipe
        pipe.scheduler = self._loaded.own.build(settings.scheduler)
        generators = [torch.Generator("cpu").manual_seed(0)]
        arguments = call_arguments(pipe, settings, 1, generators)
        with watched_randomness(0):
            return wanted_noise(pipe, lambda: pipe(**arguments))[1:]

    def _array(self, latents: torch.Tensor, kind: NoiseKind, settings: RenderSettings) -> NDArray[np.float32]:
        return unpacked(self._pipe, latents, kind.shape, settings.height, settings.width)


def call_arguments(
    pipe: Any, settings: RenderSettings, count: int, generators: list[torch.Generator]
) -> dict[str, Any]:
    """What a pipeline is called with for `count` pictures of one prompt, as far as it has such arguments.

    Where "true" guidance is on by default (Qwen), that is what guidance means, and it needs a negative prompt.
    """
    parameters = inspect.signature(type(pipe).__call__).parameters
    arguments: dict[str, Any] = {
        "prompt": [settings.prompt] * count,
        "width": settings.width,
        "height": settings.height,
        "num_inference_steps": settings.num_inference_steps,
        "generator": generators,
        "output_type": "np",
    }
    if _true_guidance(parameters):
        arguments["true_cfg_scale"] = settings.guidance_scale
        arguments["negative_prompt"] = [settings.negative_prompt or " "] * count
    else:
        arguments["guidance_scale"] = settings.guidance_scale
        if settings.negative_prompt:
            arguments["negative_prompt"] = [settings.negative_prompt] * count
    if settings.guidance_rescale:
        arguments["guidance_rescale"] = settings.guidance_rescale
    return {name: value for name, value in arguments.items() if name in parameters}


def ignored_settings(pipe: Any, settings: RenderSettings) -> tuple[str, ...]:
    """A sentence for each setting that is recorded, but that this pipeline and its scheduler have no place for."""
    parameters = inspect.signature(type(pipe).__call__).parameters
    takes_negative = "negative_prompt" in parameters and (
        "true_cfg_scale" not in parameters or _true_guidance(parameters)  # where it is off (Flux), so is this
    )
    ignored = {
        "this pipeline takes no negative prompt: it was ignored": settings.negative_prompt and not takes_negative,
        "this pipeline takes no guidance: it was ignored": settings.guidance_scale not in (0.0, 1.0)
        and not {"guidance_scale", "true_cfg_scale"} & set(parameters),
        "this pipeline takes no guidance rescale: it was ignored": settings.guidance_rescale
        and "guidance_rescale" not in parameters,
        "this pipeline takes no size: it was ignored": not {"width", "height"} <= set(parameters),
        "this scheduler takes no eta: it was ignored": settings.scheduler.eta
        and "eta" not in inspect.signature(pipe.scheduler.step).parameters,
    }
    return tuple(sentence for sentence, is_so in ignored.items() if is_so)


def stretched(width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two sizes of the same area, one wide and one high: by twice, or by half where twice is too large."""
    if max(width, height) * 2 <= MOST_PIXELS:
        return (2 * width, height), (width, 2 * height)
    return (width, _half(height)), (_half(width), height)


def axes_of(shape: tuple[int, ...], wide: tuple[int, ...], high: tuple[int, ...]) -> str:
    """A letter per axis, from the shapes at this size, and at two of another form but the same area.

    A width is larger at the wide size than at the high one, also where a model renders every size as one of its own;
    what changes but is the same at both is a count of tokens.  Where nothing tells, the usual letters.
    """
    told = "".join(
        ("W" if at_wide > at_high else "H" if at_wide < at_high else "L" if at_wide != side else "")
        or ("1" if side == 1 else "C")
        for side, at_wide, at_high in zip(shape, wide, high, strict=True)
    )
    if len(shape) < 3 or (told.count("H"), told.count("W")) == (1, 1):
        return told
    return "CHW" if len(shape) == 3 else f"{'1' if shape[0] == 1 else 'C'}CHW"


def _half(side: int) -> int:
    return max(_MULTIPLE, side // 2 // _MULTIPLE * _MULTIPLE)


def _true_guidance(parameters: Mapping[str, inspect.Parameter]) -> bool:
    default = parameters["true_cfg_scale"].default if "true_cfg_scale" in parameters else 0.0
    return isinstance(default, int | float) and default > 1.0


def _about_randomness(moved: tuple[str, ...]) -> tuple[str, ...]:
    if not moved:
        return ()
    names = ", ".join(moved)
    return (f"something drew from the global random generator ({names}), so this picture may not come again",)
