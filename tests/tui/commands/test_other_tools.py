"""`warmer vary` and `render` with pictures of other tools as they are, without an import before."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rebuilt import notice_of
from latentpng.errors import NoLatentError
from latentpng.foreign.importing import import_picture
from latentpng.png.files import read_record
from tests.engine.test_records import PERLIN, REFUSED, other_with_text, png_with_text
from tests.support.tui.scripting import warmer


@pytest.fixture(params=["PNG", "JPEG", "WEBP"])
def picture(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a picture with the metadata of another tool."""
    path = tmp_path / f"old.{request.param.lower()}"
    return png_with_text(path) if request.param == "PNG" else other_with_text(path, request.param)


def notice(path: Path) -> str:
    return f"{path}: {notice_of(import_picture(path))}"


def test_vary_begins_with_the_rebuilt_noise(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = picture.read_bytes()
    assert warmer("vary", picture, "--count", 2, "--model", "embedded", "--out", tmp_path / "v") == 0
    record = read_record(tmp_path / "v" / "old-r1-1.png")
    assert record.lineage.root == import_picture(picture).record.lineage.root
    assert record.settings["prompt"] == "a boat"
    assert any(line.startswith(notice(picture)) for line in capsys.readouterr().err.splitlines())
    assert picture.read_bytes() == before


def test_render_renders_the_rebuilt_noise(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert warmer("render", picture, "--model", "embedded") == 0
    assert read_record(tmp_path / "old-round0.png").node == import_picture(picture).record.node
    assert capsys.readouterr().err.startswith(notice(picture))


def test_check_compares_with_the_pixels_of_the_file(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert warmer("render", picture, "--check", "--model", "embedded") == 8
    shown = capsys.readouterr()
    assert shown.out.startswith(f"{picture}: ")
    assert "it has 8x8 pixels, rendering gives 128x128" in shown.out
    assert shown.err.startswith(notice(picture))


def test_confirm_needs_an_import_because_it_writes(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert warmer("render", picture, "--confirm", "--model", "embedded", "--check") == 2
    assert capsys.readouterr().out == (
        f"{picture}: --confirm writes into the picture, and this one is left as another tool made it: run "
        f"`latentpng import {picture}` first, and confirm what it writes\n"
    )


def test_noise_that_is_refused_leads_to_invert(tmp_path: Path) -> None:
    path = png_with_text(tmp_path / "a.png", PERLIN)
    with pytest.raises(NoLatentError) as caught:
        warmer("vary", path, "--out", tmp_path / "v")
    assert str(caught.value) == (
        f"{path}: it carries no noise, and the noise of Stable Diffusion web UI cannot be rebuilt ({REFUSED}): "
        f"run `warmer invert {path}` first, which finds noise that repeats it"
    )
