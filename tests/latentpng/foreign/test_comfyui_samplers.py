"""Samplers of ComfyUI by what goes into them: where each pack of nodes keeps seed, steps, guidance and model."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.record import Json
from tests.support.foreign.samples_comfyui import LOADER, Entries, link, node, saved

SETTINGS: Entries = {
    "steps": 9,
    "cfg": 3.0,
    "sampler_name": "heun",
    "scheduler": "beta",
    "denoise": 1.0,
}
LINKS: Entries = {"model": link("10"), "positive": link("6"), "negative": link("7")}
BASIC_PIPE = {
    "40": node("ToBasicPipe", clip=link("10", 1), vae=link("4", 2), **LINKS),
}


def read(graph: Entries) -> ForeignRecord:
    """Read a graph from the text `prompt`."""
    return foreign_from_texts({"prompt": json.dumps(graph)})


def kept(found: ForeignRecord) -> tuple[Json, ...]:
    """What nearly every sampler says."""
    return (
        *(found.seed, found.num_inference_steps, found.guidance_scale, found.sampler, found.scheduler),
        *(found.prompt, found.negative_prompt, found.model, found.width, found.height),
    )


USUAL = (31, 9, 3.0, "heun", "beta", "a red boat", "fog", "boats.safetensors", 512, 768)

SAMPLERS: dict[str, Entries] = {
    "core, advanced": {
        "3": node("KSamplerAdvanced", add_noise="enable", noise_seed=31, latent_image=link("5"), **SETTINGS, **LINKS)
    },
    "core, custom": {
        "3": node(
            "SamplerCustom",
            add_noise=True,
            noise_seed=31,
            cfg=3.0,
            sampler=link("50"),
            sigmas=link("51"),
            latent_image=link("5"),
            **LINKS,
        ),
        "50": node("KSamplerSelect", sampler_name="heun"),
        "51": node("BasicScheduler", model=link("10"), scheduler="beta", steps=9, denoise=1.0),
    },
    "core, guider": {
        "3": node(
            "SamplerCustomAdvanced",
            noise=link("52"),
            guider=link("53"),
            sampler=link("54"),
            sigmas=link("55"),
            latent_image=link("5"),
        ),
        "50": node("KSamplerSelect", sampler_name="heun"),
        "51": node("BasicScheduler", model=link("10"), scheduler="beta", steps=9, denoise=1.0),
        "52": node("RandomNoise", noise_seed=31),
        "53": node("CFGGuider", cfg=3.0, **LINKS),
        "54": node("DetailDaemonSamplerNode", sampler=link("50"), detail_amount=0.1),
        "55": node("SplitSigmasDenoise", sigmas=link("51"), denoise=1.0),
    },
    "core, two guidances": {
        "3": node(
            "SamplerCustomAdvanced",
            noise=link("52"),
            guider=link("53"),
            sampler=link("50"),
            sigmas=link("51"),
            latent_image=link("5"),
        ),
        "50": node("KSamplerSelect", sampler_name="heun"),
        "51": node("BasicScheduler", model=link("10"), scheduler="beta", steps=9, denoise=1.0),
        "52": node("RandomNoise", noise_seed=31),
        "53": node(
            "DualCFGGuider",
            cfg_conds=3.0,
            cfg_cond2_negative=1.5,
            model=link("10"),
            cond1=link("6"),
            cond2=link("7"),
            negative=link("7"),
        ),
    },
    "Efficiency": {
        "3": node("KSampler (Efficient)", seed=31, latent_image=link("5"), **SETTINGS, **LINKS),
        "9": node("SaveImage", images=link("3", 5)),
    },
    "Impact, pipe": {
        **BASIC_PIPE,
        "3": node("ImpactKSamplerBasicPipe", basic_pipe=link("40"), seed=31, latent_image=link("5"), **SETTINGS),
    },
    "Impact, two samplers": {
        **BASIC_PIPE,
        "41": node("KSamplerProvider", basic_pipe=link("40"), seed=31, **SETTINGS),
        "42": node("KSamplerProvider", basic_pipe=link("40"), **{**SETTINGS, "seed": 32, "steps": 5}),
        "3": node(
            "TwoSamplersForMask",
            latent_image=link("5"),
            base_sampler=link("41"),
            mask_sampler=link("42"),
            mask=link("43", 1),
        ),
        "43": node("LoadImage", image="m.png"),
    },
    "Impact, regions": {
        **BASIC_PIPE,
        "41": node("KSamplerAdvancedProvider", basic_pipe=link("40"), cfg=3.0, sampler_name="heun", scheduler="beta"),
        "3": node(
            "RegionalSampler",
            seed=31,
            seed_2nd=4,
            steps=9,
            denoise=1.0,
            samples=link("5"),
            base_sampler=link("41"),
            regional_prompts=link("44"),
        ),
        "44": node("RegionalPrompt", mask=link("43", 1), advanced_sampler=link("41")),
        "43": node("LoadImage", image="m.png"),
    },
    "Easy-Use": {
        "40": node(
            "easy fullLoader",
            ckpt_name="boats.safetensors",
            positive="a red boat",
            negative="fog",
            resolution="512 x 768",
            empty_latent_width=1024,
            empty_latent_height=1024,
            batch_size=1,
        ),
        "41": node("easy preSamplingAdvanced", pipe=link("40"), add_noise="enable", seed=31, **SETTINGS),
        "3": node("easy kSampler", pipe=link("41"), image_output="Hide"),
        "9": node("SaveImage", images=link("3", 1)),
    },
    "tinyterraNodes": {
        "40": node(
            "ttN pipeLoader_v2",
            ckpt_name="boats.safetensors",
            positive="a red boat",
            negative="fog",
            empty_latent_aspect="512 x 768 [S]",
            empty_latent_width=64,
            empty_latent_height=64,
            seed=5,
        ),
        "3": node("ttN pipeKSampler_v2", pipe=link("40"), seed=31, **SETTINGS),
        "9": node("SaveImage", images=link("3", 8)),
    },
    "Inspire": {
        "3": node("KSampler //Inspire", seed=31, noise_mode="CPU", latent_image=link("5"), **SETTINGS, **LINKS)
    },
    "WAS": {
        "3": node("KSampler (WAS)", seed=link("60"), latent_image=link("5"), **SETTINGS, **LINKS),
        "60": node("Seed", seed=31),
    },
    "tiled": {"3": node("BNK_TiledKSampler", seed=31, tile_width=512, latent_image=link("5"), **SETTINGS, **LINKS)},
    "Searge": {
        "3": node(
            "SeargeSDXLSampler",
            base_model=link("10"),
            base_positive=link("6"),
            base_negative=link("7"),
            latent_image=link("5"),
            noise_seed=31,
            **SETTINGS,
        )
    },
    "unknown, without latents": {
        "3": node("Painter of Boats", seed=31, width=512, height=768, **SETTINGS, **LINKS),
    },
    "SwarmUI": {"3": node("SwarmKSampler", noise_seed=31, latent_image=link("5"), **SETTINGS, **LINKS)},
}


@pytest.mark.parametrize("pack", SAMPLERS)
def test_the_settings_of_a_sampler_are_found_where_its_pack_keeps_them(pack: str) -> None:
    found = read({**LOADER, **saved("3"), **SAMPLERS[pack]})
    assert kept(found) == USUAL
    assert found.unknown_noise == ""


def test_an_sdxl_sampler_of_the_efficiency_nodes_has_its_model_in_a_tuple() -> None:
    loader = node(
        "Eff. Loader SDXL",
        base_ckpt_name="boats.safetensors",
        refiner_ckpt_name="polish.safetensors",
        base_clip_skip=-2,
        empty_latent_width=512,
        empty_latent_height=768,
        batch_size=1,
    )
    ksampler = node(
        "KSampler SDXL (Eff.)",
        noise_seed=31,
        start_at_step=0,
        refine_at_step=7,
        sdxl_tuple=link("40"),
        latent_image=link("40", 1),
        **SETTINGS,
    )
    found = read({"40": loader, "3": ksampler, "9": node("SaveImage", images=link("3", 3))})
    assert (found.seed, found.model, found.width, found.height) == (31, "boats.safetensors", 512, 768)
    extra = dict(found.extra)
    assert extra["stop_at_clip_layer"] == -2
    assert extra["passes"] == [
        {"kind": "refiner", "node": "KSampler SDXL (Eff.)", "model": "polish.safetensors"},
    ]


def test_a_second_sampler_in_a_pipe_is_a_later_pass() -> None:
    graph: Entries = {
        "40": node(
            "easy fullLoader",
            ckpt_name="boats.safetensors",
            positive="a red boat",
            negative="fog",
            resolution="64 x 64",
        ),
        "41": node("easy preSampling", pipe=link("40"), seed=31, **SETTINGS),
        "42": node("easy kSampler", pipe=link("41")),
        "43": node("easy hiresFix", pipe=link("42"), model_name="4x.pth", rescale_factor=2.0),
        "44": node("easy preSampling", pipe=link("43"), seed=8, **{**SETTINGS, "steps": 4, "denoise": 0.4}),
        "45": node("easy kSampler", pipe=link("44")),
        "9": node("SaveImage", images=link("45", 1)),
    }
    found = read(graph)
    assert (found.seed, found.num_inference_steps, found.width, found.height) == (31, 9, 64, 64)
    assert dict(found.extra)["passes"] == [
        {"kind": "upscale", "node": "easy hiresFix", "factor": 2.0},
        {"kind": "hires", "node": "easy kSampler", "steps": 4, "cfg": 3.0, "denoise": 0.4},
    ]


def test_a_sampler_of_videos_has_both_sides_of_its_prompt_in_one_input() -> None:
    graph: Entries = {
        "1": node("WanVideoModelLoader", model="lakes.safetensors"),
        "2": node("WanVideoTextEncode", positive_prompt="a red boat", negative_prompt="fog", t5=link("9")),
        "3": node("WanVideoEmptyEmbeds", width=832, height=480, num_frames=81),
        "4": node(
            "WanVideoSampler",
            model=link("1"),
            text_embeds=link("2"),
            image_embeds=link("3"),
            steps=9,
            cfg=3.0,
            shift=5.0,
            seed=31,
            scheduler="unipc",
        ),
        "5": node("WanVideoDecode", samples=link("4")),
        "6": node("VHS_VideoCombine", images=link("5"), frame_rate=16),
    }
    found = read(graph)
    assert (found.seed, found.num_inference_steps, found.scheduler, found.model) == (
        31,
        9,
        "unipc",
        "lakes.safetensors",
    )
    assert (found.prompt, found.negative_prompt) == ("a red boat", "fog")
    assert found.unknown_noise == "WanVideoSampler draws the noise of a video"
