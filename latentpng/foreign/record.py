"""The metadata of another tool's picture as one frozen value, the same for every tool. Nothing here reads files."""

from __future__ import annotations

from dataclasses import dataclass, field

from latentpng.record import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRecord:
    """What a tool wrote about one picture.

    An empty text, 0 or an empty tuple means that the file does not say; for numbers that may be 0, None means it.

    Attributes:
        tool: "a1111", "forge", "sdnext", "comfyui", "invokeai", "fooocus", "swarmui", "novelai", "drawthings", "sdcpp",
            "ruinedfooocus", "imaginairy", "easydiffusion", "stabilitymatrix", "tensorart", "mochi", "mflux", "horde",
            "huggingface"; "service" for a closed service that left its name or a label; "unknown" for text that is not
            understood; "latentpng" for text that latentpng itself wrote; "" when there is no such text at all.
        version: The version of the tool, in its own words.
        seed: The seed of this picture, an integer of any size and sign.
        variation_seed: A second seed, whose noise is mixed in.
        variation_strength: The share of the second seed's noise, 0 to 1.
        variations: Further (seed, weight) pairs, mixed in one after the other (InvokeAI 2).
        width: Width in pixels of the picture that the noise was drawn for; before an upscale, where the file says so.
        height: Height in pixels of the same picture.
        resized_from: The size in pixels that the seed's noise was first drawn at (A1111's "Seed resize from");
            (0, 0) when it is not used.
        num_inference_steps: The number of denoising steps.
        sampler: The sampler, in the tool's own words.
        scheduler: The scheduler or noise schedule, in the tool's own words.
        guidance_scale: The scale of classifier-free guidance.
        model: The name of the model, in the tool's own words.
        model_hash: The hash of the model, in the tool's own words.
        randomness: The generator of the noise: "cpu", "gpu" (CUDA's Philox), "nv" (Philox on the CPU); "" if unknown.
        batch_index: The index of the picture in its batch, from 0.
        channels: The number of channels of the initial noise, where the file says it by its kind of latent.
        made_by: The site, service or fork that made the picture, by its name ("Civitai", "reForge", "Midjourney");
            "" also for a service that the file does not name.
        unknown_noise: Why the initial noise cannot be rebuilt from the seed, as a clause ("ClownsharKSampler draws
            noise of its own"); "" when nothing is known that prevents it.
        notes: What a person should know about how this was read, a clause each ("the checksum of its text is wrong").
        extra: Whatever else the tool wrote that may matter, by the tool's own names.
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
    channels: int = 0
    made_by: str = ""
    unknown_noise: str = ""
    notes: tuple[str, ...] = ()
    extra: tuple[tuple[str, Json], ...] = field(default=())
