"""What sites, forks and other programs make of the text of the web UI."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.passes import passes_of
from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.show import foreign_lines

FIELDS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"


def read(fields: str, prompt: str = "a boat") -> ForeignRecord:
    return foreign_from_texts({"parameters": f"{prompt}\n{fields}"})


def kinds(record: ForeignRecord) -> list[object]:
    return [each["kind"] for each in passes_of(record)]


@pytest.mark.parametrize(
    ("metadata", "engine"),
    [
        ('{"engine":"openai"}', "openai"),
        ('{"ecosystem":"Imagen4"}', "Imagen4"),
        ('{"engine":"flux1-kontext"}', "flux1-kontext"),
        ('{"ecosystem":"Flux.1 pro"}', "Flux.1 pro"),
    ],
)
def test_civitai_asks_closed_engines_too(metadata: str, engine: str) -> None:
    told = f"Civitai had it made by {engine}, which does not publish how it draws its noise"
    assert read(f"{FIELDS}, Civitai metadata: {metadata}").unknown_noise == told


@pytest.mark.parametrize("metadata", ['{"engine":"comfy"}', '{"ecosystem":"SDXL"}', "{}", '{"remixOfId":5}'])
def test_open_engines_of_civitai_are_no_reason(metadata: str) -> None:
    found = read(f"{FIELDS}, Civitai metadata: {metadata}")
    assert (found.made_by, found.unknown_noise) == ("Civitai", "")


def test_a_program_that_lists_resources_of_civitai_is_not_civitai() -> None:
    resources = json.dumps([{"type": "lora", "modelName": "ink", "weight": 0.5}])
    assert read(f"{FIELDS}, Version: ComfyUI, Civitai resources: {resources}").made_by == ""
    assert read(f"{FIELDS}, Civitai resources: {resources}").made_by == "Civitai"


def test_values_that_a_site_does_not_have_are_left_out() -> None:
    found = read("Steps: 20, Sampler: Undefined, CFG scale: undefined, Seed: 1, Civitai resources: []")
    assert (found.sampler, found.guidance_scale, found.extra, found.made_by) == ("", None, (), "Civitai")


@pytest.mark.parametrize(
    ("workflow", "expected"),
    [("txt2img", []), ("img2img", ["img2img"]), ("txt2img-hires", ["hires"]), ("img2img-hires", ["hires", "img2img"])],
)
def test_the_workflow_of_civitai_tells_passes(workflow: str, expected: list[object]) -> None:
    assert kinds(read(f"{FIELDS}, workflow: {workflow}, Civitai metadata: {{}}")) == expected


@pytest.mark.parametrize("fields", ["width: 64, height: 32", "Width: 64, Height: 32", "Size-1: 64, Size-2: 32"])
def test_the_size_may_be_two_fields(fields: str) -> None:
    found = read(f"{FIELDS}, {fields}")
    assert (found.width, found.height, found.extra) == (64, 32, ())


def test_old_versions_of_sdnext_are_known_by_their_fields() -> None:
    assert read(f"{FIELDS}, Parser: Full parser, Backend: Original, Operations: txt2img").tool == "sdnext"
    assert read(f"{FIELDS}, Parser: x").tool == "a1111"


def test_the_horde_writes_the_negative_prompt_behind_the_prompt() -> None:
    found = read("Steps: 20, Sampler: k_lms, Seed: 1, model: tin", prompt="a boat ### rust")
    assert (found.tool, found.prompt, found.negative_prompt) == ("horde", "a boat", "rust")
    assert read(FIELDS, prompt="a boat ### rust").prompt == "a boat ### rust"


def test_a_quoted_value_may_contain_line_breaks() -> None:
    found = read('Steps: 20, Wildcard: "a,\nSeed: 9, b", Sampler: Euler a, Seed: 1\nTemplate: "x", Seed: 8')
    assert (found.seed, found.sampler, found.extra) == (1, "Euler a", (("Wildcard", "a,\nSeed: 9, b"),))


def test_a_label_before_a_prompt_is_no_part_of_it() -> None:
    for label in ("Prompt: ", "Positive prompt: ", ""):
        assert foreign_from_texts({"Comment": f"{label}a boat\nNegative prompt: rust"}).prompt == "a boat"


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (ForeignRecord(tool="comfyui", version="ComfyUI"), "tool             ComfyUI"),
        (ForeignRecord(tool="fooocus", version="Fooocus v2.5.5"), "tool             Fooocus v2.5.5"),
        (ForeignRecord(tool="fooocus", version="v2.1"), "tool             Fooocus v2.1"),
    ],
)
def test_a_version_that_names_the_tool_does_not_name_it_twice(record: ForeignRecord, line: str) -> None:
    assert foreign_lines(record) == [line]


@pytest.mark.parametrize(
    ("request_type", "expected"),
    [
        ("PromptGenerateRequest", []),
        ("Img2ImgRequest", ["img2img"]),
        ("NativeInfillingRequest", ["inpaint"]),
        ("AugmentImageRequest", ["img2img"]),
    ],
)
def test_novelai_says_what_was_asked_for(request_type: str, expected: list[object]) -> None:
    comment = {"prompt": "a boat", "uc": "", "noise_schedule": "native", "strength": 0.69, "request_type": request_type}
    assert kinds(foreign_from_texts({"Comment": json.dumps(comment)})) == expected


def test_novelai_is_no_model_and_its_captions_are_not_shown_twice() -> None:
    prompt = {"caption": {"base_caption": "a boat", "char_captions": [{"char_caption": "a gull"}]}}
    texts = {"Software": "NovelAI", "Source": "NovelAI", "Comment": json.dumps({"v4_prompt": prompt})}
    found = foreign_from_texts(texts)
    assert foreign_lines(found) == ["tool             NovelAI", "prompt           a boat", "characters       a gull"]
    assert "v4_prompt" in dict(found.extra)


def test_facts_that_contain_commas_stand_in_quotes() -> None:
    found = read(f'{FIELDS}, Hires upscale: 2, Hires prompt: "a boat, \\nnear"')
    assert foreign_lines(found)[-1] == 'pass hires       Hires upscale 2, Hires prompt "a boat, near"'


def test_a_mode_that_only_repeats_the_kind_is_left_out() -> None:
    entries = {"mflux_version": "1", "prompt": "a", "image_path": "a.png", "image_strength": 0.4}
    found = foreign_from_texts({"UserComment": json.dumps(entries)})
    assert foreign_lines(found)[-1] == "pass img2img     image_strength 0.4, image_path a.png"


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        ("a boat: grey, in fog Negative prompt: rust, steps {}", "a boat: grey, in fog", "rust, steps"),
        ("a boat Negative prompt: {}", "a boat", ""),
        ("a boat. {}", "a boat.", ""),
        ("a boat\nNegative prompt: rust {}", "a boat", "rust"),
        ("a sign: no Negative prompt: here\nNegative prompt: rust {}", "a sign: no Negative prompt: here", "rust"),
        ("a boat\nSampler: Euler, {}", "a boat", ""),
    ],
)
def test_lines_that_were_joined_are_told_apart(text: str, prompt: str, negative: str) -> None:
    found = foreign_from_texts({"UserComment": text.format(FIELDS)})
    assert (found.prompt, found.negative_prompt, found.num_inference_steps, found.seed) == (prompt, negative, 20, 1)
    assert found.extra == ()


@pytest.mark.parametrize(
    ("more", "channels"),
    [
        ('Civitai metadata: {"ecosystem":"Flux1"}', 16),
        ('Civitai metadata: {"ecosystem":"SDXL"}', 4),
        ("fluxMode: urn:air:flux1:checkpoint:civitai:1@2, Civitai metadata: {}", 16),
        ("Model type: Z-Image Turbo, Civitai metadata: {}", 16),
        ("Model type: Z-Image Turbo", 0),
        ('Model: flux1-dev, Civitai metadata: {"ecosystem":"SDXL"}', 0),
    ],
)
def test_civitai_names_the_family_of_a_model_that_it_does_not_name(more: str, channels: int) -> None:
    assert read(f"{FIELDS}, {more}").channels == channels


def test_the_object_of_civitai_tells_passes_too() -> None:
    found = read(f'{FIELDS}, Civitai metadata: {{"workflow":"img2img","steps":4}}')
    assert kinds(found) == ["img2img"]
    assert read(f'{FIELDS}, Civitai metadata: {{"workflow":"txt2img"}}').extra == (
        ("Civitai metadata", '{"workflow":"txt2img"}'),
    )


def invokeai(name: str, base: str, **more: str) -> ForeignRecord:
    entries = {"positive_prompt": "a", "seed": 1, "model": {"name": name, "base": base}, **more}
    return foreign_from_texts({"invokeai_metadata": json.dumps(entries)})


@pytest.mark.parametrize(
    ("name", "base", "channels"),
    [
        ("mine", "flux", 16),
        ("mine", "sd-3", 16),
        ("mine", "z-image", 16),
        ("mine", "sdxl", 0),
        ("flux1-dev", "flux", 0),
        ("flux look", "sdxl", 4),
        ("mine", "something", 0),
    ],
)
def test_invokeai_names_the_family_of_a_model(name: str, base: str, channels: int) -> None:
    assert invokeai(name, base).channels == channels


@pytest.mark.parametrize("base", ["chatgpt-4o", "imagen4", "gemini-2.5", "flux-kontext", "veo3"])
def test_invokeai_asks_services_too(base: str) -> None:
    told = f"InvokeAI had it made by {base}, which does not publish how it draws its noise"
    assert invokeai("mine", base).unknown_noise == told
    assert invokeai("mine", "flux").unknown_noise == ""


def test_a_pipeline_with_a_strength_started_from_a_picture() -> None:
    entries = {"prompt": "a", "seed": 1, "guidance_scale": 7, "num_inference_steps": 9, "width": 64, "strength": 0.6}
    assert kinds(foreign_from_texts({"metadata": json.dumps(entries)})) == ["img2img"]


def test_mochi_names_the_picture_that_it_started_from() -> None:
    caption = "Include in Image: a; Seed: 5; Starting Image: a.png; Strength: 0.5; Generator: Mochi Diffusion 4.7"
    assert foreign_lines(foreign_from_texts({"Caption": caption}))[-1] == (
        "pass img2img     Strength 0.5, Starting Image a.png"
    )
