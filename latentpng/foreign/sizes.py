"""The shape of the noise of another tool's picture: from its size in pixels and from the latent of its model."""

from __future__ import annotations

import math
from collections.abc import Iterator

from latentpng.errors import InvalidValueError
from latentpng.foreign.choices import Choices
from latentpng.foreign.noise.latents import FACTORS, Latent, latent_of_model, latent_of_module
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools import loose
from latentpng.record import Json
from latentpng.shapes import MAX_STORED

_USUAL = Latent(channels=4, factor=8)
_UNPACKED = Latent(channels=32, factor=8)  # InvokeAI draws the noise of FLUX.2 before it is packed
_MODULE_FIELDS = ("VAE", "vae", "clip_name", "clip_name1", "clip_name2", "clip_name3", "text_encoder", "t5_encoder")
_MAX_MODULES = 8
_MAX_LORAS = 8


def latent_of(record: ForeignRecord, choices: Choices) -> Latent:
    """Return the latent of a picture: what a person or the file says, or else what names suggest.

    Args:
        record: What the file says.
        choices: What a person knows besides.
    """
    likely = likely_latent(record)
    said = record.channels if record.channels > likely.channels else 0  # ComfyUI widens an empty latent for its model
    channels = choices.channels or said
    if channels in (0, likely.channels):
        return likely
    return Latent(channels=channels, factor=FACTORS[channels])


def likely_latent(record: ForeignRecord) -> Latent:
    """Return the latent that names in a file suggest; callers report it as assumed.

    Args:
        record: What the file says.
    """
    fields = dict(record.extra)
    found = latent_of_model(record.model) or latent_of_model(loose.text(fields.get("Pipeline")))
    found = found or next(filter(None, map(latent_of_module, _modules(record))), None)
    found = found or next(filter(None, map(latent_of_model, _loras(record))), _USUAL)
    return _UNPACKED if record.tool == "invokeai" and found.channels == 128 else found


def shape_of(size: tuple[int, int], latent: Latent) -> tuple[int, int, int]:
    """Return the shape (C, H, W) of the noise of a picture.

    Args:
        size: Width and height of the picture in pixels.
        latent: The form of the latent.

    Raises:
        InvalidValueError: The picture is too small for this latent, or its noise too large for a file.
    """
    shape = (latent.channels, size[1] // latent.factor, size[0] // latent.factor)
    what = f"a picture of {size[0]} x {size[1]} pixels"
    if min(shape) < 1:
        raise InvalidValueError(f"{what} is too small to have noise: each side needs at least {latent.factor}")
    if math.prod(shape) > MAX_STORED:
        held = f"{math.prod(shape):,} values with {latent.channels} channels, and a file can store {MAX_STORED:,}"
        raise InvalidValueError(f"the noise of {what} cannot be stored: it has {held}")
    return shape


def _modules(record: ForeignRecord) -> Iterator[str]:
    """Yield the names of the VAE and of the text encoders that were loaded beside the model."""
    fields = dict(record.extra)
    for value in [fields.get(name) for name in _MODULE_FIELDS]:
        model = loose.members(value)
        yield _stem(loose.text(value) or loose.text(model.get("name")) or loose.text(model.get("model_name")))
    for number in range(1, _MAX_MODULES + 1):  # Forge
        yield _stem(loose.text(fields.get(f"Module {number}")))


def _loras(record: ForeignRecord) -> Iterator[str]:
    for value in loose.items(dict(record.extra).get("loras"))[:_MAX_LORAS]:
        yield _stem(_name(value))


def _name(value: Json) -> str:
    entry = loose.members(value)
    return (
        loose.text(value) or loose.text(entry.get("name")) or loose.text(loose.members(entry.get("model")).get("name"))
    )


def _stem(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]
