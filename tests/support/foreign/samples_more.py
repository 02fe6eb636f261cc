"""Samples of rarer tools, as texts by keyword; some keywords stand for IPTC or XMP, so no PNG is made of them."""

from __future__ import annotations

import json

from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_webui import Sample

_RUINED: dict[str, Json] = {
    "Prompt": "a red boat",
    "Negative": "fog",
    "steps": 30,
    "cfg": 8,
    "width": 1152,
    "height": 896,
    "seed": 3864674281,
    "sampler_name": "dpmpp_2m_sde_gpu",
    "scheduler": "karras",
    "base_model_name": "boats.safetensors",
    "base_model_hash": "be9e",
    "loras": [["4852", "0.1 - oars.safetensors"]],
    "start_step": 0,
    "denoise": None,
    "clip_skip": 1,
    "software": "RuinedFooocus",
}
RUINED_FOOOCUS = Sample(
    texts={"parameters": json.dumps(_RUINED)},
    record=ForeignRecord(
        tool="ruinedfooocus",
        prompt="a red boat",
        negative_prompt="fog",
        seed=3864674281,
        width=1152,
        height=896,
        num_inference_steps=30,
        sampler="dpmpp_2m_sde_gpu",
        scheduler="karras",
        guidance_scale=8.0,
        model="boats.safetensors",
        model_hash="be9e",
        extra=(
            ("loras", [{"name": "oars.safetensors", "weight": 0.1, "hash": "4852"}]),
            ("start_step", 0),
            ("clip_skip", 1),
        ),
    ),
)

_IMAGINAIRY: dict[str, Json] = {
    "software": "imaginAIry 14.1",
    "prompt": [{"weight": 1.0, "text": "a red boat"}],
    "negative_prompt": [[1, "fog"]],
    "prompt_strength": 7.5,
    "seed": 12,
    "steps": 30,
    "size": [512, 768],
    "solver_type": "ddim",
    "model_weights": {"name": "SD 1.5", "aliases": ["sd15"]},
}
IMAGINAIRY = Sample(
    texts={"UserComment": json.dumps(_IMAGINAIRY), "Software": "Imaginairy / Stable Diffusion v1.4"},
    record=ForeignRecord(
        tool="imaginairy",
        version="14.1",
        prompt="a red boat",
        negative_prompt="fog",
        seed=12,
        width=512,
        height=768,
        num_inference_steps=30,
        sampler="ddim",
        guidance_scale=7.5,
        model="SD 1.5",
    ),
)

_EASY: dict[str, Json] = {
    "prompt": "a red boat",
    "negative_prompt": "fog",
    "seed": 7,
    "use_stable_diffusion_model": "boats",
    "sampler_name": "euler_a",
    "width": 512,
    "height": 640,
    "num_inference_steps": 25,
    "guidance_scale": 7.5,
    "use_lora_model": ["oars", "sails"],
    "lora_alpha": [0.5, 0.25],
    "use_vae_model": "",
    "clip_skip": True,
}
EASY_DIFFUSION = Sample(
    texts={"UserComment": json.dumps(_EASY)},
    record=ForeignRecord(
        tool="easydiffusion",
        prompt="a red boat",
        negative_prompt="fog",
        seed=7,
        width=512,
        height=640,
        num_inference_steps=25,
        sampler="euler_a",
        guidance_scale=7.5,
        model="boats",
        extra=(("loras", [{"name": "oars", "weight": 0.5}, {"name": "sails", "weight": 0.25}]), ("clip_skip", True)),
    ),
)

_SPACE: dict[str, Json] = {
    "prompt": "a red boat",
    "negative_prompt": "fog",
    "resolution": "832 x 1216",
    "guidance_scale": 5.5,
    "num_inference_steps": 24,
    "seed": 44,
    "sampler": "Euler a",
    "Model": "Boats XL",
    "Model hash": "bdb5",
    "use_upscaler": {"upscale_method": "nearest-exact", "upscaler_strength": 0.7, "upscale_by": 1.5},
}
HUGGING_FACE = Sample(
    texts={"metadata": json.dumps(_SPACE)},
    record=ForeignRecord(
        tool="huggingface",
        prompt="a red boat",
        negative_prompt="fog",
        seed=44,
        width=832,
        height=1216,
        num_inference_steps=24,
        sampler="Euler a",
        guidance_scale=5.5,
        model="Boats XL",
        model_hash="bdb5",
        extra=(("passes", [{"kind": "hires", "denoise": 0.7, "upscale": 1.5, "method": "nearest-exact"}]),),
    ),
)

