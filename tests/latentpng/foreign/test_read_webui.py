"""The text of the web UI as forks, sites and savers write it, and as people leave it."""

from __future__ import annotations

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.show import foreign_lines
from latentpng.foreign.tools.infotext import MAX_BREAKS
from tests.support.foreign.samples import COMFYUI

FIELDS = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512"


def read(text: str, **others: str) -> ForeignRecord:
    return foreign_from_texts({"parameters": text, **others})


@pytest.mark.parametrize(
    ("version", "tool", "made_by"),
    [
        ("v1.10.1", "a1111", ""),
        ("f2.0.1v1.10.1-previous-1-gabcdef0", "forge", "Forge"),
        ("f1.0.0v2-v1.10.1RC-latest-2498-g5120", "forge", "reForge"),
        ("f1.3.0-v1.10.1RC-latest-1038-g19395", "forge", "EasyReforge"),
        ("classic", "forge", "Forge Classic"),
        ("neo", "forge", "Forge Neo"),
        ("neo-2.3", "forge", "Forge Neo"),
        ("ComfyUI", "comfyui", ""),
        ("classical", "a1111", ""),
    ],
)
def test_forks_are_named(version: str, tool: str, made_by: str) -> None:
    found = read(f"a\n{FIELDS}, Version: {version}")
    assert (found.tool, found.made_by) == (tool, made_by)


@pytest.mark.parametrize(
    ("keyword", "text", "made_by"),
    [
        ("Software", "PixAI", "PixAI"),
        ("Software", "ArtBot - Create images, utilizing the AI Horde", "ArtBot"),
        ("Source", "https://www.seaart.ai/", "SeaArt"),
        ("Artist", "yodayo.com", "Yodayo"),
        ("Software", "Paint", ""),
        ("Notes", "civitai", ""),
    ],
)
def test_sites_are_named_where_programs_sign(keyword: str, text: str, made_by: str) -> None:
    assert read(f"a civitai boat\n{FIELDS}", **{keyword: text}).made_by == made_by


def test_names_of_fields_are_known_in_any_case() -> None:
    text = (
        "a\nNegative Prompt: b\nsteps: 20, sampler_name: dpmpp_2m, scheduler: karras, CFG Scale: 8.0, seed: 41, size: "
    )
    found = read(f"{text}512x640, model hash: 2176, model: plain, CLIP Skip: 2")
    assert (found.prompt, found.negative_prompt, found.num_inference_steps) == ("a", "b", 20)
    assert (found.sampler, found.scheduler, found.guidance_scale) == ("dpmpp_2m", "karras", 8.0)
    assert (found.seed, found.width, found.height) == (41, 512, 640)
    assert (found.model, found.model_hash, found.extra) == ("plain", "2176", (("Clip skip", "2"),))


def test_the_usual_spelling_counts_before_others() -> None:
    found = read(f"a\n{FIELDS}, cfg scale: 3, SEED: 5, Model: x, model: y")
    assert (found.guidance_scale, found.seed, found.model) == (7.0, 1, "x")


def test_width_and_height_may_stand_apart() -> None:
    found = read("a\nSteps: 20, Sampler: Euler, Seed: 1, Width: 512, Height: 640")
    assert (found.width, found.height) == (512, 640)


@pytest.mark.parametrize(
    ("sampler", "tool"),
    [
        ("euler_ancestral", "comfyui"),
        ("euler", "comfyui"),
        ("dpmpp_2m_sde_gpu", "comfyui"),
        ("Euler a", "a1111"),
        ("DPM++ 2M", "a1111"),
        ("DDIM", "a1111"),
        ("k_euler", "a1111"),
    ],
)
def test_the_names_of_samplers_of_comfyui_are_its_own(sampler: str, tool: str) -> None:
    assert read(f"a\nSteps: 20, Sampler: {sampler}, CFG scale: 7, Seed: 1").tool == tool
    assert read(f"a\nSteps: 20, Sampler: {sampler}, CFG scale: 7, Seed: 1, Version: v1.10.1").tool == "a1111"


def test_clients_of_the_ai_horde() -> None:
    fields = "a\nSteps: 20, Sampler: k_euler, CFG scale: 9, Seed: 14, Size: 512x512, model: plain"
    found = read(fields)
    assert (found.tool, found.made_by, found.model) == ("horde", "", "plain")
    signed = read(fields.replace("model", "Model"), Software="ArtBot - the AI Horde")
    assert (signed.tool, signed.made_by) == ("horde", "ArtBot")


def test_the_description_of_draw_things() -> None:
    text = (
        "a boat\nSteps: 8, Sampler: DPM++ 2M Karras, Guidance Scale: 4.5, Seed: 7, Size: 512x640, Model: sd_v1.5.ckpt, "
        "Strength: 1.0, Seed Mode: Torch CPU Compatible"
    )
    found = foreign_from_texts({"Description": text})
    assert (found.tool, found.seed, found.guidance_scale, found.randomness) == ("drawthings", 7, 4.5, "cpu")


