"""Texts for terminals and for other tools."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentpng.png.parameters import is_own_text, parameters_text
from latentpng.png.texts import KINDS, build_text, keyword_of, text_of
from latentpng.record import Json, Lineage, Round, SeedRoot, TensorRoot
from latentpng.text import plain
from tests.support.latentpng import independent


@given(st.text(), st.integers(0, 10))
def test_no_text_drives_a_terminal(text: str, limit: int) -> None:
    shown = plain(text, limit)
    categories = {unicodedata.category(character) for character in shown if character not in "\u200c\u200d"}
    assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not limit or len(shown) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("a cat", 0, "a cat"),
        ("a\tcat\r\nsat\u2028down", 0, "a cat  sat down"),
        ("\x1b[31mred\x1b[0m\x07\x9b", 0, "[31mred[0m"),
        ("\u202eevil\u2066\u200e\ufeff", 0, "evil"),
        ("[b]markup[/b] stays text", 0, "[b]markup[/b] stays text"),
        ("👩\u200d🚀", 0, "👩\u200d🚀"),
        ("a long prompt", 6, "a lon…"),
        ("exact", 5, "exact"),
        ("\ud800x", 0, "x"),
    ],
)
def test_texts_become_one_plain_line(text: str, limit: int, shown: str) -> None:
    assert plain(text, limit) == shown


SETTINGS: dict[str, Json] = {
    "prompt": "a cat, on a mat\nbelow",
    "negative_prompt": "dog",
    "steps": 20,
    "guidance": 7.0,
    "width": 512,
    "height": 768,
    "scheduler": {"name": "DDIMScheduler"},
    "model": {"name": "sd, 1.5"},
}


def test_parameters_look_as_other_tools_write_them() -> None:
    lineage = Lineage(root=SeedRoot(seed=7), rounds=(Round(seed=1, scale=0.1),))
    assert parameters_text(SETTINGS, lineage) == (
        "a cat, on a mat\nbelow\nNegative prompt: dog\n"
        "Steps: 20, Sampler: DDIMScheduler, CFG scale: 7, Seed: 7, Size: 512x768, Model: sd 1.5, Variations: 1, "
        "Version: latentpng 1"
    )
    assert is_own_text(parameters_text(SETTINGS, lineage))


def test_parameters_say_only_what_is_known() -> None:
    tensor = Lineage(root=TensorRoot())
    assert parameters_text({"prompt": "x"}, tensor) == "x\nVersion: latentpng 1"
    assert parameters_text({"prompt": ""}, tensor) == ""
    assert parameters_text({"prompt": 3, "steps": 2}, tensor) == ""
    odd: dict[str, Json] = {"prompt": "x", "steps": [], "guidance": True, "model": {}, "scheduler": 1, "width": 2}
    assert parameters_text(odd, tensor) == "x\nSampler: 1, Version: latentpng 1"


@pytest.mark.parametrize(
    "text", ["", "x", "x\nSteps: 1, Version: v1.9", "Version: latentpng 1\nx", "xVersion: latentpng 1"]
)
def test_texts_of_other_tools_are_not_ours(text: str) -> None:
    assert not is_own_text(text)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_text_chunk_reads_back(text: str) -> None:
    png = b"\x89PNG\r\n\x1a\n" + build_text("parameters", text)
    ((kind, data),) = independent.png_chunks(png)
    assert keyword_of(data) == "parameters"
    assert text_of(kind, data, 10**6) == text


@given(st.sampled_from(KINDS), st.binary(max_size=60))
def test_any_bytes_are_a_text_or_nothing(kind: bytes, data: bytes) -> None:
    keyword_of(data)
    text = text_of(kind, data, 50)
    assert text is None or len(text) <= 50
