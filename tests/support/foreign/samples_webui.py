"""Samples of the tools that can write the text of Stable Diffusion web UI; see samples.py."""

from __future__ import annotations

import json
from dataclasses import dataclass

from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Texts of one picture, and the record that they should give.

    Attributes:
        texts: The texts by keyword, as in a PNG.
        record: The expected record.
    """

    texts: dict[str, str]
    record: ForeignRecord


A1111 = Sample(
    texts={
        "parameters": (
            "a red boat,\non a lake\nNegative prompt: fog, rain\nand snow\n"
            "Steps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 4294967295, Size: 512x768, "
            "Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Variation seed: 3, Variation seed strength: 0.25, "
            'Seed resize from: 512x512, Clip skip: 2, ENSD: 31337, RNG: CPU, Lora hashes: "boat: 0a1b, sea: 2c3d", '
            "Version: v1.10.1"
        )
    },
    record=ForeignRecord(
        tool="a1111",
        version="v1.10.1",
        prompt="a red boat,\non a lake",
        negative_prompt="fog, rain\nand snow",
        seed=4294967295,
        variation_seed=3,
        variation_strength=0.25,
        width=512,
        height=768,
        resized_from=(512, 512),
        num_inference_steps=20,
        sampler="Euler a",
        scheduler="Automatic",
        guidance_scale=7.0,
        model="v1-5-pruned-emaonly",
        model_hash="6ce0161689",
        randomness="cpu",
        extra=(("Clip skip", "2"), ("ENSD", "31337"), ("Lora hashes", "boat: 0a1b, sea: 2c3d")),
    ),
)

FORGE = Sample(
    texts={
        "parameters": (
            "a red boat\nSteps: 8, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 1, Distilled CFG Scale: 3.5, "
            "Seed: 0, Size: 896x1152, Model: flux1-dev, RNG: NV, Version: f2.0.1v1.10.1-previous-1-gabcdef0"
        )
    },
    record=ForeignRecord(
        tool="forge",
        version="f2.0.1v1.10.1-previous-1-gabcdef0",
        prompt="a red boat",
        seed=0,
        width=896,
        height=1152,
        num_inference_steps=8,
        sampler="DPM++ 2M",
        scheduler="Karras",
        guidance_scale=1.0,
        model="flux1-dev",
        randomness="nv",
        made_by="Forge",
        extra=(("Distilled CFG Scale", "3.5"),),
    ),
)

SDNEXT = Sample(
    texts={
        "parameters": (
            "a red boat\nNegative prompt: \nSteps: 20, Size: 1024x1024, Sampler: UniPC, Seed: 77, CFG scale: 6.0, "
            "App: SD.Next, Version: 1a2b3c4, Operations: txt2img, Model: sdxl-base, Model hash: 31e35c80fc, "
            "Variation seed: 5, Variation strength: 0.1"
        )
    },
    record=ForeignRecord(
        tool="sdnext",
        version="1a2b3c4",
        prompt="a red boat",
        seed=77,
        variation_seed=5,
        variation_strength=0.1,
        width=1024,
        height=1024,
        num_inference_steps=20,
        sampler="UniPC",
        guidance_scale=6.0,
        model="sdxl-base",
        model_hash="31e35c80fc",
        made_by="SD.Next",
        extra=(("App", "SD.Next"), ("Operations", "txt2img")),
    ),
)

_FOOOCUS: dict[str, Json] = {
    "adm_guidance": "(1.5, 0.8, 0.3)",
    "base_model": "boats-xl",
    "base_model_hash": "aeb7e9e689",
    "full_prompt": ["a red boat, cinematic"],
    "guidance_scale": 4.0,
    "metadata_scheme": "fooocus",
    "negative_prompt": "fog",
    "performance": "Speed",
    "prompt": "a red boat",
    "resolution": "(896, 1152)",
    "sampler": "dpmpp_2m_sde_gpu",
    "scheduler": "karras",
    "seed": "8040247166733417542",
    "steps": 30,
    "version": "Fooocus v2.5.0",
}
FOOOCUS = Sample(
    texts={"parameters": json.dumps(_FOOOCUS), "fooocus_scheme": "fooocus"},
    record=ForeignRecord(
        tool="fooocus",
        version="Fooocus v2.5.0",
        prompt="a red boat",
        negative_prompt="fog",
        seed=8040247166733417542,
        width=896,
        height=1152,
        num_inference_steps=30,
        sampler="dpmpp_2m_sde_gpu",
        scheduler="karras",
        guidance_scale=4.0,
        model="boats-xl",
        model_hash="aeb7e9e689",
        randomness="cpu",
        extra=(
            ("adm_guidance", "(1.5, 0.8, 0.3)"),
            ("full_prompt", ["a red boat, cinematic"]),
            ("metadata_scheme", "fooocus"),
            ("performance", "Speed"),
        ),
    ),
)

FOOOCUS_TEXT = Sample(
    texts={
        "parameters": (
            "a red boat, cinematic\nNegative prompt: fog, blur\n"
            "Steps: 30, Sampler: DPM++ 2M SDE Karras, Seed: 11, Size: 896x1152, CFG scale: 4, Sharpness: 2, "
            'ADM Guidance: "(1.5, 0.8, 0.3)", Model: boats-xl, Model hash: aeb7e9e689, Performance: Speed, '
            "Scheduler: karras, Raw prompt: a red boat, Raw negative prompt: fog, Version: Fooocus v2.5.0"
        ),
        "fooocus_scheme": "a1111",
    },
    record=ForeignRecord(
        tool="fooocus",
        version="Fooocus v2.5.0",
        prompt="a red boat",
        negative_prompt="fog",
        seed=11,
        width=896,
        height=1152,
        num_inference_steps=30,
        sampler="DPM++ 2M SDE Karras",
        scheduler="karras",
        guidance_scale=4.0,
        model="boats-xl",
        model_hash="aeb7e9e689",
        randomness="cpu",
        extra=(
            ("Sharpness", "2"),
            ("ADM Guidance", "(1.5, 0.8, 0.3)"),
            ("Performance", "Speed"),
            ("full_prompt", "a red boat, cinematic"),
            ("full_negative_prompt", "fog, blur"),
        ),
    ),
)

_SDCPP_TEXT = (
    "a red boat\nNegative prompt: fog\nSteps: 20, CFG scale: 7.000000, Guidance: 3.500000, Eta: 0.000000, Seed: 42, "
    "Size: 512x640, Model: sd-v1-5.safetensors, RNG: cuda, Sampler: euler_a karras, Version: stable-diffusion.cpp"
)
SDCPP_OLD = Sample(
    texts={"parameters": _SDCPP_TEXT},
    record=ForeignRecord(
        tool="sdcpp",
        prompt="a red boat",
        negative_prompt="fog",
        seed=42,
        width=512,
        height=640,
        num_inference_steps=20,
        sampler="euler_a",
        scheduler="karras",
        guidance_scale=7.0,
        model="sd-v1-5.safetensors",
        randomness="nv",
        extra=(("Guidance", "3.500000"), ("Eta", "0.000000")),
    ),
)

_SDCPP: dict[str, Json] = {
    "schema": "sdcpp.image.params/v1",
    "mode": "img_gen",
    "generator": {"name": "stable-diffusion.cpp", "version": "master-700", "commit": "0123abc"},
    "seed": 42,
    "width": 512,
    "height": 640,
    "prompt": {"positive": "a red boat", "negative": "fog"},
    "sampling": {
        "steps": 20,
        "eta": 0.0,
        "guidance": {"txt_cfg": 7.0, "distilled_guidance": 3.5},
        "method": "euler_a",
        "scheduler": "karras",
    },
    "models": {"model": "sd-v1-5.safetensors", "vae": "v.safetensors"},
    "clip_skip": -1,
    "rng": "cpu",
}
SDCPP = Sample(
    texts={"parameters": f"{_SDCPP_TEXT}, SDCPP: {json.dumps(_SDCPP)}"},
    record=ForeignRecord(
        tool="sdcpp",
        version="master-700",
        prompt="a red boat",
        negative_prompt="fog",
        seed=42,
        width=512,
        height=640,
        num_inference_steps=20,
        sampler="euler_a",
        scheduler="karras",
        guidance_scale=7.0,
        model="sd-v1-5.safetensors",
        randomness="cpu",
        extra=(
            ("clip_skip", -1),
            ("guidance distilled_guidance", 3.5),
            ("eta", 0.0),
            ("model vae", "v.safetensors"),
        ),
    ),
)
