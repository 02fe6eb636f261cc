"""Picks by region as noise and on disk: the patchwork of the candidates, sessions that go on, and saved pictures."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.open import open_picture, open_prompt
from engine.options import Options
from engine.search.answers import (
    Confined,
    PickedAlone,
    PickedByRegion,
    Redone,
    RegionMarks,
    Undone,
)
from engine.search.bands import Bands, correlation, step_correlation
from engine.search.region_rounds import region_rounds
from engine.search.regions import NAMED, Split, reduced, regions_of
from engine.search.session import (
    Session,
    ask,
    begin,
    tell,
)
from latentpng.noise.replay import initial_noise, replay
from latentpng.png.files import read_record
from latentpng.record import Lineage, Round, SeedRoot
from latentpng.rules import check_round_fits
from latentpng.shapes import octaves
from latentpng.steps import step_ends
from tests.engine.search.sessions import ROOT, by_region, told
from tests.support.engine.searching import CANDIDATES, Running, resumed

QUARTERS = regions_of(Split.QUARTERS, width=1, height=1)
SHAPES = [(4, 16, 16), (4, 64, 64), (16, 128, 128)]


def inside(region: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return (H, W): where a region may move noise of a shape, as the format says."""
    cells = np.array([[cell == "1" for cell in row] for row in (region or "1").split("/")])
    rows, columns = (np.arange(side) * count // side for side, count in zip(shape[-2:], cells.shape, strict=True))
    return cells[np.ix_(rows, columns)]


def pasted(before: Session, answer: PickedByRegion, shape: tuple[int, ...]) -> np.ndarray:
    """Return the noise of the parent with that of the displayed candidates pasted into their regions."""
    noise = replay(ask(before).parent, shape, "CHW").copy()
    for part in answer.parts:
        blend = replace(before.template, marks=part.marks)
        noise = np.where(inside(part.region, shape), replay(before.lineage.child(blend), shape, "CHW"), noise)
    return noise


@pytest.mark.parametrize("bands", [Bands.ALL, Bands.TILT, Bands.LAYOUT])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_replayed_noise_is_the_patchwork_of_the_candidates_bit_for_bit(
    shape: tuple[int, ...], bands: Bands
) -> None:
    current = begin(
        Lineage(root=SeedRoot(seed=7)), seed=5, octaves=octaves(shape, "CHW"), scale=0.7, count=4, bands=bands
    )
    for answer in (by_region(("tl", 3), ("tr", 0), ("bl", (1, 2))), by_region(("br", 2), ("left", 1))):
        expected = pasted(current, answer, shape)
        current = tell(current, answer)
        assert np.array_equal(replay(current.lineage, shape, "CHW"), expected)


def test_where_regions_cut_blocks_of_the_bands_replay_stays_near_the_patchwork() -> None:
    shape = (4, 48, 80)
    current = begin(
        Lineage(root=SeedRoot(seed=7)), seed=5, octaves=octaves(shape, "CHW"), scale=0.5, count=4, bands=Bands.TILT
    )
    answer = by_region(*((name, mark) for mark, name in enumerate(("tl", "tr", "bl", "br"))))
    apart = np.abs(replay(tell(current, answer).lineage, shape, "CHW").astype(float) - pasted(current, answer, shape))
    assert 0.0 < apart.max() < 0.01


@given(
    st.lists(st.tuples(st.sampled_from(QUARTERS), st.integers(0, 2)), max_size=4, unique_by=lambda part: part[0]),
    st.sampled_from(["", "10", "01/11", "000/010/000"]),
)
def test_the_rounds_of_a_pick_lie_in_the_region_of_the_grid(parts: list[tuple[str, int]], region: str) -> None:
    current = told(Confined(region=region))
    rounds = region_rounds(current.template, [RegionMarks(region=part, marks=(mark,)) for part, mark in parts])
    shape = (1, 48, 48)
    for round_ in rounds:
        assert not (inside(round_.region, shape) & ~inside(region, shape)).any()
    moved = [inside(round_.region, shape) for round_ in rounds]
    asked = [inside(part, shape) & inside(region, shape) for part, _ in parts]
    assert np.array_equal(
        np.sum(moved, axis=0) if moved else np.zeros(shape[-2:]),
        np.any(asked, axis=0) if asked else np.zeros(shape[-2:]),
    ), "each value is moved by one round, and none is left out"
    whole = Lineage(root=SeedRoot(seed=1), rounds=rounds)
    assert step_ends(whole) == ((len(rounds),) if rounds else ())


@given(st.integers(1, 20), st.integers(1, 20), st.data())
def test_a_pick_by_region_fits_noise_of_any_size_and_is_the_patchwork(
    height: int, width: int, data: st.DataObject
) -> None:
    """A region of 15 rows, say, has no common grid with quarters that noise of 15 rows can have."""
    shape, size = (1, height, width), data.draw(st.tuples(st.integers(1, height), st.integers(1, width)))
    cells = data.draw(st.lists(st.text("01", min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]))
    if "1" not in "".join(cells):
        return
    levels, sides = octaves(shape, "CHW"), (height, width)
    region = reduced("/".join(cells))
    start = begin(ROOT, seed=5, octaves=levels, scale=0.7, count=4, sides=sides, region=region)
    answer = by_region(("tl", 3), ("tr", 0), ("bl", 2), ("br", (1, 3)))
    after = tell(start, answer)
    for round_ in after.lineage.rounds:
        check_round_fits(round_.bands, round_.region, shape, "CHW")
    assert np.array_equal(replay(after.lineage, shape, "CHW"), pasted(start, answer, shape))


@pytest.mark.parametrize("bands", [(), (1.0, 0.5, 0.25)])
def test_what_a_pick_by_region_keeps_is_the_mean_over_its_noise(bands: tuple[float, ...]) -> None:
    shape = (4, 16, 16)
    template = Round(seed=3, scale=0.8, of=4, bands=bands)
    parts = [RegionMarks(region=NAMED[name], marks=(mark,)) for mark, name in enumerate(("left", "tr"))]
    rounds = region_rounds(template, parts)
    assert step_correlation(rounds) == pytest.approx(0.25 + 0.75 * correlation(template))
    all_quarters = [RegionMarks(region=region, marks=(mark,)) for mark, region in enumerate(QUARTERS)]
    assert step_correlation(region_rounds(template, all_quarters)) == pytest.approx(correlation(template))
    assert step_correlation(()) == 1.0
    products = [
        np.mean(replay(lineage, shape, "CHW").astype(float) * replay(replace(lineage, rounds=()), shape, "CHW"))
        for lineage in (Lineage(root=SeedRoot(seed=seed), rounds=rounds) for seed in range(200))
    ]
    deviation = np.std(products) / math.sqrt(len(products))
    assert np.mean(products) == pytest.approx(step_correlation(rounds), abs=5 * deviation)


def test_a_session_that_is_continued_between_picks_by_region_renders_nothing_again(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    running = Running(open_prompt(Options(seed=5), "a red sun over a lake"), folder, keep_all=True)
    running.finish()
    running.tell(by_region(("tl", 2), ("br", 1)))
    running.tell(by_region(("left", 0), asked=2))
    running.tell(Undone())
    running.close()
    place, past = running.search.session.place, running.search.session.past
    again = resumed(folder)
    again.finish()
    assert again.rendered() == 0, "the parent and all its candidates were read"
    assert (again.search.session.place, again.search.session.past) == (place, past)
    assert len(again.search.session.lineage.rounds) == 2
    for answer, rounds in ((Redone(), 3), (Undone(), 2), (Undone(), 0), (Redone(), 2)):
        again.tell(answer)
        assert len(again.search.session.lineage.rounds) == rounds
    assert again.rendered() == 0
    again.tell(PickedAlone())
    assert again.search.session.lineage.rounds[-1].marks == (2,)
    assert again.rendered() == CANDIDATES, "the candidate was there, only its grid is new"
    again.close()


def test_a_saved_patchwork_is_opened_and_undone_in_one_step(tmp_path: Path) -> None:
    running = Running(open_prompt(Options(seed=5), "a red sun over a lake"), tmp_path / "s")
    running.finish()
    before = running.search.session
    running.tell(by_region(("tl", 2), ("br", (1, 0))))
    running.until(lambda: running.search.file(running.search.session.place.node) is not None)
    file = running.search.file(running.search.session.place.node)
    assert file is not None
    running.close()
    record = read_record(file)
    assert record.lineage == running.search.session.lineage
    assert np.array_equal(
        initial_noise(record),
        replay(record.lineage, record.tensor.shape, record.axes),
    )
    opened = Running(open_picture(Options(seed=9), file), tmp_path / "t")
    opened.finish()
    assert opened.search.session.lineage == record.lineage
    opened.tell(Undone())
    assert opened.search.session.lineage == before.lineage
    assert ask(opened.search.session) == ask(before)
    opened.close()