_MFLUX: dict[str, Json] = {
    "mflux_version": "0.11.0",
    "model": "dev",
    "base_model": None,
    "seed": 5,
    "steps": 22,
    "guidance": 3.5,
    "height": 768,
    "width": 512,
    "quantize": 8,
    "lora_paths": ["/loras/oars.safetensors"],
    "lora_scales": [0.8],
    "prompt": "a red boat",
}
MFLUX = Sample(
    texts={"UserComment": json.dumps(_MFLUX)},
    record=ForeignRecord(
        tool="mflux",
        version="0.11.0",
        prompt="a red boat",
        seed=5,
        width=512,
        height=768,
        num_inference_steps=22,
        guidance_scale=3.5,
        model="dev",
        extra=(("loras", [{"name": "/loras/oars.safetensors", "weight": 0.8}]), ("quantize", 8)),
    ),
)

MOCHI = Sample(
    texts={
        "Caption": "Include in Image: a red; blue boat; Exclude from Image: fog; Model: boats_split-einsum; Steps: 20; "
        "Guidance Scale: 7.5; Seed: 9; Size: 512x768; Scheduler: DPM-Solver++; ML Compute Unit: CPU & GPU; "
        "Generator: Mochi Diffusion 5.2"
    },
    record=ForeignRecord(
        tool="mochi",
        version="5.2",
        prompt="a red; blue boat",
        negative_prompt="fog",
        seed=9,
        width=512,
        height=768,
        num_inference_steps=20,
        scheduler="DPM-Solver++",
        guidance_scale=7.5,
        model="boats_split-einsum",
        extra=(("ML Compute Unit", "CPU & GPU"),),
    ),
)

_MATRIX: dict[str, Json] = {
    "PositivePrompt": "a red boat",
    "NegativePrompt": "fog",
    "Steps": 20,
    "Sampler": "Euler Ancestral Karras",
    "CfgScale": 5,
    "Seed": 2073,
    "Height": 1024,
    "Width": 768,
    "ModelHash": "A5F5",
    "ModelName": "boats.safetensors",
    "FrameCount": 0,
    "Lossless": False,
}
_CARDS: list[Json] = [
    {"Scale": 2, "$type": "Upscaler"},
    {"Steps": 12, "DenoiseStrength": 0.5, "$type": "Sampler"},
]
_PROJECT: dict[str, Json] = {
    "ProjectType": "TextToImage",
    "State": {
        "Modules": {
            "$values": [
                {"$type": "HiresFixModule", "IsEnabled": True, "$values": _CARDS},
                {"$type": "UpscalerModule", "IsEnabled": False, "$values": []},
            ]
        }
    },
}
STABILITY_MATRIX = Sample(
    texts={"parameters-json": json.dumps(_MATRIX), "smproj": json.dumps(_PROJECT)},
    record=ForeignRecord(
        tool="stabilitymatrix",
        prompt="a red boat",
        negative_prompt="fog",
        seed=2073,
        width=768,
        height=1024,
        num_inference_steps=20,
        sampler="Euler Ancestral Karras",
        guidance_scale=5.0,
        model="boats.safetensors",
        model_hash="A5F5",
        made_by="Stability Matrix",
        extra=(
            ("ProjectType", "TextToImage"),
            ("passes", [{"kind": "hires", "upscale": 2, "steps": 12, "denoise": 0.5}]),
        ),
    ),
)

TENSORART_DATA: dict[str, Json] = {
    "prompt": "a red boat",
    "negativePrompt": "fog",
    "width": 832,
    "height": 1216,
    "steps": 25,
    "cfgScale": 7,
    "seed": "31",
    "clipSkip": 2,
    "baseModel": {"label": "v3", "type": "BASE_MODEL", "modelFileName": "Boats-XL", "hash": "0A1B"},
    "models": [{"type": "LORA", "modelFileName": "Oars", "weight": 0.7}],
    "ksamplerName": "euler_ancestral",
    "schedule": "karras",
}
TENSORART = Sample(
    texts={"generation_data": json.dumps(TENSORART_DATA) + "\0"},
    record=ForeignRecord(
        tool="tensorart",
        prompt="a red boat",
        negative_prompt="fog",
        seed=31,
        width=832,
        height=1216,
        num_inference_steps=25,
        sampler="euler_ancestral",
        scheduler="karras",
        guidance_scale=7.0,
        model="Boats-XL",
        model_hash="0A1B",
        made_by="TensorArt",
        unknown_noise="TensorArt does not publish how it draws its noise",
        extra=(("loras", [{"name": "Oars", "weight": 0.7}]), ("clipSkip", 2)),
    ),
)

MORE_SAMPLES = {
    "ruinedfooocus": RUINED_FOOOCUS,
    "imaginairy": IMAGINAIRY,
    "easydiffusion": EASY_DIFFUSION,
    "huggingface": HUGGING_FACE,
    "mflux": MFLUX,
    "mochi": MOCHI,
    "stabilitymatrix": STABILITY_MATRIX,
    "tensorart": TENSORART,
}
