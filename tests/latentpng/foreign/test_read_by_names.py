"""Settings in forms of no known tool, which are read by the names of their fields."""

from __future__ import annotations

import json

import pytest

from latentpng.foreign.read import foreign_from_texts
from latentpng.foreign.record import ForeignRecord
from latentpng.foreign.show import foreign_lines
from latentpng.record import Json

NOTE = "its text {!r} is of no known form; it was read by the names of the settings"


def read_object(keyword: str, entries: Json) -> ForeignRecord:
    return foreign_from_texts({keyword: json.dumps(entries)})


def test_an_object_with_the_usual_names_is_read() -> None:
    entries: Json = {
        "Prompt": "a tin boat",
        "negativePrompt": "rust",
        "Seed": "7",
        "inference_steps": 20,
        "CFG Scale": 6.5,
        "sampler-name": "euler",
        "scheduler": "karras",
        "resolution": "64 x 32",
        "models": ["tin"],
        "worker": 4,
    }
    assert read_object("Comment", entries) == ForeignRecord(
        tool="unknown",
        prompt="a tin boat",
        negative_prompt="rust",
        seed=7,
        width=64,
        height=32,
        num_inference_steps=20,
        sampler="euler",
        scheduler="karras",
        guidance_scale=6.5,
        model="tin",
        notes=(NOTE.format("Comment"),),
        extra=(("worker", 4),),
    )


def test_the_settings_may_stand_in_an_object_of_their_own() -> None:
    found = read_object("parameters", {"prompt": "a tin boat", "params": {"seed": 5, "w": 64, "h": 32}})
    assert (found.prompt, found.seed, found.width, found.height, found.extra) == ("a tin boat", 5, 64, 32, ())


def test_a_prompt_of_the_horde_has_the_negative_one_behind_it() -> None:
    inner: Json = {"sampler_name": "k_lms", "seed": 5}
    found = read_object("parameters", {"prompt": "a tin boat ### rust", "params": inner})
    assert (found.prompt, found.negative_prompt) == ("a tin boat", "rust")


def test_a_known_program_is_named() -> None:
    found = read_object("NMKDiffusion", {"prompt": "a tin boat", "promptNeg": "rust", "seed": 5, "scaleTxt": 8})
    assert foreign_lines(found) == [
        "tool             an unknown tool",
        "made by          NMKD Stable Diffusion GUI",
        f"note             {NOTE.format('NMKDiffusion')}",
        "prompt           a tin boat",
        "negative prompt  rust",
        "seed             5",
        "guidance         8",
    ]


@pytest.mark.parametrize(
    "entries", [{"prompt": "a", "seed": 5}, {"seed": 5, "n": "prompt"}, {"prompt": 4, "seed": 5, "w": 3}]
)
def test_too_few_names_say_too_little(entries: Json) -> None:
    assert (read_object("Comment", entries).tool, read_object("Comment", entries).seed) == ("unknown", None)


def test_a_text_for_each_field_is_read() -> None:
    found = foreign_from_texts({"SD:prompt": "a tin boat", "SD:seed": "5", "SD:steps": "20", "Software": "x"})
    assert (found.prompt, found.seed, found.num_inference_steps) == ("a tin boat", 5, 20)
    assert found.notes == ("its texts are of no known form; they were read by the names of the settings",)


def test_a_prompt_alone_is_read() -> None:
    found = foreign_from_texts({"prompt": "a tin boat", "negative_prompt": "rust"})
    assert (found.prompt, found.negative_prompt) == ("a tin boat", "rust")
    assert found.notes == ("its text 'prompt' contains a prompt and no settings",)
