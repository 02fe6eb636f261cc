"""`warmer vary --region`: what moves and what stays, what is printed and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InvalidRequestError
from engine.fake import FakeRenderer
from engine.search.bands import Bands, factors_of
from engine.search.regions import NO_SIDES
from latentpng import replay
from latentpng.errors import ExitCode
from latentpng.noise.perturbation import perturb
from latentpng.png.files import read_record
from tests.support.tui.scripting import warmer
from tui.cli import main

ROUND = ("--seed", 5, "--count", 4, "--scale", 0.4)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a new picture, of noise of 4 x 16 x 16."""
    path = tmp_path / "start.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", path)
    return path


@pytest.mark.parametrize(
    ("region", "mask", "moves"),
    [
        ("tl", "10/00", np.s_[:, :8, :8]),
        ("right", "01", np.s_[:, :, 8:]),
        ("0,50,100,50", "0/1", np.s_[:, 8:, :]),
        ("3x3:1+2+3", "1/0/0", np.s_[:, :6, :]),
    ],
)
@pytest.mark.parametrize("bands", ["all", "tilt", "layout"])
def test_only_the_noise_of_the_region_moves(
    picture: Path, tmp_path: Path, region: str, mask: str, moves: tuple[slice, ...], bands: str
) -> None:
    warmer("vary", picture, *ROUND, "--region", region, "--bands", bands, "--out", tmp_path)
    record = read_record(tmp_path / "start-r1-2.png")
    (round_,) = record.lineage.rounds
    assert (round_.region, round_.bands) == (mask, factors_of(Bands(bands), 3))
    before, after = replay(read_record(picture)), replay(record)
    changed = before != after
    assert changed[moves].mean() > 0.9
    changed[moves] = False
    assert not changed.any(), "outside, the noise is the same bit for bit"
    assert warmer("render", tmp_path / "start-r1-2.png", "--check") == ExitCode.OK


def test_outside_is_everything_else(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, *ROUND, "--region", "tl", "--out", tmp_path / "inside")
    warmer("vary", picture, *ROUND, "--region", "outside:tl", "--out", tmp_path / "outside")
    start = replay(read_record(picture))
    inside, outside = (replay(read_record(tmp_path / name / "start-r1-0.png")) for name in ("inside", "outside"))
    whole = np.where(inside == start, outside, inside)
    warmer("vary", picture, *ROUND, "--out", tmp_path / "whole")
    assert np.array_equal(whole, replay(read_record(tmp_path / "whole" / "start-r1-0.png")))


def test_bands_and_region_together_are_replayed_exactly(picture: Path, tmp_path: Path) -> None:
    """The replay of a picture is the perturbation of its parent, also where a region cuts the coarsest blocks."""
    warmer("vary", picture, *ROUND, "--region", "15,15,30,40", "--bands", "tilt", "--mark", 1, 3, "--out", tmp_path)
    record = read_record(tmp_path / "start-r1-1+3.png")
    (round_,) = record.lineage.rounds
    assert round_.region.count("/") == 11
    expected = perturb(replay(read_record(picture)), round_, "CHW")
    assert np.array_equal(replay(record), expected)


def test_the_region_stays_in_force_for_its_own_round_only(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, *ROUND, "--region", "tl", "--out", tmp_path)
    warmer("vary", tmp_path / "start-r1-2.png", *ROUND, "--out", tmp_path)
    assert [round_.region for round_ in read_record(tmp_path / "start-r2-0.png").lineage.rounds] == ["10/00", ""]


def test_json_names_the_region(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    warmer("vary", picture, *ROUND, "--region", "tl+br", "--out", tmp_path / "a", "--json")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["marks"], line["region"]) for line in lines] == [([mark], "10/01") for mark in range(4)]
    warmer("vary", picture, *ROUND, "--out", tmp_path / "b", "--json")
    assert "region" not in json.loads(capsys.readouterr().out.splitlines()[0])


def test_a_region_that_cannot_be_is_refused_in_one_sentence(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = (
        "warmer vary: error: argument --region: a region is left, right, top, bottom, tl, tr, bl, br, several of them "
        "joined by +, 3x3:1+5, a box X,Y,W,H in percent, or rows of 0 and 1 such as 10/01; outside: before it means "
        "all the rest; found 'upper'"
    )
    for text, sentence in (
        ("upper", form),
        (
            "left+right",
            "warmer vary: error: argument --region: the region 'left+right' is the whole picture; "
            "give one that is a part of the picture",
        ),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(["vary", str(picture), "--region", text, "--out", str(tmp_path)])
        assert stopped.value.code == ExitCode.USAGE
        assert capsys.readouterr().err.splitlines()[-1] == sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--region", "01" * 16),
            f"the region {'01' * 16!r} has 1 x 32 cells, and the noise 16 x 16; give one with fewer",
        ),
        (
            ("--region", "tl", "--axis", "prompt"),
            "--region: only the prompt varies, and it has no regions; add --axis noise or both",
        ),
    ],
)
def test_a_region_that_does_not_suit_the_picture_is_refused(
    picture: Path, tmp_path: Path, options: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        warmer("vary", picture, *ROUND, *options, "--out", tmp_path)
    assert str(refused.value) == sentence
    assert list(tmp_path.glob("start-r1*")) == []


def test_noise_without_sides_has_no_region(tmp_path: Path) -> None:
    flat = FakeRenderer(noise_shape=(64, 16), axes="LC")
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", tmp_path / "flat.png", renderer=flat)
    with pytest.raises(InvalidRequestError) as refused:
        warmer("vary", tmp_path / "flat.png", *ROUND, "--region", "tl", "--out", tmp_path)
    assert str(refused.value) == NO_SIDES


def test_the_region_fits_the_noise_of_the_new_size(picture: Path, tmp_path: Path) -> None:
    renderer = FakeRenderer(noise_shape=(4, 32, 32))
    given = ("--size", "256x256", "--region", "0,0,21,21", *ROUND)
    warmer("vary", picture, *given, "--out", tmp_path, renderer=renderer)
    rounds = read_record(tmp_path / "start-r2-0.png").lineage.rounds
    assert rounds[1].region == "/".join(["1" * 5 + "0" * 19] * 5 + ["0" * 24] * 19)


def test_a_patchwork_of_a_confined_round_keeps_to_its_region(picture: Path, tmp_path: Path) -> None:
    given = (*ROUND, "--region", "top", "--out", tmp_path)
    warmer("vary", picture, *given, "--mark-region", "left:1")
    (patchwork,) = tmp_path.glob("start-r1-*.png")
    (round_,) = read_record(patchwork).lineage.rounds
    assert (round_.region, round_.marks) == ("10/00", (1,))
    with pytest.raises(InvalidRequestError) as refused:
        warmer("vary", picture, *given, "--mark-region", "bl:1", "--mark-region", "br:2")
    assert str(refused.value) == "--mark-region bl: nothing of this region lies in --region"
