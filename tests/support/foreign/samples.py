"""Sample texts of each tool by keyword, with the records that they should give.

They follow the documented forms of the tools; no prompt and no number comes from anyone's picture.
"""

from __future__ import annotations

import json

from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import HIRES
from tests.support.foreign.samples_webui import A1111, FOOOCUS, FOOOCUS_TEXT, FORGE, SDCPP, SDCPP_OLD, SDNEXT, Sample

COMFYUI = Sample(
    texts={"prompt": json.dumps(HIRES), "workflow": json.dumps({"nodes": [], "links": [], "version": 0.4})},
    record=ForeignRecord(
        tool="comfyui",
        prompt="a red boat",
        negative_prompt="fog",
        seed=18446744073709551615,
        width=512,
        height=768,
        num_inference_steps=20,
        sampler="dpmpp_2m",
        scheduler="karras",
        guidance_scale=7.5,
        model="boats.safetensors",
        randomness="cpu",
        batch_index=0,
        extra=(
            ("sampler_node", "KSampler"),
            ("latent_node", "EmptyLatentImage"),
            ("batch_size", 1),
            ("loras", ["sails.safetensors"]),
            ("lora_weights", [1.0]),
            (
                "passes",
                [
                    {"kind": "upscale", "node": "LatentUpscale", "width": 1024, "height": 1536},
                    {"kind": "hires", "node": "KSampler", "steps": 14, "cfg": 7.5, "denoise": 0.5},
                ],
            ),
            ("denoise", 1.0),
        ),
    ),
)

_INVOKEAI: dict[str, Json] = {
    "app_version": "5.6.0",
    "generation_mode": "sdxl_txt2img",
    "positive_prompt": "a red boat",
    "negative_prompt": "fog",
    "width": 1024,
    "height": 832,
    "seed": 1234567,
    "rand_device": "cpu",
    "cfg_scale": 7.5,
    "cfg_rescale_multiplier": 0,
    "steps": 30,
    "scheduler": "euler",
    "model": {"key": "k", "hash": "blake3:00ff", "name": "boats-xl", "base": "sdxl", "type": "main"},
}
INVOKEAI = Sample(
    texts={"invokeai_metadata": json.dumps(_INVOKEAI), "invokeai_graph": "{}"},
    record=ForeignRecord(
        tool="invokeai",
        version="5.6.0",
        prompt="a red boat",
        negative_prompt="fog",
        seed=1234567,
        width=1024,
        height=832,
        num_inference_steps=30,
        scheduler="euler",
        guidance_scale=7.5,
        model="boats-xl",
        model_hash="blake3:00ff",
        randomness="cpu",
        extra=(("generation_mode", "sdxl_txt2img"), ("cfg_rescale_multiplier", 0)),
    ),
)

_SD_METADATA: dict[str, Json] = {
    "model": "stable diffusion",
    "model_weights": "stable-diffusion-1.5",
    "model_hash": "cc6cb271",
    "app_id": "invoke-ai/InvokeAI",
    "app_version": "v2.2.4",
    "image": {
        "prompt": [{"prompt": "a red boat [fog]", "weight": 1}],
        "steps": 50,
        "cfg_scale": 7.5,
        "threshold": 0,
        "perlin": 0.1,
        "width": 512,
        "height": 640,
        "seed": 42,
        "type": "txt2img",
        "postprocessing": None,
        "sampler": "k_lms",
        "variations": [{"seed": 1, "weight": 0.2}, {"seed": 2, "weight": 0.1}],
    },
}
INVOKEAI_2 = Sample(
    texts={"Dream": "a red boat [fog] -s 50 -S 42", "sd-metadata": json.dumps(_SD_METADATA)},
    record=ForeignRecord(
        tool="invokeai",
        version="v2.2.4",
        prompt="a red boat",
        negative_prompt="fog",
        seed=42,
        variations=((1, 0.2), (2, 0.1)),
        width=512,
        height=640,
        num_inference_steps=50,
        sampler="k_lms",
        guidance_scale=7.5,
        model="stable-diffusion-1.5",
        model_hash="cc6cb271",
        extra=(("keyword", "sd-metadata"), ("threshold", 0), ("perlin", 0.1), ("type", "txt2img")),
    ),
)

DREAM = Sample(
    texts={"Dream": "a -s 3 boat [fog] -s 50 -S 42 -W 512 -H 640 -C 7.5 -A k_lms -V 1:0.2,2:0.1"},
    record=ForeignRecord(
        tool="invokeai",
        prompt="a -s 3 boat",
        negative_prompt="fog",
        seed=42,
        variations=((1, 0.2), (2, 0.1)),
        width=512,
        height=640,
        num_inference_steps=50,
        sampler="k_lms",
        guidance_scale=7.5,
        extra=(("keyword", "Dream"),),
    ),
)

