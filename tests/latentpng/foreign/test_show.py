"""The metadata of another tool's picture, rendered for people and for programs."""

from __future__ import annotations

import json

import pytest

from latentpng.chunk.strict_json import json_text
from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.show import TOOL_NAMES, foreign_json, foreign_lines
from latentpng.record import Json
from tests.support.foreign.samples import INVOKEAI_2, SAMPLES
from tests.support.foreign.samples_webui import A1111, Sample


def test_one_field_per_line() -> None:
    assert foreign_lines(A1111.record) == [
        "tool             Stable Diffusion web UI v1.10.1",
        "prompt           a red boat, on a lake",
        "negative prompt  fog, rain and snow",
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
        "Clip skip        2",
        "ENSD             31337",
        "Lora hashes      boat: 0a1b, sea: 2c3d",
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
