"""The variants that `engine_gpu` times: a grid of 8 by a plain loop and by the engine, with the same weights."""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import torch

from engine.diffusion.compilation import compile_blocks
from engine.diffusion.jobs import JobRunner
from engine.diffusion.libraries import use_deterministic_kernels
from engine.diffusion.load import LoadedModel
from engine.diffusion.placement import choose_dtype, prepare_pipeline
from engine.diffusion.prompts import PromptCache
from engine.diffusion.schedulers import OwnScheduler
from engine.rendering.events import Event
from engine.rendering.requests import ModelChoice, RenderJob
from engine.rendering.settings import RenderSettings
from tests.benchmarks import trueshapes
from tests.benchmarks.gridtask import SETTINGS, TASKS, TimedEvents
from tests.benchmarks.paired import Turn, run_paired, timed
from tests.benchmarks.plainloop import PlainPipeline
from tests.support.engine.families.catalogue import FAMILIES, build_family

LOOP, EAGER, COMPILED = "plain loop of 8 calls", "warmer", "warmer --compile"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A model to measure.

    Attributes:
        build: Makes the pipeline from a device and a dtype.
        tiny: Name of the tiny family that replaces it with --tiny.
        settings: What its authors recommend.
    """

    build: Callable[[str, torch.dtype], Any]
    tiny: str
    settings: RenderSettings


def _settings(side: int, steps: int, guidance: float) -> RenderSettings:
    return RenderSettings(
        prompt=SETTINGS.prompt, width=side, height=side, num_inference_steps=steps, guidance_scale=guidance
    )


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "sd15": Case(build=trueshapes.sd15, tiny="SD 1.x", settings=_settings(512, 30, 7.5)),
        "sdxl": Case(build=trueshapes.sdxl, tiny="SDXL", settings=_settings(1024, 30, 5.0)),
        "flux": Case(build=trueshapes.flux, tiny="Flux.1", settings=_settings(1024, 28, 3.5)),
    }
)


def built(name: str, *, tiny: bool) -> tuple[Any, RenderSettings, str]:
    """Return a pipeline, the settings to render with, and its device."""
    case = CASES[name]
    if tiny:
        return build_family(case.tiny), replace(FAMILIES[case.tiny].settings, prompt=SETTINGS.prompt), "cpu"
    dtype = choose_dtype("auto", "cuda", made_with=("", ""), has_unet=name != "flux")
    return case.build("cuda", dtype), case.settings, "cuda"


class Bench:
    """One model and its variants.

    Attributes:
        peaks: Variant -> peak of allocated GPU memory, in bytes; empty on the CPU.
        firsts: Variant -> seconds of its first turn, compiling included.
    """

    def __init__(self, pipe: Any, settings: RenderSettings, *, device: str, compiled: bool, batch: int) -> None:
        self.peaks: dict[str, int] = {}
        self.firsts: dict[str, float] = {}
        self._pipe, self._settings, self._device, self._compiled = pipe, settings, device, compiled

        def seeded(first: int, end: int) -> dict[str, Any]:
            return {"generator": [torch.Generator(device).manual_seed(number) for number in range(first, end)]}

        # The copy is taken before the prompt cache wraps `pipe`, so the baseline encodes its prompt in every call.
        self._plain = PlainPipeline(copy.copy(pipe), settings, seeded)
        if compiled:
            compile_blocks(pipe)
        loaded = LoadedModel(
            choice=ModelChoice(path="", name=type(pipe).__name__),
            pipe=pipe,
            own=OwnScheduler.of(pipe),
            device=device,
            dtype=str(pipe.dtype).removeprefix("torch."),
            identity={},
            prompt_cache=PromptCache(pipe),
            compiled=compiled,
        )
        self._events: list[tuple[float, Event]] = []
        self._began = 0.0
        self._runner = JobRunner(loaded, emit=self._note, is_cancelled=lambda _: False, micro_batch=batch)

    def measure(self, repeats: int) -> tuple[dict[str, list[Turn]], list[TimedEvents]]:
        """Return the turns of every variant, and the events of as many grids with previews, rendered after them."""
        variants = {LOOP: self._loop, EAGER: lambda: self._grid(EAGER)}
        if self._compiled:
            variants[COMPILED] = lambda: self._grid(COMPILED)
        turns = run_paired(variants, repeats)
        self._use_engine_settings()
        return turns, [self._render(previews=True) for _ in range(repeats)]

    def _loop(self) -> Turn:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic = False
        if hasattr(self._pipe, "unet"):
            self._pipe.unet.to(memory_format=torch.contiguous_format)
        return self._turn(LOOP, lambda: self._plain.job("1"))

    def _grid(self, name: str) -> Turn:
        self._use_engine_settings()
        return self._turn(name, lambda: self._render(previews=False).pixels)

    def _use_engine_settings(self) -> None:
        use_deterministic_kernels()
        prepare_pipeline(self._pipe, self._device)

    def _render(self, *, previews: bool) -> TimedEvents:
        self._events, self._began = [], time.perf_counter()
        self._runner.run(RenderJob(job=1, tasks=TASKS, settings=self._settings, previews=previews))
        return TimedEvents(events=tuple(self._events))

    def _note(self, event: Event) -> None:
        self._events.append((time.perf_counter() - self._began, event))

    def _turn(self, name: str, run: Callable[[], bytes]) -> Turn:
        on_gpu = self._device != "cpu"
        if on_gpu:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()

        def finished() -> bytes:
            pixels = run()
            if on_gpu:
                torch.cuda.synchronize()
            return pixels

        eager = self._compiled and name != COMPILED
        with torch.compiler.set_stance("force_eager") if eager else contextlib.nullcontext():
            turn = timed(finished)
        self.firsts.setdefault(name, turn.seconds)
        if on_gpu:
            self.peaks[name] = max(self.peaks.get(name, 0), torch.cuda.max_memory_allocated())
        return turn
