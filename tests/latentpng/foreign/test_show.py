"""The metadata of another tool's picture, rendered for people and for programs."""

from __future__ import annotations

import json

import pytest

from latentpng.chunk.strict_json import json_text
from latentpng.foreign.names import TOOL_NAMES
from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.show import foreign_json, foreign_lines
from latentpng.record import Json
from tests.support.foreign.samples import INVOKEAI_2, SAMPLES
from tests.support.foreign.samples_webui import A1111, Sample


def test_one_field_per_line() -> None:
    assert foreign_lines(A1111.record) == [
        "tool             Stable Diffusion web UI v1.10.1",
        "prompt           a red boat,",
        "                 on a lake",
        "negative prompt  fog, rain",
        "                 and snow",
        "seed             4294967295",
        "variation        seed 3, strength 0.25",
        "size             512 x 768",
        "drawn at         512 x 512",
        "steps            20",
        "sampler          Euler a",
        "scheduler        Automatic",
        "guidance         7",
        "model            v1-5-pruned-emaonly",
        "model hash       6ce0161689",
        "noise drawn by   CPU",
        "Lora hashes      boat: 0a1b, sea: 2c3d",
        "Clip skip        2",
        "ENSD             31337",
    ]


def test_the_json_object() -> None:
    expected: dict[str, Json] = {
        "tool": "a1111",
        "version": "v1.10.1",
        "prompt": "a red boat,\non a lake",
        "negative_prompt": "fog, rain\nand snow",
        "seed": "4294967295",
        "variation_seed": "3",
        "variation_strength": 0.25,
        "width": 512,
        "height": 768,
        "resized_from": (512, 512),
        "steps": 20,
        "sampler": "Euler a",
        "scheduler": "Automatic",
        "guidance": 7.0,
        "model": "v1-5-pruned-emaonly",
        "model_hash": "6ce0161689",
        "randomness": "cpu",
        "extra": {"Clip skip": "2", "ENSD": "31337", "Lora hashes": "boat: 0a1b, sea: 2c3d"},
    }
    assert foreign_json(A1111.record) == expected


def test_several_variations() -> None:
    lines = foreign_lines(INVOKEAI_2.record)
    assert [line for line in lines if line.startswith("variation ")] == [
        "variation        seed 1, strength 0.2",
        "variation        seed 2, strength 0.1",
    ]
    assert foreign_json(INVOKEAI_2.record)["variations"] == [["1", 0.2], ["2", 0.1]]


def test_meaningful_zeros_are_shown() -> None:
    record = ForeignRecord(tool="comfyui", seed=0, guidance_scale=0.0, batch_index=0)
    assert foreign_lines(record) == [
        "tool             ComfyUI",
        "seed             0",
        "guidance         0",
        "batch index      0",
    ]
    assert foreign_json(record) == {"tool": "comfyui", "seed": "0", "guidance": 0.0, "batch_index": 0}


def test_an_empty_record_is_not_shown() -> None:
    assert foreign_lines(ForeignRecord()) == []
    assert foreign_json(ForeignRecord()) == {}


def test_long_extras_are_cut() -> None:
    extra: tuple[tuple[str, Json], ...] = tuple((f"key {at}", ["x" * 500]) for at in range(50))
    lines = foreign_lines(ForeignRecord(tool="novelai", extra=extra))
    assert lines[1] == "key 0            " + '["' + "x" * 197 + "…"
    assert lines[-1] == "...              10 more"
    assert len(lines) == 42


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_every_tool_has_a_name_and_a_json_object(sample: Sample) -> None:
    record = foreign_from_texts(sample.texts) if "XML:com.adobe.xmp" not in sample.texts else sample.record
    assert foreign_lines(record)[0].startswith(f"tool             {TOOL_NAMES[record.tool]}")
    read = json.loads(json_text(foreign_json(record)))
    assert (read["tool"], read["seed"]) == (record.tool, str(record.seed))


def test_line_breaks_of_prompts_stay_and_cannot_look_like_fields() -> None:
    record = ForeignRecord(tool="novelai", prompt="a boat\r\nseed 5\n\n\x1b[31mred\n", negative_prompt="fog")
    assert foreign_lines(record) == [
        "tool             NovelAI",
        "prompt           a boat",
        "                 seed 5",
        "",
        "                 [31mred",
        "negative prompt  fog",
    ]


def test_very_many_lines_are_joined() -> None:
    lines = foreign_lines(ForeignRecord(tool="novelai", prompt="a\n" * 1000))
    assert len(lines) == 102
    assert lines[-1] == "                 " + " ".join("a" * 900)


def test_the_column_of_labels_is_as_wide_as_most_need() -> None:
    record = ForeignRecord(
        tool="a1111", extra=(("Name of twenty chars", "1"), ("x" * 100, "2"), ("Exactly 16 wide.", 3))
    )
    assert foreign_lines(record)[1:] == [
        "Name of twenty chars 1",
        "x" * 79 + "…",
        "                     2",
        "Exactly 16 wide.     3",
    ]