def test_a_value_may_contain_line_breaks() -> None:
    found = read(
        "a\nSteps: 20, Sampler: Euler a, CFG scale: 7, Wildcard prompt: a {paper|tin} boat\non\n__water__, Seed: 41, "
        "Size: 512x768, Note: one\ntwo, Model: plain, Version: v1.5.1"
    )
    assert (found.seed, found.width, found.model, found.version) == (41, 512, "plain", "v1.5.1")
    assert found.extra == (("Wildcard prompt", "a {paper|tin} boat\non\n__water__"), ("Note", "one\ntwo"))


@pytest.mark.parametrize(
    "behind",
    ["Template: a, Seed: 9", "Template: {a|b}\nNegative Template: c, d", "\n" * (MAX_BREAKS + 1) + "x, Model: y"],
    ids=["a field that is known", "templates", "too far"],
)
def test_lines_behind_the_fields_are_not_values(behind: str) -> None:
    found = read(f"a\n{FIELDS}\n{behind}")
    assert (found.seed, found.model, found.extra) == (1, "", ())


def test_the_value_ends_at_any_field() -> None:
    found = read(f"a\n{FIELDS}, Note: one\ntwo, three, Other note: 4, Model: plain")
    assert found.extra == (("Note", "one\ntwo, three"), ("Other note", "4"))
    assert found.model == "plain"


def test_each_field_may_have_a_line() -> None:
    found = read("a boat\nNegative prompt: fog\nSteps: 20\nSampler: euler,\nCFG Scale: 8\nSeed: 41\n\nModel: x")
    assert (found.prompt, found.negative_prompt, found.num_inference_steps) == ("a boat", "fog", 20)
    assert (found.sampler, found.guidance_scale, found.seed, found.model) == ("euler", 8.0, 41, "")


def test_two_fields_behind_steps_are_enough() -> None:
    found = read("a boat\nSteps: 3, Seed: 1")
    assert (found.prompt, found.num_inference_steps, found.seed) == ("a boat", 3, 1)
    assert read("a boat\nTitle: 3, Seed: 1").seed is None


RESOURCES = (
    'Civitai resources: [{"type":"checkpoint","modelVersionId":25,"modelName":"Boats, XL","modelVersionName":"v3"},'
    '{"type":"lora","weight":0.6,"modelVersionId":7,"modelName":"Ink wash"},{"type":"lora","modelVersionId":9},5]'
)


def test_what_civitai_lists() -> None:
    found = read(f'a\n{FIELDS}, Created Date: 2026-02-03T04:05:06Z, {RESOURCES}, Civitai metadata: {{"remixOfId":12}}')
    assert (found.tool, found.made_by, found.model, found.unknown_noise) == ("a1111", "Civitai", "Boats, XL", "")
    assert [line for line in foreign_lines(found) if line.startswith(("made by", "Civitai res", "  "))] == [
        "made by          Civitai",
        "Civitai resources checkpoint Boats, XL v3",
        "                  lora Ink wash (0.6)",
        "                  lora model version 9",
    ]


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ("OpenAI", "Civitai had it made by OpenAI, which does not publish how it draws its noise"),
        ("SDXL", ""),
        ("Flux1", ""),
    ],
)
def test_closed_engines_of_civitai(engine: str, reason: str) -> None:
    text = f'a\nSteps: 0, Sampler: X, Seed: -1, Civitai metadata: {{"workflow":"txt2img","ecosystem":"{engine}"}}'
    found = read(text)
    assert (found.seed, found.made_by, found.unknown_noise) == (None, "Civitai", reason)


def test_graphs_of_sites_are_named() -> None:
    node = '{"1": {"class_type": "KSampler", "inputs": {"seed": 1}}, '
    civitai = foreign_from_texts({"prompt": node + '"extraMetadata": "{}"}'})
    assert (civitai.tool, civitai.made_by) == ("comfyui", "Civitai")
    loader = '"2": {"class_type": "ECHOCheckpointLoaderSimple", "inputs": {}}}'
    assert foreign_from_texts({"prompt": node + loader}).made_by == "TensorArt"
    comment = {**COMFYUI.texts, "UserComment": '{"ckpt_name": "urn:air:sdxl:checkpoint:civitai:1@2"}'}
    assert foreign_from_texts(comment).made_by == "Civitai"
    assert foreign_from_texts({**COMFYUI.texts, "UserComment": "urn:air: in words"}).made_by == ""


@pytest.mark.parametrize(
    ("texts", "prompt", "negative"),
    [
        (
            {"parameters": "a boat,\nat night\nNegative prompt: people,\ncaptions"},
            "a boat,\nat night",
            "people,\ncaptions",
        ),
        ({"UserComment": "a boat\nnegative prompt: people"}, "a boat", "people"),
        ({"parameters": "an empty tram stop: snow, (wide view:1.2)"}, "an empty tram stop: snow, (wide view:1.2)", ""),
    ],
)
def test_a_prompt_without_settings(texts: dict[str, str], prompt: str, negative: str) -> None:
    found = foreign_from_texts(texts)
    assert (found.tool, found.prompt, found.negative_prompt, found.seed) == ("a1111", prompt, negative, None)
    assert found.notes == (f"its text {next(iter(texts))!r} contains a prompt and no settings",)
