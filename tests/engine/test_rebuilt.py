"""Tests for what a person is told about noise that was rebuilt from another tool's metadata."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.rebuilt import MAX_WARNING, MAX_WARNINGS, notice_of
from latentpng.foreign.importing import Imported, import_picture
from latentpng.record import Json, Lineage, TensorRoot
from tests.engine.test_records import png_with_text
from tests.support.latentpng.pictures import altered

BEGIN = (
    "noise rebuilt from seed 5 as ComfyUI draws it, not verified: does the first picture look like the file? assumed: "
)


@pytest.fixture
def imported(tmp_path: Path) -> Imported:
    """Return a picture of another tool."""
    return import_picture(png_with_text(tmp_path / "a.png"))


def notice(imported: Imported, **source: Json) -> str:
    """Return what is said when this is the source of the noise."""
    lineage = Lineage(root=TensorRoot(source={"recipe": "comfyui", "seed": "5", **source}))
    return notice_of(replace(imported, record=altered(imported.record, lineage=lineage)))


def test_it_says_what_to_look_at_first(imported: Imported) -> None:
    assert notice_of(imported) == (
        "noise rebuilt from seed 5 as Stable Diffusion web UI draws it, not verified: does the first picture look like "
        "the file? assumed: 4 channels, drawn on an NVIDIA GPU; the noise is that of 128 x 128, as the file says, and "
        "the picture has 8 x 8: something that the file does not name resized or cropped it"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("size", [64, 32], "64 x 32 pixels"),
        ("recipe", "comfyui", "this way of drawing"),
        ("channels", 16, "16 channels"),
        ("randomness", "cpu", "drawn on a CPU"),
        ("randomness", "nv", "drawn as an NVIDIA GPU does"),
        ("randomness", "numpy", "drawn with numpy"),
        ("dtype", "bfloat16", "drawn in bfloat16"),
        ("batch_index", 2, "index 2 in its batch"),
        ("batch_size", 4, "a batch of 4"),
        ("arithmetic", "avx2", "avx2 instructions"),
        ("something", "new", "something new"),
        ("gpu", "large", "nothing"),
    ],
)
def test_each_assumption_has_words(imported: Imported, name: str, value: Json, words: str) -> None:
    assert notice(imported, assumed=[name], **{name: value}) == BEGIN + words


def test_a_gpu_is_named_where_it_changes_the_noise(imported: Imported) -> None:
    words = "a large GPU (a smaller one draws different noise)"
    assert notice(imported, assumed=["gpu"], gpu="large", gpu_matters=True) == BEGIN + words


def test_warnings_follow_and_are_limited(imported: Imported) -> None:
    warnings: list[Json] = ["a second\x1b[1m pass", 7, "x" * 900, *(f"warning {at}" for at in range(20))]
    told = notice(imported, assumed=[], warnings=warnings).removeprefix(f"{BEGIN}nothing; ").split("; ")
    assert told[:2] == ["a second[1m pass", "x" * (MAX_WARNING - 1) + "…"]
    assert len(told) == MAX_WARNINGS - 1, "what is no text is left out"


@pytest.mark.parametrize("told", [{"assumed": 5}, {"warnings": 5}, {"assumed": [["a"]], "recipe": 3}, {"seed": None}])
def test_a_source_of_any_form_is_told(imported: Imported, told: dict[str, Json]) -> None:
    assert "does the first picture look like the file?" in notice(imported, **told)
