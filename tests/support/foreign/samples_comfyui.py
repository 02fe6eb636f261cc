"""Small graphs of ComfyUI in the form of its API, one of each common kind."""

from __future__ import annotations

from latentpng.record import Json

Entries = dict[str, Json]


def node(kind: str, **inputs: Json) -> Json:
    """Return a node; a linked input is `["ID", output index]`."""
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": kind}}


def link(key: str, output: int = 0) -> Json:
    """Return an input that is linked to an output of the node with this ID."""
    return [key, output]


LOADER: Entries = {
    "4": node("CheckpointLoaderSimple", ckpt_name="boats.safetensors"),
    "10": node("LoraLoader", lora_name="sails.safetensors", model=link("4"), clip=link("4", 1), strength_model=1.0),
    "6": node("CLIPTextEncode", text="a red boat", clip=link("10", 1)),
    "7": node("CLIPTextEncode", text="fog", clip=link("10", 1)),
    "5": node("EmptyLatentImage", width=512, height=768, batch_size=1),
}


def sampler(latent: Json, **changed: Json) -> Json:
    """Return the KSampler of the default graph, with some inputs changed."""
    inputs: Entries = {
        "seed": 7,
        "steps": 20,
        "cfg": 7.5,
        "sampler_name": "dpmpp_2m",
        "scheduler": "karras",
        "denoise": 1.0,
        "model": link("10"),
        "positive": link("6"),
        "negative": link("7"),
        "latent_image": latent,
    }
    return node("KSampler", **{**inputs, **changed})


def saved(samples: str) -> Entries:
    """Return the nodes that decode and save the latents of a sampler."""
    return {
        "8": node("VAEDecode", samples=link(samples), vae=link("4", 2)),
        "9": node("SaveImage", images=link("8"), filename_prefix="ComfyUI"),
    }


SIMPLE: Entries = {**LOADER, "3": sampler(link("5")), **saved("3")}

HIRES: Entries = {
    **LOADER,
    "3": sampler(link("5"), seed=18446744073709551615),
    "11": node("LatentUpscale", samples=link("3"), width=1024, height=1536, upscale_method="nearest-exact"),
    "12": sampler(link("11"), seed=5, steps=14, denoise=0.5),
    **saved("12"),
}

FLUX: Entries = {
    "30": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
    "31": node("ModelSamplingFlux", model=link("30"), max_shift=1.15, base_shift=0.5, width=1024, height=1024),
    "6": node("CLIPTextEncode", text=link("40"), clip=link("32")),
    "40": node("PrimitiveStringMultiline", value="a red boat"),
    "26": node("FluxGuidance", conditioning=link("6"), guidance=3.5),
    "22": node("BasicGuider", model=link("31"), conditioning=link("26")),
    "16": node("KSamplerSelect", sampler_name="euler"),
    "17": node("BasicScheduler", model=link("31"), scheduler="simple", steps=link("41"), denoise=1.0),
    "41": node("PrimitiveInt", value=24),
    "25": node("RandomNoise", noise_seed=link("42")),
    "42": node("Seed (rgthree)", seed=219670278747233),
    "27": node("EmptySD3LatentImage", width=link("43"), height=1024, batch_size=4),
    "43": node("INTConstant", value=768),
    "13": node(
        "SamplerCustomAdvanced",
        noise=link("25"),
        guider=link("22"),
        sampler=link("16"),
        sigmas=link("17"),
        latent_image=link("27"),
    ),
    "8": node("VAEDecode", samples=link("13"), vae=link("33")),
    "9": node("SaveImage", images=link("8"), filename_prefix="ComfyUI"),
}
