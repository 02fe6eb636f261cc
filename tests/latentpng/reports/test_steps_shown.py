"""A pick by region is one step in `inspect`, `diff` and `tree`, and JSON says which rounds it has."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from latentpng.chunk.codec import encode_record
from latentpng.cli import main
from latentpng.png.carriers import KIND
from latentpng.png.chunks import build
from latentpng.png.files import write_picture
from latentpng.record import Round, TensorRoot
from latentpng.reports.diff import before_step
from tests.support.latentpng.files import changed, png_of
from tests.support.latentpng.pictures import RGB, SIDE, altered, seeded_record

FIRST = Round(seed=1, scale=0.5, of=4, marks=(2,))
BOTH = "candidates 3 (top left quarter), 5 + 1 (bottom right quarter) of 8, scale 0.4, bands"
TOP = Round(seed=9, scale=0.4, of=8, marks=(3,), region="10/00", bands=(1.0, 0.5))
DOWN = replace(TOP, marks=(5, 1), region="00/01")
OTHER = replace(TOP, marks=(7,), region="001/001")
LAST = Round(seed=10, scale=0.25, of=8, marks=(0,))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, *rounds: Round) -> None:
    write_picture(Path(name), SIDE, SIDE, RGB, seeded_record(rounds))


def lines(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(list(words)) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("folder")
def test_inspect_has_one_line_for_a_pick_by_region(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.png", FIRST, TOP, DOWN, OTHER, LAST)
    shown = lines(capsys, "inspect", "a.png")
    assert [line for line in shown if line.startswith("round")] == [
        "rounds           5",
        "round 1          seed 1, candidate 2 of 4, scale 0.5",
        "rounds 2-3       seed 9, candidates 3 (top left quarter), 5 + 1 (bottom right quarter) of 8, scale 0.4, "
        "bands 1 0.5",
        "round 4          seed 9, candidate 7 (region of 33%) of 8, scale 0.4, bands 1 0.5",
        "round 5          seed 10, candidate 0 of 8, scale 0.25",
    ]
    (line,) = lines(capsys, "inspect", "--json", "a.png")
    found = json.loads(line)
    assert found["step_ends"] == [1, 3, 4, 5]
    assert [round_["seed"] for round_ in found["rounds"]] == ["1", "9", "9", "9", "10"]


@pytest.mark.usefixtures("folder")
def test_inspect_counts_the_last_twelve_steps(capsys: pytest.CaptureFixture[str]) -> None:
    pick = [replace(TOP, seed=20, scale=0.1), replace(DOWN, seed=20, scale=0.1)]
    write("a.png", FIRST, TOP, DOWN, *(replace(LAST, seed=seed) for seed in range(30, 41)), *pick)
    shown = [line for line in lines(capsys, "inspect", "a.png") if line.startswith("round")]
    assert shown[:3] == [
        "rounds           16",
        "round ...        3 earlier rounds",
        "round 4          seed 30, candidate 0 of 8, scale 0.25",
    ]
    assert len(shown) == 2 + 12
    assert shown[-1].startswith("rounds 15-16     seed 20, candidates 3 ")


@pytest.mark.usefixtures("folder")
def test_a_key_of_another_program_gives_way(capsys: pytest.CaptureFixture[str]) -> None:
    record = altered(seeded_record((TOP, DOWN)), extra={"step_ends": "mine"})
    write_picture(Path("a.png"), SIDE, SIDE, RGB, record)
    (line,) = lines(capsys, "inspect", "--json", "a.png")
    assert line.count('"step_ends"') == 1
    assert json.loads(line)["step_ends"] == [2]


@pytest.mark.usefixtures("folder")
def test_diff_begins_before_the_pick_that_both_share_in_part(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.png", FIRST, TOP, DOWN)
    write("b.png", FIRST, TOP, replace(DOWN, marks=(6,)), LAST)
    assert lines(capsys, "diff", "a.png", "b.png")[:6] == [
        "ancestor         round 1 of both",
        "first            a.png, 2 rounds of its own",
        "  rounds 2-3     seed 9, candidates 3 (top left quarter), 5 + 1 (bottom right quarter) of 8, scale 0.4, "
        "bands 1 0.5",
        "second           b.png, 3 rounds of its own",
        "  rounds 2-3     seed 9, candidates 3 (top left quarter), 6 (bottom right quarter) of 8, scale 0.4, "
        "bands 1 0.5",
        "  round 4        seed 10, candidate 0 of 8, scale 0.25",
    ]
    found = json.loads(lines(capsys, "diff", "--json", "a.png", "b.png")[0])
    assert (found["ancestor"], found["step_ends"]) == ([1, 1], [[1, 3], [1, 3, 4]])
    assert [len(rounds) for rounds in found["rounds"]] == [2, 3]


def test_an_ancestor_with_other_rounds_before_it_stays() -> None:
    left = seeded_record((FIRST, TOP, DOWN)).lineage
    right = replace(left, root=TensorRoot(), rounds=(LAST,))
    assert before_step(left, right, (2, 0)) == (2, 0), "the noise between two rounds was imported"
    assert before_step(left, right, (3, 1)) == (3, 1)
    assert before_step(left, right, ()) == ()


@pytest.mark.usefixtures("folder")
def test_tree_draws_a_pick_by_region_as_one_node(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.png", FIRST, TOP, DOWN)
    write("b.png", FIRST, TOP, replace(DOWN, marks=(6,)))
    write("c.png", FIRST, TOP, DOWN, LAST, replace(TOP, seed=11), replace(DOWN, seed=11), replace(LAST, seed=12))
    assert lines(capsys, "tree", ".") == [
        "seed 7, 2 x 8 x 8",
        "└─ · 1 round",
        f"   ├─ a.png (rounds 2-3: {BOTH})",
        "   │  └─ · 3 rounds",
        "   │     └─ c.png (round 7: candidate 0 of 8, scale 0.25)",
        "   └─ b.png (rounds 2-3: candidates 3 (top left quarter), 6 (bottom right quarter) of 8, scale 0.4, bands)",
    ]  # fmt: skip
    nodes = [json.loads(line) for line in lines(capsys, "tree", "--json", ".")]
    assert [(node["rounds"], node["step"]) for node in nodes] == [
        (0, 0), (1, 1), (2, 2), (3, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5)
    ]  # fmt: skip
    drawn = lines(capsys, "tree", "--dot", ".")
    assert len([line for line in drawn if "label" in line]) == 6
    assert len([line for line in drawn if "->" in line]) == 5


@pytest.mark.usefixtures("folder")
def test_a_picture_with_the_noise_between_two_rounds_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    write("part.png", FIRST, TOP)
    write("all.png", FIRST, TOP, DOWN)
    write("later.png", FIRST, TOP, DOWN, LAST)
    assert lines(capsys, "tree", "part.png", "later.png") == [
        "seed 7, 2 x 8 x 8",
        "└─ · 1 round",
        "   └─ part.png (round 2: candidate 3 (top left quarter) of 8, scale 0.4, bands)",
        "      └─ · 1 round",
        "         └─ later.png (round 4: candidate 0 of 8, scale 0.25)",
    ]
    assert lines(capsys, "tree", "part.png", "all.png")[-1] == (f"      └─ all.png (rounds 2-3: {BOTH})")


@pytest.mark.parametrize("offset", [16, 17])
def test_steps_are_said_of_noise_that_a_newer_reader_is_needed_for(
    folder: Path, capsys: pytest.CaptureFixture[str], offset: int
) -> None:
    """An unknown codec or dtype hides the noise alone, so `inspect` shows all that the metadata say."""
    whole = png_of()
    latent = encode_record(seeded_record((TOP, DOWN, LAST)))
    (folder / "a.png").write_bytes(whole[:33] + build(KIND, changed(latent, offset, b"\7")) + whole[33:])
    (line,) = lines(capsys, "inspect", "--json", "a.png")
    assert json.loads(line)["step_ends"] == [2, 3]
    assert any(line.startswith("rounds 1-2 ") and BOTH in line for line in lines(capsys, "inspect", "a.png"))
