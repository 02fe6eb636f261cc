"""Rarer tools and the forms in which their versions write the same settings."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.names import TOOL_NAMES
from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.show import foreign_lines
from latentpng.record import Json
from tests.support.foreign.samples import COMFYUI
from tests.support.foreign.samples_more import MORE_SAMPLES, RUINED_FOOOCUS, STABILITY_MATRIX, TENSORART_DATA
from tests.support.foreign.samples_webui import Sample


@pytest.mark.parametrize("sample", MORE_SAMPLES.values(), ids=MORE_SAMPLES)
def test_every_tool_is_read_from_its_texts(sample: Sample) -> None:
    found = foreign_from_texts(sample.texts)
    assert found == sample.record
    assert foreign_lines(found)[0] == f"tool             {TOOL_NAMES[found.tool]} {found.version}".rstrip()


@pytest.mark.parametrize(
    ("loras", "expected"),
    [
        ("Loras:<oars:0.5>,<sails:1.0>", [{"name": "oars", "weight": 0.5}, {"name": "sails", "weight": 1.0}]),
        ([["", "<lora:oars:0.5>"]], [{"name": "oars", "weight": 0.5}]),
        ([["0a1b", "0.5 - sub\\oars - old"]], [{"name": "sub\\oars - old", "weight": 0.5, "hash": "0a1b"}]),
        ([{"name": "oars", "weight": 1, "hash": "0a1b"}], [{"name": "oars", "weight": 1.0, "hash": "0a1b"}]),
        ([["0a1b", "oars"], 5, [], None], [{"name": "oars", "hash": "0a1b"}]),
    ],
)
def test_all_forms_of_lora_files_of_ruined_fooocus(loras: Json, expected: Json) -> None:
    text = json.dumps({"Prompt": "a", "software": "RuinedFooocus", "loras": loras})
    assert dict(foreign_from_texts({"parameters": text}).extra)["loras"] == expected


def test_an_object_that_was_encoded_twice_is_read() -> None:
    twice = json.dumps(RUINED_FOOOCUS.texts["parameters"])
    assert foreign_from_texts({"UserComment": twice}) == RUINED_FOOOCUS.record


@pytest.mark.parametrize("change", [{"start_step": 5}, {"denoise": 0.4}])
def test_ruined_fooocus_may_start_from_a_picture(change: dict[str, Json]) -> None:
    text = json.dumps({"Prompt": "a", "software": "RuinedFooocus", **change})
    assert ("generation_mode", "img2img") in foreign_from_texts({"parameters": text}).extra


def test_the_caption_of_imaginairy_says_enough_without_its_object() -> None:
    caption = (
        '"a "red" boat" 512x768px negative-prompt:"fog" seed:41 prompt-strength:7.5 steps:30 solver-type:dpmpp '
        "init-image-strength:0.3 arch:sd15 weights: sd15"
    )
    found = foreign_from_texts({"ImageDescription": caption})
    assert (found.tool, found.prompt, found.negative_prompt) == ("imaginairy", 'a "red" boat', "fog")
    assert (found.seed, found.width, found.height, found.num_inference_steps) == (41, 512, 768, 30)
    assert (found.sampler, found.guidance_scale, found.model) == ("dpmpp", 7.5, "sd15")
    assert ("generation_mode", "img2img") in found.extra
    assert foreign_from_texts({"ImageDescription": '"a photo" 5x5px of a boat'}).tool == ""


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ([[1, "a"], [0.5, "b"]], "a:1|b:0.5"),
        ([{"weight": 2, "text": "a"}, "b"], "a:2|b:1"),
        (["a"], "a"),
        ("a", "a"),
        ([[1, 5], {}], ""),
    ],
)
def test_weighted_prompts_of_imaginairy(prompts: Json, expected: str) -> None:
    text = json.dumps({"software": "imaginAIry", "prompts": prompts, "prompt_strength": 7.5, "seed": 1})
    assert foreign_from_texts({"UserComment": text}).prompt == expected


FIELDS = {
    "Prompt": "a red boat",
    "Negative Prompt": "fog",
    "Seed": "7",
    "Stable Diffusion model": "boats",
    "Sampler": "euler_a",
    "Width": "512",
    "Height": "640",
    "Steps": "25",
    "Guidance Scale": "7.5",
    "LoRA model": "['oars', 'sails']",
    "LoRA Strength": "[0.5, 0.25]",
    "VAE model": "None",
    "Clip Skip": "True",
}


@pytest.mark.parametrize(
    "texts",
    [FIELDS, {"UserComment": "\n".join(f"{name}: {value}" for name, value in FIELDS.items())}],
    ids=["a text for each field", "lines"],
)
def test_the_labels_of_easy_diffusion(texts: dict[str, str]) -> None:
    found = foreign_from_texts(texts)
    assert (found.tool, found.prompt, found.negative_prompt, found.seed) == ("easydiffusion", "a red boat", "fog", 7)
    assert (found.width, found.height, found.num_inference_steps) == (512, 640, 25)
    assert (found.sampler, found.guidance_scale, found.model) == ("euler_a", 7.5, "boats")
    loras = [{"name": "oars", "weight": "0.5"}, {"name": "sails", "weight": "0.25"}]
    assert found.extra == (
        ("loras", [{**lora, "weight": float(lora["weight"])} for lora in loras]),
        ("clip_skip", "True"),
    )


def test_one_strength_counts_for_every_lora_of_easy_diffusion() -> None:
    texts = {
        "use_stable_diffusion_model": "boats",
        "use_lora_model": "oars",
        "lora_alpha": "0.5",
        "prompt_strength": "0.8",
    }
    assert foreign_from_texts(texts).extra == (
        ("loras", [{"name": "oars", "weight": 0.5}]),
        ("generation_mode", "img2img"),
        ("prompt_strength", "0.8"),
    )


def test_newer_captions_of_mochi_escape_line_breaks() -> None:
    caption = (
        "Metadata Version: 2\nInclude in Image: a red\\n boat\\\\\nExclude from Image: \nModel: boats\n"
        "Size: 512 x 768\nSeed: 3\nSteps: 8\nInput Images: a.png\nGenerator: Mochi Diffusion 6.0"
    )
    found = foreign_from_texts({"Description": caption})
    assert (found.prompt, found.seed, found.width, found.height) == ("a red\n boat\\", 3, 512, 768)
    assert ("generation_mode", "img2img") in found.extra


def test_an_upscaled_picture_of_mochi_has_no_size_of_its_noise() -> None:
    caption = "Include in Image: a; Seed: 3; Size: 2048x2048; Upscaler: RealESRGAN; Generator: Mochi Diffusion 4.7"
    found = foreign_from_texts({"Caption": caption})
    assert (found.width, found.height) == (0, 0)
    assert found.extra == (("Size", "2048x2048"), ("Upscaler", "RealESRGAN"))


def test_the_graph_of_stability_matrix_counts_before_its_object() -> None:
    found = foreign_from_texts({**COMFYUI.texts, **STABILITY_MATRIX.texts})
    assert (found.tool, found.made_by, found.seed) == ("comfyui", "Stability Matrix", COMFYUI.record.seed)
    assert (found.prompt, found.model, found.model_hash) == ("a red boat", "boats.safetensors", "A5F5")
    assert found.sampler == COMFYUI.record.sampler


PROJECT: dict[str, Json] = {
    "ProjectType": "ImageToImage",
    "State": {
        "Model": {"SelectedModelName": "boats.safetensors", "ClipSkip": 2, "IsClipSkipEnabled": True},
        "Sampler": {
            "Width": 1024,
            "Height": 768,
            "IsDimensionsEnabled": True,
            "Steps": 20,
            "CfgScale": 5,
            "SelectedSampler": {"Name": "euler"},
        },
        "Prompt": {"Prompt": "a red boat", "NegativePrompt": "fog"},
        "Seed": {"Seed": "2073"},
    },
}


def test_the_project_of_stability_matrix_says_enough_alone() -> None:
    found = foreign_from_texts({"smproj": json.dumps(PROJECT)})
    assert (found.tool, found.prompt, found.negative_prompt, found.seed) == (
        "stabilitymatrix",
        "a red boat",
        "fog",
        2073,
    )
    assert (found.width, found.height, found.num_inference_steps, found.guidance_scale) == (1024, 768, 20, 5.0)
    assert (found.sampler, found.model) == ("euler", "boats.safetensors")
    assert found.extra == (("ProjectType", "ImageToImage"), ("generation_mode", "img2img"), ("clip_skip", 2))


def test_the_project_of_stability_matrix_has_the_size_of_the_noise() -> None:
    texts = {"smproj": json.dumps(PROJECT), "parameters-json": '{"Width": 1536, "Height": 1152, "Seed": 0}'}
    found = foreign_from_texts(texts)
    assert (found.width, found.height, found.seed) == (1024, 768, 0)


def test_tensorart_names_the_model_that_its_graph_numbers() -> None:
    graph = COMFYUI.texts["prompt"]
    found = foreign_from_texts({"prompt": graph, "generation_data": json.dumps({**TENSORART_DATA, "seed": "-1"})})
    assert (found.tool, found.made_by, found.seed) == ("comfyui", "TensorArt", COMFYUI.record.seed)
    assert (found.model, found.model_hash) == ("Boats-XL", "0A1B")
    assert dict(found.extra)["loras"] == [{"name": "Oars", "weight": 0.7}]
    alone = foreign_from_texts({"generation_data": json.dumps({**TENSORART_DATA, "seed": "-1"})})
    assert (alone.tool, alone.seed) == ("tensorart", None)


def test_the_seed_mode_of_tensorart_is_its_own() -> None:
    sampler: dict[str, Json] = {"seed": 3, "seed_mode": "A1111", "steps": 5, "latent_image": ["1", 0]}
    graph: dict[str, Json] = {
        "1": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
        "2": {"class_type": "KSampler", "inputs": sampler},
    }
    found = foreign_from_texts({"prompt": json.dumps(graph), "generation_data": json.dumps(TENSORART_DATA)})
    assert (found.seed, found.unknown_noise) == (3, "TensorArt draws it in its own way for the seed mode A1111")


def test_a_space_may_write_its_model_as_an_object() -> None:
    entries: dict[str, Json] = {
        "prompt": "a",
        "seed": 1,
        "num_inference_steps": 5,
        "guidance_scale": 2,
        "width": 64,
        "height": 32,
        "Model": {"Model": "Boats", "Model hash": "0a1b"},
    }
    found = foreign_from_texts({"parameters": json.dumps(entries)})
    assert (found.tool, found.model, found.model_hash) == ("huggingface", "Boats", "0a1b")
    assert (found.width, found.height, found.guidance_scale) == (64, 32, 2.0)


def test_forks_of_fooocus() -> None:
    mre: dict[str, Json] = {"prompt": "a", "seed": 3, "cfg": 7.0, "width": 1152, "height": 896, "steps": 30}
    found = foreign_from_texts(
        {"Comment": json.dumps({**mre, "base_model": "boats", "software": "Fooocus-MRE 2.0.78"})}
    )
    assert (found.tool, found.made_by, found.version) == ("fooocus", "Fooocus-MRE", "Fooocus-MRE 2.0.78")
    assert (found.seed, found.guidance_scale, found.width, found.model) == (3, 7.0, 1152, "boats")
    simple: dict[str, Json] = {
        "Prompt": "a",
        "Negative Prompt": "fog",
        "Resolution": "896\u00d71152 | 7:9",
        "Base Model": "boats",
        "Guidance Scale": 4.5,
        "Seed": "3",
        "LoRA 1": "oars : 0.5",
        "Version": "SimpleSDXL2",
    }
    found = foreign_from_texts({"parameters": json.dumps(simple), "fooocus_scheme": "simple"})
    assert (found.tool, found.made_by, found.prompt, found.seed) == ("fooocus", "SimpleSDXL", "a", 3)
    assert (found.width, found.height, found.guidance_scale, found.model) == (896, 1152, 4.5, "boats")
    assert found.extra == (("lora_combined_1", "oars : 0.5"),)


def test_fooocus_is_known_by_its_settings_when_nothing_names_it() -> None:
    entries: dict[str, Json] = {"base_model": "boats", "prompt": "a", "seed": "3", "sharpness": 2.0}
    assert foreign_from_texts({"parameters": json.dumps(entries)}).tool == "unknown"
    known = json.dumps({**entries, "performance": "Speed", "adm_guidance": "(1.5, 0.8, 0.3)"})
    assert foreign_from_texts({"parameters": known}).tool == "fooocus"


def test_few_arguments_of_a_pipeline_are_enough() -> None:
    few: dict[str, Json] = {"prompt": "a", "seed": 1, "guidance_scale": 0.0, "width": 64, "height": 32}
    assert foreign_from_texts({"metadata": json.dumps(few)}).tool == "huggingface"
    fewer = {name: value for name, value in few.items() if name != "guidance_scale"}
    assert foreign_from_texts({"metadata": json.dumps(fewer)}).tool == "unknown"


def test_the_graph_of_invokeai_contains_the_metadata() -> None:
    node: Json = {"type": "core_metadata", "seed": 4, "positive_prompt": "a", "guidance": 4.0, "rand_device": "cpu"}
    found = foreign_from_texts({"invokeai_graph": json.dumps({"nodes": {"x": {"type": "noise"}, "m": node}})})
    assert (found.tool, found.seed, found.prompt, found.guidance_scale) == ("invokeai", 4, "a", 4.0)
    without = foreign_from_texts({"invokeai_graph": json.dumps({"nodes": {"x": {"type": "noise", "seed": 1}}})})
    assert (without.tool, without.seed) == ("invokeai", None)
