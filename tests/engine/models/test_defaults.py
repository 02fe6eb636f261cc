"""The defaults of a model: those of its family, and those that its folder brings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models.defaults import FALLBACK, ModelDefaults, carried_preview
from engine.models.model_names import name_words
from engine.models.resolve import defaults_of, resolve_model
from engine.models.schedulers import FRIENDLY
from engine.rendering.requests import ModelChoice
from engine.rendering.settings import SchedulerSettings
from tests.support.engine.folders import change_index


def test_the_embedded_model_brings_its_defaults() -> None:
    defaults = defaults_of(resolve_model(""))
    assert (defaults.width, defaults.height, defaults.num_inference_steps) == (128, 128, 6)
    assert (defaults.guidance_scale, defaults.scale, defaults.scheduler) == (2.5, 0.7, FRIENDLY["UniPC"])
    assert len(defaults.prompts) >= 6
    assert defaults.settings("a lake").prompt == "a lake"


def test_the_embedded_model_takes_more_steps_with_any_scheduler_but_its_default() -> None:
    defaults = defaults_of(resolve_model(""))
    usual, chosen = defaults.settings(""), defaults.settings("", FRIENDLY["UniPC"])
    assert (usual.scheduler, usual.num_inference_steps) == (FRIENDLY["UniPC"], 6)
    assert chosen == usual
    for scheduler in (FRIENDLY["DDIM"], FRIENDLY["Euler a"], SchedulerSettings()):
        other = defaults.settings("", scheduler)
        assert (other.scheduler, other.num_inference_steps) == (scheduler, 12)
    assert defaults.recorded == defaults.settings("", SchedulerSettings())


def test_a_model_without_other_steps_takes_the_same_with_every_scheduler() -> None:
    assert FALLBACK.settings("", FRIENDLY["DDIM"]).num_inference_steps == FALLBACK.num_inference_steps


@pytest.mark.parametrize(
    ("pipeline", "name", "size", "steps", "guidance"),
    [
        ("StableDiffusionPipeline", "sd", 512, 25, 7.5),
        ("StableDiffusionXLPipeline", "sdxl", 1024, 25, 5.0),
        ("StableDiffusionXLPipeline", "sdxl-turbo", 512, 4, 0.0),
        ("FluxPipeline", "FLUX.1-schnell", 1024, 4, 0.0),
        ("StableDiffusionXLPipeline", "sd_xl_turbo_1.0_fp16", 512, 4, 0.0),
        ("StableDiffusionPipeline", "sd-turbo", 512, 4, 0.0),
        ("StableDiffusionXLPipeline", "DreamShaperXL_Turbo", 1024, 8, 2.0),
        ("StableDiffusionXLPipeline", "dreamshaperXL_v21TurboDPMSDE", 1024, 8, 2.0),
        ("StableDiffusion3Pipeline", "stable-diffusion-3.5-large-turbo", 1024, 4, 0.0),
        ("StableDiffusion3Pipeline", "stable-diffusion-3.5-large", 1024, 28, 4.5),
        ("Krea2Pipeline", "Krea-2-Turbo", 1024, 8, 0.0),
        ("Krea2Pipeline", "Krea-2-Base", 1024, 28, 4.5),
        ("ErnieImagePipeline", "ERNIE-Image-Turbo", 1024, 8, 1.0),
        ("ErnieImagePipeline", "ERNIE-Image", 1024, 50, 4.0),
        ("ZImagePipeline", "Z-Image-Turbo", 1024, 9, 0.0),
        ("ZImagePipeline", "zImageTurbo_v10", 1024, 9, 0.0),
        ("ZImagePipeline", "Z-Image", 1024, 30, 4.0),
        ("StableDiffusionXLPipeline", "turbocharged", 1024, 25, 5.0),
        ("StableDiffusionXLPipeline", "Lightningbolt", 1024, 25, 5.0),
        ("StableDiffusionXLPipeline", "HyperRealismXL", 1024, 25, 5.0),
        ("StableDiffusionPipeline", "photonTurbo_v2", 512, 25, 7.5),
        ("StableDiffusionXLPipeline", "SDXL-Lightning-8step", 1024, 8, 0.0),
        ("StableDiffusionXLPipeline", "juggernautXL_v9Rdphoto2Lightning", 1024, 4, 0.0),
        ("StableDiffusionXLPipeline", "realvisxlV40_v40LightningBakedvae", 1024, 4, 0.0),
        ("StableDiffusionXLPipeline", "Hyper-SDXL", 1024, 8, 1.0),
        ("StableDiffusionXLPipeline", "bigASP_DMD2", 1024, 4, 1.0),
        ("StableDiffusionXLPipeline", "lcm-sdxl", 1024, 4, 1.0),
        ("StableDiffusionXLPipeline", "flash-sdxl", 1024, 4, 1.0),
        ("StableDiffusionXLPipeline", "ponyDiffusionV6XL", 1024, 25, 5.0),
        ("StableDiffusionXLPipeline", "Illustrious-XL-v1.0", 1024, 25, 5.0),
        ("StableDiffusionXLPipeline", "noobaiXLNAIXL_vPred10", 1024, 25, 5.0),
        ("LatentConsistencyModelPipeline", "LCM_Dreamshaper_v7", 768, 4, 8.5),
        ("Flux2KleinPipeline", "FLUX.2-klein-4B", 1024, 4, 1.0),
        ("Flux2KleinPipeline", "FLUX.2-klein-base-9B", 1024, 50, 4.0),
        ("Flux2KleinKVPipeline", "FLUX.2-klein-KV", 1024, 4, 1.0),
        ("Flux2Pipeline", "FLUX.2-dev", 1024, 28, 4.0),
        ("QwenImagePipeline", "Qwen-Image-Lightning-4steps", 1024, 4, 1.0),
        ("HiDreamImagePipeline", "HiDream-I1-Fast", 1024, 16, 0.0),
        ("HunyuanImagePipeline", "HunyuanImage-2.1-Diffusers", 2048, 50, 3.5),
        ("HunyuanImagePipeline", "HunyuanImage-2.1-Distilled-Diffusers", 2048, 8, 3.25),
        ("ChromaPipeline", "Chroma1-Flash", 1024, 8, 1.0),
        ("SanaSprintPipeline", "Sana_Sprint_1.6B", 1024, 2, 4.5),
        ("Kandinsky3Pipeline", "kandinsky-3", 1024, 25, 3.0),
        ("OvisImagePipeline", "Ovis-Image-7B", 1024, 50, 5.0),
        ("Ideogram4Pipeline", "ideogram-4", 2048, 48, 7.0),
        ("NewPipeline", "new-turbo", FALLBACK.width, FALLBACK.num_inference_steps, FALLBACK.guidance_scale),
        ("NewPipeline", "new", FALLBACK.width, FALLBACK.num_inference_steps, FALLBACK.guidance_scale),
    ],
)
def test_names_and_classes_have_defaults(
    folder: Path, pipeline: str, name: str, size: int, steps: int, guidance: float
) -> None:
    change_index(folder, _class_name=pipeline)
    renamed = folder.rename(folder.parent / name)
    defaults = defaults_of(resolve_model(str(renamed)))
    assert (defaults.width, defaults.height, defaults.num_inference_steps, defaults.guidance_scale) == (
        size,
        size,
        steps,
        guidance,
    )
    assert defaults.scale == 0.4


def test_a_folder_may_bring_some_defaults(folder: Path) -> None:
    (folder / "warmer.json").write_text(
        '{"width": 256, "scheduler": "euler a", "other_steps": 40, "prompts": ["a fox"], "new": 1}'
    )
    assert defaults_of(resolve_model(str(folder))) == ModelDefaults(
        width=256,
        height=512,
        num_inference_steps=25,
        guidance_scale=7.5,
        scheduler=FRIENDLY["Euler a"],
        other_steps=40,
        prompts=("a fox",),
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"width": 3}', "width is a number from 8 to 8192, found 3"),
        ('{"steps": "many"}', "settings: steps is a whole number, found 'many'"),
        ('{"scale": 0}', "scale is a number above 0 and at most 1, found 0.0"),
        ('{"scale": true}', "scale is a number, found True"),
        ('{"prompts": "a fox"}', "prompts is a list, found 'a fox'"),
        ('{"scheduler": 3}', "scheduler is a text, found 3"),
        ('{"other_steps": -1}', "other_steps is a number from 0 to 1000, found -1"),
        ('{"other_steps": 1001}', "other_steps is a number from 0 to 1000, found 1001"),
        ('{"other_steps": "many"}', "other_steps is a whole number, found 'many'"),
    ],
)
def test_wrong_defaults_are_reported_in_one_sentence(folder: Path, text: str, problem: str) -> None:
    (folder / "warmer.json").write_text(text)
    with pytest.raises(ModelError) as caught:
        defaults_of(resolve_model(str(folder)))
    assert str(caught.value) == f"warmer.json of the model 'landscapes' is wrong: {problem}"


@pytest.mark.parametrize("preview", ["[1]", "3", '[["a", 1, 2]]', "[[1, 2]]", "{}", "[[1, 2, 1e999]]", "[[1, 2, NaN]]"])
def test_wrong_colours_are_reported_in_one_sentence(folder: Path, preview: str) -> None:
    (folder / "warmer.json").write_text(f'{{"preview": {preview}}}')
    with pytest.raises(ModelError) as caught:
        carried_preview(folder)
    assert str(caught.value) == ("warmer.json of the model 'landscapes' is wrong: preview is rows of three numbers")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("DreamShaperXL_Turbo", ("dream", "shaper", "xl", "turbo")),
        ("zImageTurbo_v10", ("z", "image", "turbo", "v", "10")),
        ("SDXLTurbo", ("sdxl", "turbo")),
        ("bigASP_DMD2", ("big", "asp", "dmd", "2")),
        ("LightningAI/FLUX.1-schnell", ("flux", "1", "schnell")),
        ("turbocharged", ("turbocharged",)),
        ("", ()),
    ],
)
def test_the_words_of_a_name(name: str, words: tuple[str, ...]) -> None:
    assert name_words(name) == words


@pytest.mark.parametrize(
    ("hub_id", "size", "steps", "guidance"),
    [
        ("stabilityai/sdxl-turbo", 512, 4, 0.0),
        ("stabilityai/stable-diffusion-3.5-large-turbo", 1024, 4, 0.0),
        ("stable-diffusion-v1-5/stable-diffusion-v1-5", 512, 25, 7.5),
        ("black-forest-labs/FLUX.2-klein-4B", 1024, 4, 1.0),
        ("black-forest-labs/FLUX.1-dev", 1024, 28, 3.5),
        ("latent-consistency/lcm-sdxl", 1024, 4, 1.0),
        ("SimianLuo/LCM_Dreamshaper_v7", 768, 4, 8.5),
        ("someone/turbo", 1024, 30, 4.5),
    ],
)
def test_a_name_on_the_hub_has_the_defaults_of_the_class_that_it_makes_likely(
    hub_id: str, size: int, steps: int, guidance: float
) -> None:
    defaults = defaults_of(ModelChoice(path=hub_id, name=hub_id, download=True))
    assert (defaults.width, defaults.num_inference_steps, defaults.guidance_scale) == (size, steps, guidance)


UNET = {"_class_name": "UNet2DConditionModel"}
VAE = {"block_out_channels": [128, 256, 512, 512]}


@pytest.mark.parametrize(
    ("index", "configs", "size"),
    [
        ({}, {"unet": {**UNET, "sample_size": 64}, "vae": VAE}, (512, 512)),
        ({}, {"unet": {**UNET, "sample_size": 96}, "vae": VAE}, (768, 768)),
        ({}, {"unet": {**UNET, "sample_size": [60, 80]}, "vae": VAE}, (640, 480)),
        ({}, {"unet": {**UNET, "sample_size": 128}}, (1024, 1024)),
        ({}, {"unet": {**UNET, "sample_size": 128}, "vae": {"block_out_channels": [8, 8]}}, (256, 256)),
        ({}, {"unet": {**UNET, "sample_size": 16}, "vae": {"block_out_channels": [8, 8]}}, (512, 512)),
        ({}, {"unet": {**UNET, "sample_size": "large"}, "vae": VAE}, (512, 512)),
        ({"vae": [None, None]}, {"unet": {**UNET, "sample_size": 64}}, (64, 64)),
        ({"_class_name": "IFPipeline", "vae": [None, None]}, {"unet": {**UNET, "sample_size": 64}}, (64, 64)),
        (
            {"_class_name": "SanaPipeline"},
            {
                "transformer": {"_class_name": "SanaTransformer2DModel", "sample_size": 128},
                "vae": {"encoder_block_out_channels": [128] * 6},
            },
            (2048, 2048),
        ),
        (
            {"_class_name": "SanaPipeline"},
            {
                "transformer": {"_class_name": "SanaTransformer2DModel", "sample_size": 16},
                "vae": {"encoder_block_out_channels": [128] * 6},
            },
            (512, 512),
        ),
        (
            {"_class_name": "AuraFlowPipeline"},
            {"transformer": {"_class_name": "AuraFlowTransformer2DModel", "sample_size": 64}, "vae": VAE},
            (1024, 1024),
        ),
        (
            {"_class_name": "StableDiffusionXLPipeline"},
            {"unet": {**UNET, "sample_size": 64}, "vae": VAE},
            (512, 512),
        ),
        ({"_class_name": "Cosmos2TextToImagePipeline"}, {}, (1360, 768)),
        ({"_class_name": "PRXPipeline", "default_sample_size": 1024}, {}, (1024, 1024)),
        ({"_class_name": "PRXPipeline"}, {}, (512, 512)),
    ],
)
def test_the_size_is_the_one_that_the_model_was_made_for(
    folder: Path, index: dict[str, object], configs: dict[str, dict[str, object]], size: tuple[int, int]
) -> None:
    (folder / "unet" / "config.json").unlink()
    change_index(folder, vae=["diffusers", "AutoencoderKL"])
    change_index(folder, **index)
    for part, config in configs.items():
        (folder / part).mkdir(exist_ok=True)
        (folder / part / "config.json").write_text(json.dumps(config))
    defaults = defaults_of(ModelChoice(path=str(folder), name="some model"))
    assert (defaults.width, defaults.height) == size


@pytest.mark.parametrize(
    ("name", "index", "steps", "guidance"),
    [
        ("my klein", {"_class_name": "Flux2KleinPipeline", "is_distilled": True}, 4, 1.0),
        ("klein", {"_class_name": "Flux2KleinPipeline", "is_distilled": False}, 50, 4.0),
        ("krea", {"_class_name": "Krea2Pipeline", "is_distilled": True}, 8, 0.0),
        ("qwen", {"_class_name": "QwenImage21Pipeline", "sample_sigmas": [1.0, 0.9, 0.7, 0.4]}, 4, 1.0),
    ],
)
def test_the_index_of_a_model_says_whether_it_is_distilled(
    folder: Path, name: str, index: dict[str, object], steps: int, guidance: float
) -> None:
    change_index(folder, **index)
    defaults = defaults_of(ModelChoice(path=str(folder), name=name))
    assert (defaults.num_inference_steps, defaults.guidance_scale) == (steps, guidance)


@pytest.mark.parametrize(
    ("name", "scheduler", "expected"),
    [
        ("xlLightning", {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}, "trailing"),
        ("xlLightning", {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing"}, ""),
        ("xl_lcm", {"_class_name": "EulerDiscreteScheduler"}, "LCMScheduler"),
        ("xl_lcm", {"_class_name": "LCMScheduler"}, ""),
        ("playground_lightning", {"_class_name": "EDMDPMSolverMultistepScheduler"}, ""),
        ("xl", {"_class_name": "EulerDiscreteScheduler"}, ""),
    ],
)
def test_a_distilled_model_begins_with_the_scheduler_that_it_was_made_for(
    folder: Path, name: str, scheduler: dict[str, object], expected: str
) -> None:
    change_index(folder, _class_name="StableDiffusionXLPipeline")
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
    found = defaults_of(ModelChoice(path=str(folder), name=name)).scheduler
    assert found.options.get("timestep_spacing", found.name) == expected