def test_prompts_of_characters_are_shown_whole_and_each_on_a_line() -> None:
    long = "a tin sailor, " * 100
    extra: tuple[tuple[str, Json], ...] = (
        *((f"key {at}", at) for at in range(50)),
        ("characters", [f"{long}red cap", "a cork\ngull"]),
        ("negative characters", ["rust"]),
    )
    lines = foreign_lines(ForeignRecord(tool="novelai", extra=extra))
    assert lines[1:6] == [
        f"characters          {long}red cap",
        "                    a cork",
        "                      gull",
        "negative characters rust",
        "key 0               0",
    ]


def test_lists_of_lora_files_are_shown_whole_with_their_weights() -> None:
    nested: list[Json] = [
        {"model": {"name": "ink"}, "weight": 0.75},
        {"lora": {"model_name": "oars"}},
        ["a", 1],
        "sails",
    ]
    invokeai = ForeignRecord(tool="invokeai", extra=(("loras", nested),))
    assert foreign_lines(invokeai)[1:] == [
        "loras            ink (0.75)",
        "                 oars",
        "                 a (1)",
        "                 sails",
    ]
    paired = (("loras", ["ink", "oars"]), ("lora_weights", [0.5, 1]))
    assert foreign_lines(ForeignRecord(tool="comfyui", extra=paired))[1:] == [
        "loras            ink (0.5)",
        "                 oars (1)",
    ]
    swarm = (("loras", ["ink", "oars"]), ("loraweights", ["0.5"]))
    assert foreign_lines(ForeignRecord(tool="swarmui", extra=swarm))[1:] == [
        "loras            ink",
        "                 oars",
        "loraweights      0.5",
    ]
    many = ForeignRecord(tool="swarmui", extra=(("loras", [f"file {at}" for at in range(70)]),))
    assert foreign_lines(many)[-1] == "                 and 6 more"
    hashes = ForeignRecord(tool="a1111", extra=(("Lora hashes", "boat: 0a1b, " * 100),))
    assert foreign_lines(hashes)[1] == "Lora hashes      " + ("boat: 0a1b, " * 100).rstrip()


def test_passes_have_a_line_each() -> None:
    told: list[Json] = [
        {"kind": "hires", "node": "KSampler", "steps": 12, "denoise": 0.45},
        {"kind": "detailer", "node": "FaceDetailer"},
        {"node": "of no kind"},
        5,
    ]
    record = ForeignRecord(tool="comfyui", extra=(("passes", told), ("sampler_node", "KSampler")))
    assert foreign_lines(record)[1:] == [
        "pass hires       12 steps, node KSampler, denoise 0.45",
        "pass detailer    node FaceDetailer",
        "sampler_node     KSampler",
    ]
    assert foreign_json(record)["extra"] == {"passes": told, "sampler_node": "KSampler"}


def test_what_a_pass_says_is_not_said_twice() -> None:
    extra: tuple[tuple[str, Json], ...] = (("Hires upscale", "2"), ("Hires steps", "10"), ("Clip skip", "2"))
    assert foreign_lines(ForeignRecord(tool="a1111", extra=extra))[1:] == [
        "pass hires       Hires upscale 2, Hires steps 10",
        "Clip skip        2",
    ]


def test_how_a_record_was_read_and_why_its_noise_is_lost() -> None:
    record = ForeignRecord(
        tool="comfyui", made_by="Civitai", unknown_noise="it is a video", notes=("one", "two"), channels=16
    )
    assert foreign_lines(record) == [
        "tool             ComfyUI",
        "made by          Civitai",
        "note             one",
        "note             two",
        "noise            cannot be rebuilt: it is a video",
        "noise channels   16",
    ]
    assert foreign_json(record) == {
        "tool": "comfyui",
        "channels": 16,
        "made_by": "Civitai",
        "unknown_noise": "it is a video",
        "notes": ("one", "two"),
    }


def test_a_fork_that_the_tool_names_already_is_not_repeated() -> None:
    assert foreign_lines(ForeignRecord(tool="sdnext", made_by="SD.Next")) == ["tool             SD.Next"]
    assert foreign_lines(ForeignRecord(tool="forge", made_by="reForge"))[1:] == ["made by          reForge"]


def test_names_of_fields_cannot_look_like_a_field_with_a_value() -> None:
    extra: tuple[tuple[str, Json], ...] = ((f"seed{' ' * 13}7{' ' * 60}", "x"), ("", "y"), ("a\tb\nc", "z"))
    assert foreign_lines(ForeignRecord(tool="a1111", extra=extra))[1:] == [
        "seed 7           x",
        '""               y',
        "a b c            z",
    ]
