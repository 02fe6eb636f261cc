"""`warmer vary --mark-region`: the patchwork of a round, as a pick by region in the app gives it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import EngineError, InvalidRequestError
from engine.fake import FakeRenderer
from engine.open import open_picture
from engine.options import Options
from engine.search.answers import PickedByRegion, RegionMarks
from engine.search.bands import Bands
from engine.search.regions import NAMED
from latentpng.errors import InvalidValueError
from latentpng.noise.replay import initial_noise
from latentpng.png.files import read_picture, read_record
from tests.support.engine.searching import Running
from tests.support.tui.scripting import warmer
from tui.cli import main
from tui.exit_codes import exit_code_of

ROUND = ("--seed", 5, "--count", 8, "--scale", 0.4)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Return a new picture."""
    path = tmp_path / "start.png"
    warmer("new", "--prompt", "a lake", "--seed", 7, "--out", path)
    return path


def region(*texts: str) -> tuple[str, ...]:
    """Return the words of the command line for some parts."""
    return tuple(word for text in texts for word in ("--mark-region", text))


@pytest.mark.parametrize("bands", [Bands.TILT, Bands.ALL, Bands.DETAIL])
def test_the_script_and_the_app_agree_bit_for_bit(picture: Path, tmp_path: Path, bands: Bands) -> None:
    running = Running(
        open_picture(Options(), picture), tmp_path / "app", options=Options(seed=9, bands=bands, scale=0.4)
    )
    running.finish()
    grid = running.search.session.template
    parts = (RegionMarks(region=NAMED["tl"], marks=(1, 2)), RegionMarks(region=NAMED["br"], marks=(0,)))
    running.tell(PickedByRegion(parts=parts, asked=4))
    node = running.search.session.place.node
    running.until(lambda: running.search.file(node) is not None)
    picked = running.search.file(node)
    assert picked is not None
    running.close()
    given = ("--seed", grid.seed, "--count", grid.of, "--scale", grid.scale, "--bands", bands)
    warmer("vary", picture, *given, *region("tl:1+2", "br:0"), "--out", tmp_path)
    written = tmp_path / "start-r2-tl1+2+br0.png"
    app, script = read_record(picked), read_record(written)
    assert (script.lineage, script.node, script.settings) == (app.lineage, app.node, app.settings)
    assert len(script.lineage.rounds) == 2
    assert read_picture(written) == read_picture(picked)
    assert warmer("render", written, "--check") == 0