_SWARMUI: dict[str, Json] = {
    "sui_image_params": {
        "prompt": "a red boat",
        "negativeprompt": "fog",
        "model": "boats-xl",
        "seed": 99,
        "steps": 20,
        "cfgscale": 7.0,
        "aspectratio": "1:1",
        "width": 1024,
        "height": 1024,
        "variationseed": 5,
        "variationseedstrength": 0.3,
        "sampler": "euler",
        "scheduler": "normal",
        "swarm_version": "0.9.5.0",
    },
    "sui_extra_data": {"date": "2025-01-01", "generation_time": "1.00 sec"},
    "sui_models": [{"name": "boats-xl.safetensors", "param": "model", "hash": "0x1234"}],
}
SWARMUI = Sample(
    texts={"parameters": json.dumps(_SWARMUI, indent=2)},
    record=ForeignRecord(
        tool="swarmui",
        version="0.9.5.0",
        prompt="a red boat",
        negative_prompt="fog",
        seed=99,
        variation_seed=5,
        variation_strength=0.3,
        width=1024,
        height=1024,
        num_inference_steps=20,
        sampler="euler",
        scheduler="normal",
        guidance_scale=7.0,
        model="boats-xl",
        model_hash="0x1234",
        randomness="cpu",
        extra=(("aspectratio", "1:1"), ("date", "2025-01-01"), ("generation_time", "1.00 sec")),
    ),
)

_NOVELAI: dict[str, Json] = {
    "prompt": "a red boat",
    "steps": 28,
    "height": 1216,
    "width": 832,
    "scale": 5.0,
    "seed": 3141592,
    "n_samples": 1,
    "noise_schedule": "karras",
    "sampler": "k_euler_ancestral",
    "uc": "fog",
    "request_type": "PromptGenerateRequest",
}
NOVELAI_TEXTS: dict[str, Json] = {
    "Software": "NovelAI",
    "Source": "NovelAI Diffusion V4 37442FCA",
    "Description": "a red boat",
    "Comment": json.dumps(_NOVELAI),
}
NOVELAI = Sample(
    texts={"Title": "AI generated image", **{name: str(text) for name, text in NOVELAI_TEXTS.items()}},
    record=ForeignRecord(
        tool="novelai",
        prompt="a red boat",
        negative_prompt="fog",
        seed=3141592,
        width=832,
        height=1216,
        num_inference_steps=28,
        sampler="k_euler_ancestral",
        scheduler="karras",
        guidance_scale=5.0,
        model="NovelAI Diffusion V4",
        model_hash="37442FCA",
        extra=(("n_samples", 1), ("request_type", "PromptGenerateRequest")),
    ),
)

_DRAWTHINGS: dict[str, Json] = {
    "c": "a red boat <on a lake>",
    "uc": "fog & rain",
    "model": "sd_v1.5_f16.ckpt",
    "sampler": "DPM++ 2M Karras",
    "scale": 4.5,
    "seed": 2441935286,
    "seed_mode": "Torch CPU Compatible",
    "size": "512x640",
    "steps": 8,
    "strength": 1,
}
_ESCAPED = json.dumps(_DRAWTHINGS).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
DRAWTHINGS_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description>'
    "<xmp:CreatorTool>Draw Things</xmp:CreatorTool><exif:UserComment><rdf:Alt>"
    f'<rdf:li xml:lang="x-default">{_ESCAPED}</rdf:li>'
    "</rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"
)
DRAWTHINGS = Sample(
    texts={"XML:com.adobe.xmp": DRAWTHINGS_XMP},
    record=ForeignRecord(
        tool="drawthings",
        prompt="a red boat <on a lake>",
        negative_prompt="fog & rain",
        seed=2441935286,
        width=512,
        height=640,
        num_inference_steps=8,
        sampler="DPM++ 2M Karras",
        guidance_scale=4.5,
        model="sd_v1.5_f16.ckpt",
        randomness="cpu",
        extra=(("seed_mode", "Torch CPU Compatible"), ("strength", 1)),
    ),
)

SAMPLES = {
    "a1111": A1111,
    "forge": FORGE,
    "sdnext": SDNEXT,
    "comfyui": COMFYUI,
    "invokeai": INVOKEAI,
    "invokeai 2": INVOKEAI_2,
    "invokeai dream": DREAM,
    "fooocus": FOOOCUS,
    "fooocus text": FOOOCUS_TEXT,
    "swarmui": SWARMUI,
    "novelai": NOVELAI,
    "drawthings": DRAWTHINGS,
    "sdcpp": SDCPP,
    "sdcpp old": SDCPP_OLD,
}
