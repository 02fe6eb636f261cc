"""Rarer forms of the tools' texts: older versions, options, and texts that people edited."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.tools.infotext import Infotext, parse
from latentpng.record import Json
from tests.support.foreign.samples import DRAWTHINGS, SAMPLES

FIELDS = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512"


def web_ui(more: str) -> ForeignRecord:
    """Read a web UI text with further fields."""
    return foreign_from_texts({"parameters": f"x\n{FIELDS}{more}"})


def test_the_parts_of_a_text() -> None:
    text = (
        'a, b: c\r\nNegative prompt: d\n\nSteps: 1, "x": 2, N a/m-e: "q, \\"r\\": \\n", Empty: , Last: [1, 2, ], End: z'
    )
    assert parse(text) == Infotext(
        prompt="a, b: c",
        negative_prompt="d",
        fields={"Steps": "1", "N a/m-e": 'q, "r": \n', "Empty": "", "Last": "[1", "End": "z"},
    )


def test_a_prompt_may_look_like_fields() -> None:
    infotext = parse(f"Steps: 3, Seed: 5, Sampler: z\nNegative prompt: Steps: 4\n{FIELDS}")
    assert infotext is not None
    assert (infotext.prompt, infotext.negative_prompt) == ("Steps: 3, Seed: 5, Sampler: z", "Steps: 4")
    assert infotext.fields["Seed"] == "1"


def test_lines_behind_the_fields_do_not_hide_them() -> None:
    assert foreign_from_texts({"parameters": f"x\n{FIELDS}\nTemplate: y"}).seed == 1


def test_a_quote_that_does_not_end_is_kept_as_it_stands() -> None:
    assert web_ui(', Lora hashes: "a: b, Version: v1').extra == (("Lora hashes", '"a: b'),)
    assert web_ui(', Odd: "a" b, Version: v1').extra == (("Odd", '"a" b'),)


@pytest.mark.parametrize(
    ("text", "randomness", "extra"),
    [
        ("", "", ()),
        (", RNG: CPU", "cpu", ()),
        (", RNG: NV", "nv", ()),
        (", RNG: GPU", "gpu", ()),
        (", RNG: TPU", "", (("RNG", "TPU"),)),
    ],
)
def test_where_web_ui_drew(text: str, randomness: str, extra: tuple[tuple[str, Json], ...]) -> None:
    assert (web_ui(text).randomness, web_ui(text).extra) == (randomness, extra)


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        (", Version: v1.10.1", "a1111"),
        (", Version: 1.6.0", "a1111"),
        (", Version: f2.0.1v1.10.1-previous-1", "forge"),
        (", Version: f1.0.0v2-v1.10.1RC-latest-1", "forge"),
        (", Version: f0.0.17v1.8.0rc", "forge"),
        (", Version: neo", "forge"),
        (", Version: fine", "a1111"),
        (", App: SD.Next, Version: f1234", "sdnext"),
        (", Variation seed: 1, Variation strength: 0.1", "sdnext"),
        ("", "a1111"),
    ],
)
def test_which_tool_wrote_a_web_ui_text(text: str, tool: str) -> None:
    assert web_ui(text).tool == tool


def test_the_noise_was_drawn_for_the_first_pass() -> None:
    found = web_ui(", First pass size: 320x256, Denoising strength: 0.7")
    assert (found.width, found.height) == (320, 256)
    assert found.extra == (("First pass size", "320x256"), ("Denoising strength", "0.7"))
    unknown = web_ui(", First pass size: 0x0")
    assert (unknown.width, unknown.height) == (0, 0)
    assert unknown.extra == (("Size", "512x512"), ("First pass size", "0x0"))


def test_a_strength_is_read_as_it_was_written() -> None:
    assert web_ui(", Variation seed: 1, Variation seed strength: 1.5").variation_strength == 1.5
    assert web_ui(", Variation seed: 1, Variation seed strength: much").variation_strength == 0.0


def test_dream_lines_of_all_versions() -> None:
    quoted = foreign_from_texts({"Dream": '"a \\"red\\" boat -S 1" -s50 -S42 -W512 -H640 -C7.5 -Ak_lms'})
    assert (quoted.prompt, quoted.seed, quoted.num_inference_steps) == ('a "red" boat -S 1', 42, 50)
    assert (quoted.width, quoted.height, quoted.guidance_scale, quoted.sampler) == (512, 640, 7.5, "k_lms")
    bare = foreign_from_texts({"Dream": "a red boat"})
    assert (bare.tool, bare.prompt, bare.seed) == ("invokeai", "a red boat", None)
    odd = foreign_from_texts({"Dream": "a boat -s 5 -S x -V 1:0.5,x:1,3"})
    assert (odd.seed, odd.variations) == (None, ((1, 0.5),))


def test_weighted_parts_of_a_prompt_and_a_grid_of_pictures() -> None:
    image: dict[str, Json] = {"prompt": [{"prompt": "a", "weight": 1.5}, {"prompt": "b", "weight": 1}], "seed": 3}
    found = foreign_from_texts({"sd-metadata": json.dumps({"images": [image, {"seed": 4}]})})
    assert (found.prompt, found.seed) == ("a:1.5,b:1", 3)
    text = foreign_from_texts({"sd-metadata": json.dumps({"image": {"prompt": "[c] a [d] b", "seed": 3}})})
    assert (text.prompt, text.negative_prompt) == ("a  b", "c d")


@pytest.mark.parametrize(
    ("device", "randomness", "extra"),
    [("cpu", "cpu", ()), ("cuda", "gpu", ()), ("mps", "", (("rand_device", "mps"),)), (None, "", ())],
)
def test_where_invokeai_drew(device: Json, randomness: str, extra: tuple[tuple[str, Json], ...]) -> None:
    found = foreign_from_texts({"invokeai_metadata": json.dumps({"seed": 1, "rand_device": device})})
    assert (found.randomness, found.extra) == (randomness, extra)


def test_invokeai_3_used_a_different_key_for_its_model() -> None:
    model: dict[str, Json] = {"model_name": "boats", "base_model": "sd-1", "model_type": "main"}
    found = foreign_from_texts({"invokeai_metadata": json.dumps({"app_version": "3.2.0", "model": model})})
    assert (found.version, found.model) == ("3.2.0", "boats")


def test_fooocus_is_recognised_by_its_version_alone() -> None:
    for name in ("fooocus", "fooocus text"):
        sample = SAMPLES[name]
        assert foreign_from_texts({"parameters": sample.texts["parameters"]}) == sample.record
    assert foreign_from_texts({"parameters": '{"prompt": "x", "seed": "1"}'}).tool == "unknown"


def test_old_names_of_swarmui() -> None:
    settings: dict[str, Json] = {"seed": 1, "comfyuisampler": "euler", "comfyuischeduler": "karras"}
    found = foreign_from_texts({"parameters": json.dumps({"sui_image_params": settings})})
    assert (found.sampler, found.scheduler, found.model_hash, found.extra) == ("euler", "karras", "", ())


def test_novelai_4_has_captions() -> None:
    comment: dict[str, Json] = {
        "v4_prompt": {"caption": {"base_caption": "a red boat", "char_captions": []}},
        "v4_negative_prompt": {"caption": {"base_caption": "fog"}},
    }
    texts = {"Software": "NovelAI", "Comment": json.dumps(comment), "Source": "Stable Diffusion"}
    found = foreign_from_texts(texts)
    assert (found.prompt, found.negative_prompt) == ("a red boat", "fog")
    assert (found.model, found.model_hash) == ("Stable Diffusion", "")
    bare = foreign_from_texts({"Software": "NovelAI", "Description": "a red boat"})
    assert (bare.tool, bare.prompt, bare.seed) == ("novelai", "a red boat", None)


@pytest.mark.parametrize(
    ("mode", "randomness"),
    [
        ("Legacy", ""),
        ("Torch CPU Compatible", "cpu"),
        ("Scale Alike", ""),
        ("NVIDIA GPU Compatible", "nv"),
        ("Nvidia GPU Compatible", "nv"),
        (2, ""),
    ],
)
def test_where_draw_things_drew(mode: Json, randomness: str) -> None:
    entries: dict[str, Json] = {"c": "x", "seed": 1, "steps": 2, "seed_mode": mode}
    found = foreign_from_texts({"Comment": json.dumps(entries)})
    assert (found.tool, found.randomness, found.extra) == ("drawthings", randomness, (("seed_mode", mode),))


def test_draw_things_draws_for_its_first_stage() -> None:
    entries: dict[str, Json] = {"c": "x", "seed": 1, "steps": 2, "size": "64x32", "first_stage_size": "32x16"}
    for fixed, size in ((True, (32, 16)), (False, (64, 32))):
        found = foreign_from_texts({"UserComment": json.dumps({**entries, "hires_fix": fixed})})
        assert (found.width, found.height) == size
    assert DRAWTHINGS.record.tool == "drawthings"


@pytest.mark.parametrize(
    ("rng", "randomness", "extra"),
    [("cuda", "nv", ()), ("cpu", "cpu", ()), ("std_default", "", (("RNG", "std_default"),))],
)
def test_where_stable_diffusion_cpp_drew(rng: str, randomness: str, extra: tuple[tuple[str, Json], ...]) -> None:
    text = f"x\n{FIELDS}, Model: , RNG: {rng}, Unet: u.gguf, Version: stable-diffusion.cpp"
    found = foreign_from_texts({"parameters": text})
    assert (found.tool, found.model, found.randomness, found.extra) == ("sdcpp", "u.gguf", randomness, extra)
    broken = foreign_from_texts({"parameters": f"{text}, SDCPP: {{broken"})
    assert broken == found
    spelled = json.dumps({"seed": 1, "rng": rng})
    newer = foreign_from_texts({"parameters": f"{text}, SDCPP: {spelled}"})
    assert (newer.randomness, newer.extra) == (randomness, tuple(("rng", value) for _, value in extra))