def test_each_region_has_the_noise_of_its_candidate(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, *ROUND, "--bands", "all", "--out", tmp_path)
    warmer("vary", picture, *ROUND, "--bands", "all", *region("left:2", "tr:6"), "--out", tmp_path)
    parent, left, right = (initial_noise(read_record(tmp_path / f"start{end}.png")) for end in ("", "-r1-2", "-r1-6"))
    noise = initial_noise(read_record(tmp_path / "start-r2-left2+tr6.png"))
    height, width = noise.shape[-2:]
    assert (noise[..., : width // 2] == left[..., : width // 2]).all()
    assert (noise[..., : height // 2, width // 2 :] == right[..., : height // 2, width // 2 :]).all()
    assert (noise[..., height // 2 :, width // 2 :] == parent[..., height // 2 :, width // 2 :]).all()


def test_all_parts_of_one_candidate_are_the_pick_of_the_whole(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, *ROUND, *region("left:2", "right:2"), "--out", tmp_path / "parts")
    warmer("vary", picture, *ROUND, "--mark", 2, "--out", tmp_path / "whole")
    (parts,), (whole,) = ((tmp_path / name).iterdir() for name in ("parts", "whole"))
    assert parts.name == whole.name == "start-r1-2.png"
    assert parts.read_bytes() == whole.read_bytes()


def test_json_names_the_marks_of_each_region(picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for parts in (("3x3:1+5:4+0", "0,75,100,25:1"), ("outside:tl:6",)):
        warmer("vary", picture, *ROUND, *region(*parts), "--json", "--out", tmp_path)
    several, one = map(json.loads, capsys.readouterr().out.splitlines())
    assert several["regions"] == [
        {"region": "100/010/000", "marks": [4, 0]},
        {"region": "0/0/0/1", "marks": [1]},
    ]
    assert one["regions"] == [{"region": "01/11", "marks": [6]}]
    assert Path(several["path"]).name.startswith("start-r2-regions-"), "these regions have no short name"
    assert Path(one["path"]).name.startswith("start-r1-regions-")


def test_names_do_not_grow_from_round_to_round(picture: Path, tmp_path: Path) -> None:
    current = picture
    for parts, name in (
        (("tl:3", "br:5"), "start-r2-tl3+br5.png"),
        (("left:0+1+2",), "start-r3-left0+1+2.png"),
        (("0,0,30,30:1",), ""),
        (("tr:4",), "start-r5-tr4.png"),
    ):
        known = set(tmp_path.iterdir())
        warmer("vary", current, *ROUND, *region(*parts), "--out", tmp_path)
        (current,) = set(tmp_path.iterdir()) - known
        assert current.name == (name or current.name)
    many = [f"3x3:{cell}:{cell}" for cell in range(1, 8)]
    warmer("vary", current, *ROUND, *region(*many), "--out", tmp_path / "many")
    (path,) = (tmp_path / "many").iterdir()
    assert len(path.name) < 40


def test_of_a_round_that_moves_a_part_the_patchwork_keeps_what_lies_in_it(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, *ROUND, "--region", "left", *region("top:3", "bl:1"), "--out", tmp_path)
    first, second = read_record(tmp_path / "start-r2-tl3+bl1.png").lineage.rounds
    assert (first.region, second.region) == (NAMED["tl"], NAMED["bl"])
    warmer("vary", picture, *ROUND, "--region", "left", *region("top:3", "bottom:3"), "--out", tmp_path)
    (whole,) = read_record(tmp_path / "start-r1-left3.png").lineage.rounds
    assert (whole.region, whole.marks) == (NAMED["left"], (3,))


def test_the_patchwork_comes_after_an_edit(picture: Path, tmp_path: Path) -> None:
    warmer("vary", picture, *ROUND, "--prompt", "a hill", *region("tl:3", "br:5"), "--out", tmp_path)
    edit, *rounds = read_record(tmp_path / "start-r3-tl3+br5.png").lineage.rounds
    assert edit.settings == {"prompt": "a hill"}
    assert [(round_.region, round_.marks) for round_ in rounds] == [("10/00", (3,)), ("00/01", (5,))]


def test_regions_fit_the_noise_of_another_size(picture: Path, tmp_path: Path) -> None:
    renderer = FakeRenderer()
    warmer(
        "vary",
        picture,
        *ROUND,
        "--size",
        "256x256",
        *region("tl:3", "50,0,50,50:5"),
        "--out",
        tmp_path,
        renderer=renderer,
    )
    (path,) = set(tmp_path.iterdir()) - {picture}
    edit, first, second = read_record(path).lineage.rounds
    assert set(edit.settings) == {"width", "height"}
    assert (first.region, second.region) == (NAMED["tl"], NAMED["tr"])


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            region("tl:3"),
            InvalidRequestError,
            "--mark-region needs --seed, the seed of the round whose candidates were marked",
        ),
        (
            ("--seed", "5", *region("tl:3", "left:1")),
            InvalidRequestError,
            "two regions of a pick overlap: top left quarter and left half; name each part of the picture once",
        ),
        (
            ("--seed", "5", "--axis", "prompt", *region("tl:3")),
            InvalidRequestError,
            "only the noise has regions, and here the prompt varies; vary the noise alone",
        ),
        (
            ("--seed", "5", "--region", "right", *region("tl:3", "bl:1")),
            InvalidRequestError,
            "--mark-region tl: nothing of this region lies in --region",
        ),
        (
            ("--seed", "5", "--region", "top", *region("tl:3", "bl:1")),
            InvalidRequestError,
            "--mark-region bl: nothing of this region lies in --region",
        ),
        (
            ("--seed", "5", *region("tl:3", "tl:5")),
            InvalidRequestError,
            "--mark-region tl: this region is named twice; to blend candidates there, write tl:3+5",
        ),
        (
            ("--seed", "5", *region("br:1", "tl:8")),
            InvalidRequestError,
            "--mark-region tl: candidate 8 is not in this round; with --count 8 they are 0 to 7",
        ),
        (
            ("--seed", "5", *region("tl:3+3")),
            InvalidValueError,
            "marks name at least one candidate, each once, found [3, 3]",
        ),
        (
            ("--seed", "5", "--count", "2", *region("tl:0+1")),
            InvalidValueError,
            "all 2 candidates are marked: zero-sum noise has no blend of all",
        ),
        (
            ("--seed", "5", *region("middle:1")),
            InvalidRequestError,
            "a region is left, right, top, bottom, tl, tr, bl, br, several of them joined by +, 3x3:1+5, a box X,Y,W,H "
            "in percent, or rows of 0 and 1 such as 10/01; outside: before it means all the rest; found 'middle'",
        ),
        (
            ("--seed", "5", *region("left+right:1")),
            InvalidRequestError,
            "the region 'left+right' is the whole picture; give one that is a part of the picture",
        ),
        (
            ("--seed", "5", *region(f"{'01' * 16}:1")),
            InvalidRequestError,
            f"the region '{'01' * 16}' has 1 x 32 cells, and the noise 16 x 16; give one with fewer",
        ),
    ],
)
def test_mistakes_are_told_before_anything_is_rendered(
    picture: Path, tmp_path: Path, given: tuple[str, ...], error: type[EngineError], message: str
) -> None:
    renderer = FakeRenderer()
    with pytest.raises(error) as caught:
        warmer("vary", picture, *given, "--out", tmp_path / "out", renderer=renderer)
    assert str(caught.value) == message
    assert exit_code_of(caught.value) == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["tl", "tl:", ":3", "tl:x", "tl:3+", "tl:-1"])
def test_what_is_no_region_with_candidates_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["vary", "a.png", f"--mark-region={text}", "--out", "x"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "warmer vary: error: argument --mark-region: a region and its candidates needed, such as tl:3 or tl:3+5, "
        f"found {text!r}"
    )


def test_marks_of_the_whole_and_of_regions_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["vary", "a.png", "--mark", "1", "--mark-region", "tl:3", "--out", "x"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "warmer vary: error: argument --mark-region: not allowed with argument --mark"
    )
