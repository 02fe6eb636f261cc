"""What an adapter file says of itself, as far as it is believed: names and shapes of tensors, and a few numbers.

peft takes whole configurations from the header of a file: classes, regular expressions, how often to iterate.  A file
comes from a stranger, so only the numbers that scale its layers are taken, and names may only be plain names, because
peft makes regular expressions of them.  No torch.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.errors import ModelError
from engine.models.weights import WeightFile
from latentpng.json_fields import is_number
from latentpng.text import brief

MAX_ALPHA = 1e6
"""The largest alpha, and the smallest with a minus; trained files have up to a few hundred."""
MAX_RANK = 4096
_MAX_TENSORS, _MAX_METADATA, _MAX_AXES = 1 << 15, 1 << 21, 5
_KEY = "lora_adapter_metadata"
"""The entry of the header in which diffusers and peft keep a configuration as JSON."""
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,300}")
_CONTROL = "lora_controlnet"
_HALF = re.compile(r"(.*[._](?:lora_)?)(down|up|A|B)((?:\.[A-Za-z0-9_]+)?\.weight)")
_OTHER_HALF = {"down": "up", "up": "down", "A": "B", "B": "A"}


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredScales:
    """The numbers in a header that scale layers, by the component that they belong to ("unet").

    Attributes:
        alphas: Of all layers of a component that have none of their own.
        of_layers: Of single layers, by the end of their path.
        by_root: The components whose alpha is divided by the square root of the rank, not by the rank (rsLoRA).
    """

    alphas: Mapping[str, float] = field(default_factory=dict)
    of_layers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    by_root: frozenset[str] = frozenset()

    def alpha(self, component: str, path: str) -> float | None:
        """Return the alpha of a layer; None if the header gives none.

        Args:
            component: The component.
            path: The path of the layer in it.
        """
        known = self.of_layers.get(component, {})
        parts = path.split(".")
        ends = (".".join(parts[start:]) for start in range(len(parts)))
        return next((known[end] for end in ends if end in known), self.alphas.get(component))


def check_adapter(file: WeightFile) -> None:
    """Refuse an adapter whose names or shapes are none of an adapter, before its values are read.

    Raises:
        ModelError: The message is a sentence that begins with the file's name.
    """
    if len(file.tensors) > _MAX_TENSORS:
        raise _damaged(file, f"it has {len(file.tensors):,} tensors, where at most {_MAX_TENSORS:,} are read")
    for name, shape in file.tensors.items():
        if not _NAME.fullmatch(name) or name == _CONTROL:
            raise _damaged(file, f"{brief(name)} is no name of a layer")
        if not all(shape) or len(shape) > _MAX_AXES:
            raise _damaged(file, f"{name} has the shape {brief(shape)}")
        if name.endswith(".alpha") and math.prod(shape) != 1:
            raise _damaged(file, f"{name} has {math.prod(shape):,} values, where 1 is needed")
    for half in filter(None, map(_HALF.fullmatch, file.tensors)):
        _check_halves(file, half)


def stored_scales(file: WeightFile) -> StoredScales:
    """Return the numbers in a header that scale layers; none if the layers have an alpha beside them.

    Raises:
        ModelError: The configuration in the header is damaged, or a number is none.
    """
    text = file.metadata.get(_KEY, "")
    if not text or any(name.endswith(".alpha") for name in file.tensors):
        return StoredScales()
    alphas: dict[str, float] = {}
    of_layers: dict[str, Mapping[str, float]] = {}
    by_root: set[str] = set()
    for key, value in _configuration(file, text).items():
        component, _, entry = key.rpartition(".")
        if entry == "lora_alpha":
            alphas[component] = _number(file, key, value)
        elif entry == "alpha_pattern" and value:
            of_layers[component] = dict(_layers(file, key, value))
        elif entry == "use_rslora" and value is True:
            by_root.add(component)
    return StoredScales(alphas=alphas, of_layers=of_layers, by_root=frozenset(by_root))


def check_alpha(alpha: float) -> float:
    """Return an alpha.

    Raises:
        ValueError: It is not finite, or too large; the message is a clause.
    """
    if not abs(alpha) <= MAX_ALPHA:  # so written that NaN is refused
        raise ValueError(f"its alpha is {alpha:g}, where a number up to {MAX_ALPHA:,.0f} is needed")
    return alpha


def _check_halves(file: WeightFile, half: re.Match[str]) -> None:
    start, which, end = half.groups()
    other = f"{start}{_OTHER_HALF[which]}{end}"
    if other not in file.tensors:
        raise _damaged(file, f"{half[0]} is there without {other}")
    if which in ("up", "B"):
        return
    down, up = file.tensors[half[0]], file.tensors[other]
    if len(down) < 2 or len(up) < 2 or down[0] != up[1] or down[0] > MAX_RANK:
        raise _damaged(file, f"{half[0]} and {other} have the shapes {brief(down)} and {brief(up)}")


def _configuration(file: WeightFile, text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text) if len(text) <= _MAX_METADATA else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _damaged(file, f"{_KEY} in its header is no JSON object of at most {_MAX_METADATA:,} characters")
    return found


def _layers(file: WeightFile, key: str, value: object) -> Iterator[tuple[str, float]]:
    if not isinstance(value, dict) or len(value) > _MAX_TENSORS:
        raise _damaged(file, f"{key} in its header is no table of numbers")
    for pattern, alpha in value.items():
        name = pattern.removeprefix("^")
        if not _NAME.fullmatch(name):
            raise _damaged(file, f"{brief(pattern)} in its header is no name of a layer")
        yield name, _number(file, key, alpha)


def _number(file: WeightFile, key: str, value: object) -> float:
    try:
        if is_number(value):
            return check_alpha(float(value))
    except (ValueError, OverflowError):
        pass
    raise _damaged(
        file, f"{brief(key)} in its header is {brief(value)}, where a number up to {MAX_ALPHA:,.0f} is needed"
    )


def _damaged(file: WeightFile, why: str) -> ModelError:
    return ModelError(f"{file.path.name} cannot be used as a LoRA: {why}; download it again or leave it out")
