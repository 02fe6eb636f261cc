"""What the name of a model says of it: its words, and whether it was distilled into a few steps.

A word alone decides little.  "turbo" is sdxl-turbo with 512 pixels and without guidance, but DreamShaperXL Turbo wants
1024 pixels and a guidance of 2, so a word counts together with the class of the pipeline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from engine.rendering.settings import SchedulerSettings

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MAX_NAMED_STEPS = 64

_SD = ("StableDiffusionPipeline", "StableDiffusionPAGPipeline")
_SDXL = ("StableDiffusionXLPipeline", "StableDiffusionXLPAGPipeline")
_FLUX = ("FluxPipeline", "ChromaPipeline")
_TRAILING = SchedulerSettings(name="EulerDiscreteScheduler", options={"timestep_spacing": "trailing"})
_LCM = SchedulerSettings(name="LCMScheduler")
_TCD = SchedulerSettings(name="TCDScheduler")
_OWN = SchedulerSettings()


@dataclass(frozen=True, kw_only=True, slots=True)
class Distilled:
    """How a model that was distilled into a few steps is rendered.

    Attributes:
        words: Any of them in the model's name tells it.
        pipelines: The classes for which it counts; empty for all.
        steps: Denoising steps, unless the name says how many.
        guidance: The guidance scale; values up to 1 turn it off.
        scheduler: The scheduler that it was made for, if the model itself comes with none.
        side: Pixels of both sides; 0 if they are those of the family.
    """

    words: tuple[str, ...]
    pipelines: tuple[str, ...] = ()
    steps: int
    guidance: float
    scheduler: SchedulerSettings = field(default_factory=SchedulerSettings)
    side: int = 0


_FIRST = Distilled(words=("turbo",), pipelines=(*_SD, *_SDXL), steps=4, guidance=0.0, scheduler=_TRAILING, side=512)
"""sdxl-turbo and sd-turbo themselves."""
_FIRST_NAMES = ({"sdxl", "turbo"}, {"sd", "xl", "turbo"}, {"sd", "turbo"})
_VERSION = frozenset({"v", "fp", "bf", "f", "pruned", "ema", "only", "safetensors", "diffusers"})
"""Words of those names that tell a version or a precision; so do numbers."""

_RULES = (
    Distilled(words=("schnell",), steps=4, guidance=0.0),
    Distilled(words=("turbo",), pipelines=("ZImagePipeline",), steps=9, guidance=0.0),
    Distilled(words=("turbo",), pipelines=("Krea2Pipeline",), steps=8, guidance=0.0),
    Distilled(words=("turbo",), pipelines=("ErnieImagePipeline",), steps=8, guidance=1.0),
    Distilled(words=("turbo",), pipelines=("StableDiffusion3Pipeline",), steps=4, guidance=0.0),
    Distilled(words=("turbo",), pipelines=_SDXL, steps=8, guidance=2.0, scheduler=_TRAILING),
    Distilled(words=("turbo", "hyper", "lightning"), pipelines=_FLUX, steps=8, guidance=3.5),
    Distilled(words=("lightning",), pipelines=("QwenImagePipeline",), steps=8, guidance=1.0),
    Distilled(words=("lightning",), pipelines=(*_SD, *_SDXL), steps=4, guidance=0.0, scheduler=_TRAILING),
    Distilled(words=("hyper",), pipelines=(*_SD, *_SDXL), steps=8, guidance=1.0, scheduler=_TRAILING),
    Distilled(words=("hyper",), pipelines=("StableDiffusion3Pipeline",), steps=8, guidance=3.0),
    Distilled(words=("dmd",), pipelines=(*_SD, *_SDXL), steps=4, guidance=1.0, scheduler=_LCM),
    Distilled(words=("tcd",), pipelines=(*_SD, *_SDXL), steps=4, guidance=1.0, scheduler=_TCD),
    Distilled(words=("lcm", "pcm"), pipelines=(*_SD, *_SDXL), steps=4, guidance=1.0, scheduler=_LCM),
    Distilled(words=("lcm",), pipelines=("PixArtAlphaPipeline", "PixArtSigmaPipeline"), steps=4, guidance=0.0),
    Distilled(words=("flash",), pipelines=(*_SD, *_SDXL), steps=4, guidance=1.0, scheduler=_LCM),
    Distilled(words=("flash",), pipelines=("StableDiffusion3Pipeline",), steps=4, guidance=0.0),
    Distilled(words=("flash",), pipelines=("ChromaPipeline",), steps=8, guidance=1.0),
    Distilled(words=("klein",), pipelines=("Flux2KleinPipeline",), steps=4, guidance=1.0),
    Distilled(words=("fast",), pipelines=("HiDreamImagePipeline",), steps=16, guidance=0.0),
    Distilled(words=("dev",), pipelines=("HiDreamImagePipeline",), steps=28, guidance=0.0),
    Distilled(words=("distilled",), pipelines=("HunyuanImagePipeline",), steps=8, guidance=3.25),
)
"""From the cards of the models, and for mergers from what their authors recommend; the first match counts."""

_BY_NAME: tuple[tuple[tuple[str, ...], str], ...] = (
    (("flux", "2", "klein"), "Flux2KleinPipeline"),
    (("flux", "2"), "Flux2Pipeline"),
    (("flux",), "FluxPipeline"),
    (("chroma",), "ChromaPipeline"),
    (("z", "image"), "ZImagePipeline"),
    (("qwen", "image", "2", "1"), "QwenImage21Pipeline"),
    (("qwen", "image"), "QwenImagePipeline"),
    (("krea", "2"), "Krea2Pipeline"),
    (("ernie", "image"), "ErnieImagePipeline"),
    (("hidream",), "HiDreamImagePipeline"),
    (("hi", "dream"), "HiDreamImagePipeline"),
    (("hunyuan", "image"), "HunyuanImagePipeline"),
    (("stable", "diffusion", "3"), "StableDiffusion3Pipeline"),
    (("sd", "3"), "StableDiffusion3Pipeline"),
    (("sana", "sprint"), "SanaSprintPipeline"),
    (("sana",), "SanaPipeline"),
    (("sdxl",), "StableDiffusionXLPipeline"),
    (("xl",), "StableDiffusionXLPipeline"),
    (("pony",), "StableDiffusionXLPipeline"),
    (("illustrious",), "StableDiffusionXLPipeline"),
    (("lcm",), "LatentConsistencyModelPipeline"),
    (("sd",), "StableDiffusionPipeline"),
    (("stable", "diffusion"), "StableDiffusionPipeline"),
)
"""Words that follow each other in the name of a model on the hub, and the class that they make likely."""


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: they end at changes of case, at digits and at `-`, `_`, `.`, space.

    Args:
        name: "DreamShaperXL_Turbo" is dream, shaper, xl, turbo; the owner of a model on the hub is left out.
    """
    return tuple(word.casefold() for word in _WORD.findall(name.rsplit("/", 1)[-1]))


