"""What another tool's metadata says of a picture, as one frozen value, whichever tool wrote it.

Pure data: nothing here reads files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from latentpng.record import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRecord:
    """An empty text, 0 or an empty tuple is "it does not say"; numbers that may be 0 are None then.

    tool: "a1111", "forge", "sdnext", "comfyui", "invokeai", "fooocus", "swarmui", "novelai", "drawthings", "sdcpp";
        "latentpng" for our own text; "" when no tool was recognised.
    version: of the tool, as it wrote it.
    seed: of this picture, as a whole number of any size and sign.
    variation_seed, variation_strength: a second seed and its share of the noise, 0 to 1.
    variations: further (seed, weight) pairs, mixed in one after the other (InvokeAI 2).
    width, height: of the picture that the noise was drawn for, in pixels: before an upscale, where the file tells.
    resized_from: the size that the seed's noise was drawn at (A1111's "Seed resize from"), (0, 0) when not used.
    sampler, scheduler: the tool's own words.
    model, model_hash: the tool's own words.
    randomness: where the noise was drawn: "cpu", "gpu" (CUDA's Philox), "nv" (the same on the CPU); "" unknown.
    batch_index: which picture of its batch, counted from 0; None when the file does not say.
    extra: what else the tool wrote that may matter, by its own names.
    """

    tool: str = ""
    version: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    seed: int | None = None
    variation_seed: int | None = None
    variation_strength: float = 0.0
    variations: tuple[tuple[int, float], ...] = ()
    width: int = 0
    height: int = 0
    resized_from: tuple[int, int] = (0, 0)
    num_inference_steps: int = 0
    sampler: str = ""
    scheduler: str = ""
    guidance_scale: float | None = None
    model: str = ""
    model_hash: str = ""
    randomness: str = ""
    batch_index: int | None = None
    extra: tuple[tuple[str, Json], ...] = field(default=())
