"""Which latents a model works on, as far as names tell it, and which models do not begin with the noise of one picture.

Names are hints only: whatever is found here is reported as assumed, and a person may say otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FACTORS = {4: 8, 16: 8, 32: 8, 128: 16}  # channels of the latent: pixels per side of a latent cell
_MAX_NAME = 300  # characters of a name that are looked at


@dataclass(frozen=True, kw_only=True, slots=True)
class Latent:
    """The form of a latent.

    Attributes:
        channels: The number of channels.
        factor: Pixels per side of a latent cell.
    """

    channels: int
    factor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """Models that begin with noise that is not that of one picture.

    Attributes:
        noun: What they are, as a sentence names them.
        problem: What is different about their noise, as a clause that follows the noun.
        names: How the names of these models are recognised.
    """

    noun: str
    problem: str
    names: str


_START, _END = r"(?<![a-z])", r"(?:(?![a-z])|(?=pipeline))"  # a word of its own: "sana" is not found in "susana"
_FAMILIES = (
    Family(
        noun="a model of several stages",
        problem="which draws noise for each stage",
        names=rf"stable[ ._-]?cascade|cascade[ ._-]?(stage|[bc]{_END})|w(u|ü|ue)rstchen|deep[ ._-]?floyd"
        rf"|{_START}if[ ._-]?(i|ii|iii)[ ._-](xl|l|m){_END}|^if[a-z]*pipeline|kandinsky|{_START}karlo|un[ ._-]?clip",
    ),
    Family(
        noun="a video model",
        problem="whose noise covers all frames",
        names=rf"{_START}wan[ ._-]?(video|pipeline|\d[ ._]?\d|t2v|i2v|animate|vace)|hunyuan[ ._-]?video|{_START}ltx"
        rf"|mochi[ ._-]?(1{_END}|preview)|cog[ ._-]?video|animate[ ._-]?diff|stable[ ._-]?video|{_START}svd{_END}"
        rf"|sky[ ._-]?reels|frame[ ._-]?pack|{_START}cosmos(?![ ._-]?xl)|{_START}allegro{_END}"
        rf"|(text|image)[ ._-]?to[ ._-]?video|{_START}(t2v|i2v){_END}",
    ),
    Family(
        noun="a model without a latent",
        problem="which draws noise in pixels",
        names=r"chroma.{0,12}radiance|pixel[ ._-]?(flow|dit|nerd)|hi[ ._-]?dream[ ._-]?o1",
    ),
    Family(
        noun="a model for sound",
        problem="which draws noise for sound",
        names=r"audio[ ._-]?ldm|stable[ ._-]?audio|ace[ ._-]?step|music[ ._-]?ldm|music[ ._-]?gen",
    ),
    Family(
        noun="a HunyuanImage model",
        problem="whose latent has a form that is not known here",
        names=r"hunyuan[ ._-]?image",
    ),
    Family(
        noun="a model that writes a picture piece by piece",
        problem="which draws no noise of a whole picture",
        names=rf"{_START}janus|next[ ._-]?step|{_START}emu[ ._-]?3|{_START}amused{_END}|meissonic"
        rf"|{_START}infinity[ ._-]?(2b|8b)|glm[ ._-]?image|lumina[ ._-]?m?gpt",
    ),
)
"""The families that are refused. The first that fits a name counts."""
_FORMS: tuple[tuple[str, int, int], ...] = (
    (r"flux[ ._-]?2|klein|ernie[ ._-]?image", 128, 16),
    (rf"{_START}sana{_END}|{_START}sana[ ._-]?(pag|sprint|pipeline|\d)", 32, 32),
    (r"(?<!in)(?<!af)(?<!con)flux|kontext", 16, 8),
    (rf"{_START}sd[ ._-]?3|stable[ ._-]?diffusion[ ._-]?(v)?3", 16, 8),
    (rf"{_START}chroma({_END}|1|pipeline)", 16, 8),
    (rf"qwen|{_START}z[ ._-]?image|hi[ ._-]?dream", 16, 8),
    (rf"lumina[ ._-]?(image[ ._-]?)?(v)?2|(neta|newbie)[ ._-]?(lumina|image|yume)|{_START}neta[ ._-]?lumina", 16, 8),
    (rf"cog[ ._-]?view[ ._-]?(3|4)|omni[ ._-]?gen[ ._-]?2|{_START}f[ ._-]?lite{_END}|ovis[ ._-]?image", 16, 8),
    (rf"long[ ._-]?cat|{_START}anima{_END}(?!.*xl)", 16, 8),
    (r"aura[ ._-]?flow|pony[ ._-]?(diffusion)?[ ._-]?v?7|kolors|pixart|hunyuan[ ._-]?dit|lumina", 4, 8),
    (rf"stable[ ._-]?diffusion|{_START}sd(xl)?[ ._-]?v?\d|sdxl|{_START}xl|illustrious|latent[ ._-]?consistency", 4, 8),
    (r"latent[ ._-]?diffusion|xl(?=pipeline)|playground|omni[ ._-]?gen|ssd[ ._-]?1b|segmind|alt[ ._-]?diffusion", 4, 8),
)
"""(how a name is recognised, channels, pixels per side of a cell), the first that fits counts."""
_MODULES: tuple[tuple[str, int, int], ...] = (
    (r"flux[ ._-]?2|mistral[ ._-]?(small|3)", 128, 16),
    (rf"^ae{_END}|flux|t5[ ._-]?xxl|qwen|{_START}wan|sd[ ._-]?3", 16, 8),
)
"""The same for the names of VAEs and text encoders that were loaded beside a model."""


def latent_of_model(name: str) -> Latent | None:
    """Return the latent that the name of a model or of a pipeline suggests; None when it suggests nothing."""
    return _first(_FORMS, name)


def latent_of_module(name: str) -> Latent | None:
    """Return the latent that the name of a VAE or of a text encoder suggests; None when it suggests nothing."""
    return _first(_MODULES, name)


def family_of(name: str) -> Family | None:
    """Return the family of a model whose noise is not that of one picture; None for any other name."""
    text = name[:_MAX_NAME].casefold()
    return next((family for family in _FAMILIES if re.search(family.names, text)), None)


def _first(table: tuple[tuple[str, int, int], ...], name: str) -> Latent | None:
    text = name[:_MAX_NAME].casefold()
    found = ((channels, factor) for form, channels, factor in table if re.search(form, text))
    channels, factor = next(found, (0, 0))
    return Latent(channels=channels, factor=factor) if channels else None
