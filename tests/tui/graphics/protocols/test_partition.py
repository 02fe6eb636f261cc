"""The best partition, against every character tried by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from tui.graphics.protocols.glyphs import LINES, PARTS, STRIPES, glyphs, halves, in_halves, octants, sextant, whole
from tui.graphics.protocols.palette256 import colours, nearest
from tui.graphics.protocols.partition import Pairs, Sums, shared
from tui.graphics.terminal.known import Blocks

ALL: tuple[Blocks, ...] = ("halfcell", "quadrant", "sextant", "octant")


def points(cells: int, seed: int = 1) -> npt.NDArray[np.float32]:
    """Cells of random points: (cells, LINES, STRIPES, 3)."""
    return np.random.default_rng(seed).uniform(0, 255, (cells, LINES, STRIPES, 3)).astype(np.float32)


def parts_of(cells: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    lines = cells.reshape(len(cells), LINES, 2, STRIPES // 2, 3).mean(axis=3).reshape(len(cells), 2 * LINES, 3)
    return np.concatenate([lines, cells.mean(axis=1)], axis=1)


def mask(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    lines = weights[: 2 * LINES].reshape(LINES, 2).repeat(STRIPES // 2, axis=1) > 0
    return np.asarray(lines | (weights[2 * LINES :] > 0)[None])


def squared_error(cell: npt.NDArray[np.float32], filled: npt.NDArray[np.bool_]) -> float:
    return float(sum(np.square(cell[part] - cell[part].mean(axis=0)).sum() for part in (filled, ~filled)))


@pytest.mark.parametrize("blocks", ALL)
def test_no_character_is_better_than_the_best(blocks: Blocks) -> None:
    known, cells = glyphs(blocks), points(12)
    pairs = Sums.of(parts_of(cells), known.weights, whole()).best()
    for number, cell in enumerate(cells):
        masks = [mask(weights) for weights in known.weights]
        errors = [squared_error(cell, each) for each in masks]
        best = masks[int(np.argmin(errors))]
        assert pairs.area[number] == pytest.approx(best.mean(), abs=1e-5)
        assert pairs.first[number] == pytest.approx(cell[best].mean(axis=0), abs=0.05)
        assert pairs.second[number] == pytest.approx(cell[~best].mean(axis=0), abs=0.05)


@pytest.mark.parametrize("blocks", ALL)
def test_no_character_suits_given_colours_better(blocks: Blocks) -> None:
    known, cells = glyphs(blocks), points(12, seed=2)
    first, second = np.random.default_rng(3).uniform(0, 255, (2, 12, 3)).astype(np.float32)
    no_cost = np.zeros(len(known.characters), np.float32)
    chosen = Sums.of(parts_of(cells), known.weights, whole()).fill(first, second, no_cost)
    masks = [mask(weights) for weights in known.weights]
    masks = [*masks, *(~each for each in masks), np.zeros((LINES, STRIPES), bool), np.ones((LINES, STRIPES), bool)]
    for number, cell in enumerate(cells):
        errors = [
            float(np.square(cell - np.where(each[..., None], first[number], second[number])).sum()) for each in masks
        ]
        assert errors[chosen[number]] == pytest.approx(min(errors), rel=1e-4)


def test_cells_that_hardly_differ_are_flat() -> None:
    cells = np.full((2, LINES, STRIPES, 3), 100, np.float32)
    cells[0, :12] += 1
    cells[1, :12] += 60
    pairs = Sums.of(parts_of(cells), glyphs("quadrant").weights, whole()).best(flat=3.0)
    assert pairs.first[0].tolist() == pairs.second[0].tolist() == pytest.approx([100.5] * 3)
    assert sorted([pairs.first[1][0], pairs.second[1][0]]) == pytest.approx([100, 160])


def pairs_of(*cells: tuple[float, float]) -> Pairs:
    first, second = (np.array([[cell[side]] * 3 for cell in cells], np.float32) for side in (0, 1))
    return Pairs(first=first, second=second, area=np.full(len(cells), 0.5, np.float32))


def test_neighbours_share_near_colours_in_either_order_and_rows_share_nothing() -> None:
    first, second = shared(pairs_of((10, 90), (91, 11), (200, 90), (10, 90)), rows=2, tolerance=8.0)
    assert (first[0] == first[1]).all()
    assert (second[0] == second[1]).all()
    assert first[0] == pytest.approx([10.5] * 3)
    assert second[0] == pytest.approx([90.5] * 3)
    assert (first[2:, 0].tolist(), second[2:, 0].tolist()) == ([200, 10], [90, 90])


def test_a_flat_cell_joins_with_one_colour() -> None:
    first, second = shared(pairs_of((10, 90), (90, 90)), rows=1, tolerance=8.0)
    assert first[:, 0].tolist() == [10, 10]
    assert second[:, 0].tolist() == [90, 90]


def test_no_tolerance_shares_equal_colours_only() -> None:
    first, _ = shared(pairs_of((10, 90), (10, 90), (10, 91)), rows=1, tolerance=0.0)
    assert [(first[0] == first[1]).all(), (second_of(first)).all()] == [True, True]


def second_of(first: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    return np.asarray(first[0] == first[2])


def test_a_drift_of_small_steps_is_not_one_run() -> None:
    first, _ = shared(pairs_of(*((float(value), float(value)) for value in range(0, 200, 2))), rows=1, tolerance=8.0)
    assert len({float(value) for value in first[:, 0]}) > 10


def test_sets_hold_each_partition_once() -> None:
    for blocks, count in zip(ALL, (1, 19, 49, 167), strict=True):
        known = glyphs(blocks)
        masks = [mask(weights) for weights in known.weights]
        keys = {each.tobytes() for each in masks} | {(~each).tobytes() for each in masks}
        assert len(known.characters) == len(masks) == count
        assert len(keys) == 2 * count
        assert known.weights.shape == (count, PARTS)
        assert known.weights.sum(axis=1) == pytest.approx([each.mean() for each in masks], abs=1e-6)


def test_reverses_fill_what_is_left() -> None:
    known = glyphs("quadrant")
    by_name = dict(zip(known.characters, known.reverses, strict=True))
    assert (by_name["▀"], by_name["▌"], by_name["▘"], by_name["▞"]) == ("▄", "▐", "▟", "▚")
    assert (by_name["▁"], by_name["▏"]) == ("", "")
    assert "" not in [reverse for mine, reverse in zip(*_both("sextant"), strict=True) if mine >= "\U0001fb00"]


def _both(blocks: Blocks) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return glyphs(blocks).characters, glyphs(blocks).reverses


def test_code_points() -> None:
    assert [sextant(bits) for bits in (1, 2, 20, 21, 22, 41, 42, 43, 62)] == list("🬀🬁🬓▌🬔🬧▐🬨🬻")
    by_bits = octants()
    assert len(set(by_bits)) == 256
    assert (by_bits[0], by_bits[255], by_bits[0b00000101], by_bits[0b11110000]) == (" ", "█", "▘", "▄")
    known = {
        4: 0x1CD00,
        6: 0x1CD01,
        9: 0x1CD04,
        16: 0x1CD09,
        190: 0x1CDAA,
        206: 0x1CDB9,
        222: 0x1CDC9,
        251: 0x1CDE3,
        254: 0x1CDE5,
    }
    assert {bits: ord(by_bits[bits]) for bits in known} == known


def test_halves_of_a_cell() -> None:
    cell = points(1)
    assert halves() @ parts_of(cell)[0] == pytest.approx(
        np.stack([part.mean(axis=(0, 1)) for part in (cell[0, :, :4], cell[0, :, 4:], cell[0, :12], cell[0, 12:])]),
        rel=1e-4,
    )
    known = glyphs("quadrant")
    assert in_halves(known.weights)[known.characters.index("▘")] == pytest.approx([0.5, 0, 0.5, 0])


def test_the_nearest_of_256() -> None:
    wanted = np.random.default_rng(4).uniform(-40, 300, (500, 3)).astype(np.float32)
    distances = np.square(wanted[:, None] - colours()).sum(axis=2)
    chosen = distances[np.arange(500), nearest(wanted)]
    assert chosen == pytest.approx(distances.min(axis=1), rel=1e-5)
    assert colours().shape == (240, 3)
    assert [colours()[number - 16].tolist() for number in (16, 67, 231, 232, 255)] == [
        [0, 0, 0],
        [95, 135, 175],
        [255, 255, 255],
        [8, 8, 8],
        [238, 238, 238],
    ]
