"""What a person asks for, as one frozen value: the engine's side of the command line.

An empty value leaves the choice to the picture that is opened, else to the model.  Nothing is checked here:
`engine.target` resolves the options and names what is wrong with them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import InvalidRequestError

DTYPES = ("auto", "float32", "float16", "bfloat16")
PREDICTIONS = {"epsilon": "epsilon", "v": "v_prediction", "v_prediction": "v_prediction"}
_RANDOM_SEED_BYTES = 4
"""Short enough to type."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """Options that every command and the app share.

    Attributes:
        profile: The name of a profile in the configuration file, whose settings stand in for those left empty.
        model: A diffusers folder, a weights file, the name of a model on this machine, or (with `download`) a hub id;
            "" for the picture's model, else the embedded one.
        config: For a single file, the diffusers folder that describes it.
        download: Allow downloading `model` from the Hugging Face hub.
        loras: LoRA files, each "FILE" or "FILE:WEIGHT"; () for those that the picture records, ("none",) for none.
        vae: A VAE's folder or `.safetensors` file; "" for the one that the picture records, "none" for the model's own.
        text_encoders: Files of the text encoders that `model` lacks.
        prediction: What a single file predicts: "epsilon", "v_prediction", or "" for what its family and its keys say.
        preview_vae: The folder or the file of a tiny autoencoder that draws the previews.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps"; several joined by commas ("cuda:0,cuda:1") share the work.
        ray: "auto" or the address of a Ray cluster whose workers render; "" renders on this machine.
        keep_alive: The seconds for which a worker keeps its model after the last program has left it; None for what the
            configuration file says, 0 for a worker that ends with its program.
        dtype: "auto", "float32", "float16" or "bfloat16".
        attention: An attention back-end of diffusers by its name, or "auto".
        memory: One of `engine.models.memory.Memory`.
        compile: Compile the repeated blocks of the model.
        batch: The maximum batch size; 0 leaves it to the worker.
        strict: Render one picture at a time, so that its neighbours in a batch cannot change a bit of it.
        allow_large: Render what a picture that is opened asks for, however large it is and however many steps it takes.
        prompt: What a picture that is opened is to show instead; None leaves it.  A new picture's prompt stands apart.
        negative_prompt: What the picture should not show.  "" asks for no negative prompt, None leaves it.
        size: Width and height in pixels, or ().
        num_inference_steps: Denoising steps.
        guidance_scale: How strictly the prompt is followed.
        scheduler: A scheduler as people write it ("DPM++ 2M Karras"); "" is the model's own, None leaves it.
        prompt_style: A value of `engine.rendering.settings.PromptStyle`; "" leaves it to the picture or the family.
        clip_skip: The layer of the CLIP text encoder, counted from the end; 0 is the family's own, None leaves it.
        seed: Of a new picture, and of the grids of a search, 0 to 2^64 - 1; None draws one.
        scale: Of the first round, above 0 and at most 1; 0 leaves it.
        bands: The name of one of `engine.search.bands.Bands`, or "".
        region: The part of the picture that moves, as `engine.search.regions.parse_region` reads it; "" for all of it.
        axis: The name of one of `engine.search.axis.Axis`, or "".
        mode: The name of one of `engine.search.session.Mode`.
        given: The names of the fields that were asked for, even if their value is the default.
        prompt_defaults: What the configuration file says for new prompts only, as names of fields and their values; a
            picture that is opened keeps its own.  `engine.profiles` fills them in.
    """

    profile: str = ""
    model: str = ""
    config: str = ""
    download: bool = False
    loras: tuple[str, ...] = ()
    vae: str = ""
    text_encoders: tuple[str, ...] = ()
    prediction: str = ""
    preview_vae: str = ""
    device: str = "auto"
    ray: str = ""
    keep_alive: float | None = None
    dtype: str = "auto"
    attention: str = "auto"
    memory: str = "auto"
    compile: bool = False
    batch: int = 0
    strict: bool = False
    allow_large: bool = False
    prompt: str | None = None
    negative_prompt: str | None = None
    size: tuple[int, ...] = ()
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    scheduler: str | None = None
    prompt_style: str = ""
    clip_skip: int | None = None
    seed: int | None = None
    scale: float = 0.0
    bands: str = ""
    region: str = ""
    axis: str = ""
    mode: str = "keep"
    given: frozenset[str] = field(default=frozenset(), compare=False)
    prompt_defaults: tuple[tuple[str, object], ...] = ()

    def is_given(self, name: str) -> bool:
        """Return whether a field was asked for."""
        default: object = type(self).__dataclass_fields__[name].default
        return name in self.given or getattr(self, name) != default

    def filled(self, values: Mapping[str, object]) -> Options:
        """Return the options with these values in the fields that were not asked for."""
        fields: dict[str, Any] = {name: value for name, value in values.items() if not self.is_given(name)}
        return replace(self, **fields)

    def for_new_prompt(self) -> Options:
        """Return the options for a new prompt: what was not asked for is as the configuration file says."""
        return replace(self.filled(dict(self.prompt_defaults)), prompt_defaults=())

    def seed_or_random(self) -> int:
        """Return the seed asked for, else a random one; this is the only place of the engine that draws at random."""
        return int.from_bytes(os.urandom(_RANDOM_SEED_BYTES), "little") if self.seed is None else self.seed


def devices_of(device: str) -> tuple[str, ...]:
    """Return the devices that an option names: "cuda:0,cuda:1" are two of them."""
    return tuple(filter(None, (name.strip() for name in device.split(","))))


def first_device(device: str) -> str:
    """Return the first of the devices that an option names, which stands for all of them in a request."""
    return next(iter(devices_of(device)), "auto")


def parse_device(text: str) -> str:
    """Return a device, or several joined by commas, from a text such as "cuda:0, cuda:1".

    Whether this machine has them is found out when a model is loaded.

    Raises:
        InvalidRequestError: A name is missing, or "auto" is one of several.
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InvalidRequestError(f"the name of a device is missing, found {text!r}")
    if len(names) > 1 and "auto" in names:
        raise InvalidRequestError(f"auto is no name for one of several devices: name each of them, found {text!r}")
    return ",".join(names)


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height from a text such as "832x1216".

    Raises:
        InvalidRequestError: It is no size, or its sides are no multiples of 8.
    """
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text.strip())
    if not match:
        raise InvalidRequestError(f"a size is WIDTHxHEIGHT, for example 512x512, found {text!r}")
    width, height = int(match[1]), int(match[2])
    if width % 8 or height % 8 or not width or not height:
        raise InvalidRequestError(f"width and height are multiples of 8, found {text!r}")
    return width, height


def parse_prediction(text: str) -> str:
    """Return what a model predicts, from the words "epsilon" and "v".

    Raises:
        InvalidRequestError: It is another word.
    """
    if text.casefold() not in PREDICTIONS:
        raise InvalidRequestError(f"a model predicts epsilon or v, found {text!r}")
    return PREDICTIONS[text.casefold()]
