"""What names of models, pipelines, VAEs and text encoders suggest about latents, and what they do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.foreign.noise.latents import FACTORS, Latent, family_of, latent_of_model, latent_of_module

MODELS = {
    (128, 16): ("flux2-klein-9b", "FLUX.2-dev", "Flux2Pipeline", "Flux2KleinPipeline", "ernie-image-turbo"),
    (32, 32): ("Sana_1600M_1024px", "SanaPipeline", "SanaSprintPipeline", "sana-sprint-0.6b"),
    (16, 8): (
        *(
            "flux1-dev",
            "FLUX.1-schnell",
            "jibMixFlux_v8",
            "FluxPipeline",
            "flux1-kontext-dev",
            "sd3.5_large",
            "sd3_medium",
        ),
        *(
            "StableDiffusion3Pipeline",
            "stable-diffusion-3-medium",
            "chroma-unlocked-v37",
            "Chroma1-HD",
            "ChromaPipeline",
        ),
        *(
            "Qwen-Image",
            "qwen_image_edit_2509",
            "QwenImagePipeline",
            "z-image-turbo",
            "z_image_turbo_bf16",
            "ZImagePipeline",
        ),
        *("hidream_i1_full", "HiDreamImagePipeline", "lumina_2_model_bf16", "Lumina2Pipeline", "neta-lumina-v1.0"),
        *("CogView4Pipeline", "OmniGen2Pipeline", "anima-preview"),
    ),
    (4, 8): (
        *("LatentDiffusion", "PixelsmithXLPipeline", "OnnxStableDiffusionPipeline"),
        *(
            "AuraFlow_0.3",
            "ponyV7",
            "Kolors",
            "PixArtSigmaPipeline",
            "hunyuan_dit_1.2",
            "LuminaPipeline",
            "sdxl_base_1.0",
        ),
        *(
            "StableDiffusionXLPipeline",
            "StableDiffusionPipeline",
            "sd_xl_turbo",
            "sd-v1-5",
            "LatentConsistencyModelPipeline",
        ),
    ),
}
NOTHING = ("", "plainmix", "dreamshaper_8", "influx", "susana", "monochroma", "animaPencilXL", "HarbourPipeline")
FAMILIES = {
    "a video model": (
        *(
            "wan2.1_t2v_14B",
            "Wan2_2",
            "WanPipeline",
            "WanImageToVideoPipeline",
            "hunyuan_video_720",
            "ltxv-13b",
            "svd_xt",
        ),
        *(
            "mochi_preview_bf16",
            "CogVideoXPipeline",
            "AnimateDiffPipeline",
            "StableVideoDiffusionPipeline",
            "SkyReels-V2",
        ),
        *("LTXPipeline", "CosmosTextToWorldPipeline", "AllegroPipeline"),
    ),
    "a model of several stages": (
        *(
            "stable_cascade_stage_c",
            "cascade_b.safetensors",
            "StableCascadeCombinedPipeline",
            "WuerstchenCombinedPipeline",
        ),
        *("IFPipeline", "IF-I-XL-v1.0", "deepfloyd", "KandinskyV22CombinedPipeline", "StableUnCLIPPipeline"),
    ),
    "a model without a latent": ("chroma_radiance_x0", "Chroma1-Radiance", "PixelFlowPipeline", "HiDream-O1-Image"),
    "a model for sound": ("ace_step_v1_3.5b", "AudioLDM2Pipeline", "stable-audio-open-1.0", "MusicLDMPipeline"),
    "a HunyuanImage model": ("hunyuanimage2.1", "HunyuanImagePipeline", "HunyuanImage-3.0"),
    "a model that writes a picture piece by piece": ("Janus-Pro-7B", "Emu3-Gen", "NextStepPipeline", "AmusedPipeline"),
}


@pytest.mark.parametrize(("form", "name"), [(form, name) for form, names in MODELS.items() for name in names])
def test_names_of_models_suggest_a_latent(form: tuple[int, int], name: str) -> None:
    assert latent_of_model(name) == Latent(channels=form[0], factor=form[1])
    assert family_of(name) is None


@pytest.mark.parametrize("name", NOTHING)
def test_other_names_suggest_nothing(name: str) -> None:
    assert latent_of_model(name) is None
    assert family_of(name) is None


@pytest.mark.parametrize(("noun", "name"), [(noun, name) for noun, names in FAMILIES.items() for name in names])
def test_models_whose_noise_is_not_that_of_one_picture(noun: str, name: str) -> None:
    family = family_of(name)
    assert family is not None
    assert family.noun == noun


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("ae", 16),
        ("ae.safetensors", 16),
        ("t5xxl_fp8_e4m3fn", 16),
        ("qwen_3_4b", 16),
        ("flux2-vae", 128),
        ("vae-ft-mse", 0),
    ],
)
def test_names_of_vaes_and_text_encoders_suggest_channels(name: str, channels: int) -> None:
    found = latent_of_module(name)
    assert (found.channels if found else 0) == channels


@given(st.text())
def test_any_name_suggests_a_known_latent_or_nothing(name: str) -> None:
    for found in (latent_of_model(name), latent_of_module(name)):
        assert found is None or found.channels in FACTORS
    family_of(name)