def likely_pipeline(name: str) -> str:
    """Return the class that a model has by its name alone; "" if it tells none."""
    words = name_words(name)
    return next((pipeline for run, pipeline in _BY_NAME if _follow(words, run)), "")


def distilled(pipeline: str, name: str) -> Distilled | None:
    """Return how a distilled model is rendered, or None if the name tells of no distillation.

    Args:
        pipeline: The class of its pipeline.
        name: The name of the model.
    """
    words = name_words(name)
    plain = {word for word in words if not word.isdigit() and word not in _VERSION}
    if pipeline in _FIRST.pipelines and plain in _FIRST_NAMES:
        return _FIRST
    if "klein" in words and "base" in words:
        return None
    fitting = (rule for rule in _RULES if not rule.pipelines or pipeline in rule.pipelines)
    return next((rule for rule in fitting if any(_tells(word, words) for word in rule.words)), None)


def named_steps(name: str) -> int:
    """Return how many steps a name says ("SDXL-Lightning-8step"), 0 if it says none."""
    words = name_words(name)
    found = (int(number) for number, word in pairwise(words) if number.isdigit() and word in ("step", "steps"))
    return next((steps for steps in found if 0 < steps <= _MAX_NAMED_STEPS), 0)


def _tells(word: str, words: Sequence[str]) -> bool:
    """Return whether a word stands for a distillation; "hyper real" is none."""
    pairs = pairwise((*words, ""))
    return any(one == word and not (word == "hyper" and after.startswith("real")) for one, after in pairs)


def _follow(words: Sequence[str], run: Sequence[str]) -> bool:
    return any(tuple(words[at : at + len(run)]) == tuple(run) for at in range(len(words) - len(run) + 1))
