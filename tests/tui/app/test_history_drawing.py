"""The history as lines of text, and which pictures the filmstrip shows."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from engine.search.history import NO_NODE, Tree
from tests.support.tui.histories import history
from tui.app.history.drawing import Fit, SpanKind, draw_history, fit, node_at
from tui.app.history.film import film_of, film_start
from tui.app.history.shape import branches_of, main_line, shape_of

BRANCHED = history([0, 1, 2, 3, 4, 3, 6, 7], edits=[5], stars=[2])
"""start, 1, 2 (starred), 3; from there 4 and an edit, and later 4, 5, 6."""


def drawn(tree: Tree, current: int, width: int = 60, rows: int = 5) -> list[str]:
    return ["".join(span.text for span in line) for line in draw_history(tree, current, width, rows)]


def random_tree(seed: int, count: int) -> Tree:
    source = random.Random(seed)
    return history([source.randrange(max(0, node - 5), node + 1) for node in range(count)])


def test_the_way_and_the_branch_below_it() -> None:
    assert drawn(BRANCHED, 8) == [
        "[start]─[1]─[2*]─[3]─┬─[4]─[5]─[6]●",
        "                     └─[4]─[e]",
    ]


def test_the_current_picture_decides_which_way_is_the_first_row() -> None:
    assert drawn(BRANCHED, 5) == [
        "[start]─[1]─[2*]─[3]─┬─[4]─[e]●",
        "                     └─[4]─[5]─[6]",
    ]


def test_what_came_after_the_current_picture_goes_on_in_its_row_the_newest_first() -> None:
    assert drawn(BRANCHED, 3) == [
        "[start]─[1]─[2*]─[3]●─┬─[4]─[5]─[6]",
        "                      └─[4]─[e]",
    ]


def test_a_root_alone() -> None:
    assert drawn(history([]), 0) == ["[start]●"]


def test_one_row_counts_the_branches() -> None:
    assert drawn(BRANCHED, 8, rows=1) == ["[start]─[1]─[2*]─[3]─[4]─[5]─[6]●  +1 branch"]


def test_branches_of_branches_hang_below_them_and_no_stroke_crosses_a_node() -> None:
    tree = history([0, 1, 2, 1, 4, 4, 0, 7, 2])
    assert drawn(tree, 3, rows=9) == [
        "[start]─┬─[1]─┬─[2]─┬─[3]●",
        "        │     │     └─[3]",
        "        │     └─[2]─┬─[3]",
        "        │           └─[3]",
        "        └─[1]─[2]",
    ]


def test_the_newest_branches_have_the_rows_and_the_others_are_counted() -> None:
    tree = history([0, 1, 2, 0, 1, 2])
    assert drawn(tree, 3, rows=3) == [
        "[start]─[1]─┬─[2]─┬─[3]●  +1 branch",
        "            │     └─[3]",
        "            └─[2]",
    ]


def test_a_long_way_is_cut_in_the_middle() -> None:
    assert drawn(history(range(60)), 60, width=40) == ["[start]─…─[55]─[56]─[57]─[58]─[59]─[60]●"]


def test_what_follows_the_current_picture_is_cut_at_the_end() -> None:
    assert drawn(history(range(60)), 2, width=40) == ["[start]─[1]─[2]●─[3]─[4]─[5]─[6]─[7]─…"]


def test_branches_of_pictures_that_have_no_room_hang_below_the_cut() -> None:
    tree = history([*range(60), 58, 57, 62, 3, 64])
    assert drawn(tree, 60) == [
        "[start]─…─[54]─[55]─[56]─[57]─┬─[58]─┬─[59]─[60]●",
        "        │                     │      └─[59]",
        "        │                     └─[58]─[59]",
        "        └─[4]─[5]",
    ]


@pytest.mark.parametrize("seed", range(30))
def test_no_row_is_too_wide_and_the_current_picture_is_always_seen(seed: int) -> None:
    tree = random_tree(seed, 40)
    source = random.Random(seed)
    for width, rows in itertools.product((1, 5, 9, 12, 20, 44, 80, 220), (1, 2, 3, 7)):
        current = source.randrange(41)
        lines = draw_history(tree, current, width, rows)
        assert 1 <= len(lines) <= rows
        assert all(sum(len(span.text) for span in line) <= width for line in lines)
        seen = [span for line in lines for span in line if span.kind is SpanKind.CURRENT]
        assert [span.node for span in seen] == [current] or width < len("[start]●")


@pytest.mark.parametrize("seed", range(10))
def test_with_enough_room_every_node_is_drawn_once_right_of_its_parent(seed: int) -> None:
    tree = random_tree(seed, 30)
    lines = draw_history(tree, 30, 400, 40)
    places = {}
    for row, line in enumerate(lines):
        column = 0
        for span in line:
            if span.node != NO_NODE:
                assert span.node not in places
                places[span.node] = (column, row)
                assert node_at(lines, column, row) == node_at(lines, column + len(span.text) - 1, row) == span.node
            column += len(span.text)
    assert sorted(places) == list(range(31))
    for node in range(1, 31):
        (column, row), (above_column, above_row) = places[node], places[tree.nodes[node].parent]
        assert column > above_column
        assert row >= above_row


def test_there_is_no_node_at_strokes_and_outside() -> None:
    lines = draw_history(BRANCHED, 8, 60, 5)
    assert [node_at(lines, column, 0) for column in (0, 6, 7, 8)] == [0, 0, NO_NODE, 1]
    assert [node_at(lines, column, row) for column, row in ((-1, 0), (99, 0), (0, 1), (0, 2), (0, -1))] == [NO_NODE] * 5


@pytest.mark.parametrize(("sizes", "room"), list(itertools.product([(3,), (3, 3, 3), (7, 3, 4, 5, 3)], range(1, 30))))
def test_fit_uses_no_more_than_the_room(sizes: Sequence[int], room: int) -> None:
    for keep in range(len(sizes)):
        found = fit(tuple(sizes), room, keep)
        shown = [*sizes[: found.head], *sizes[found.start : found.end]]
        cuts = int(found.start > found.head) + int(found.end < len(sizes))
        assert found.start <= keep < found.end
        needed = sum(shown) + cuts + len(shown) + cuts - 1
        assert needed <= room or found == Fit(head=0, start=keep, end=keep + 1)


@pytest.mark.parametrize("seed", range(10))
def test_the_lines_of_a_tree_hold_every_node_once(seed: int) -> None:
    tree = random_tree(seed, 60)
    shape = shape_of(tree)
    line = main_line(tree, shape, 17)
    nodes = [*line, *(node for branch in branches_of(shape, line) for node in branch.line)]
    assert sorted(nodes) == list(range(61))


def test_the_filmstrip_stays_until_the_current_picture_leaves_it() -> None:
    start, starts = 0, []
    for here in range(20):
        start = film_start(here + 1, here, 6, start)
        starts.append(start)
    assert starts == [0, 0, 0, 0, 0, 0, 3, 3, 3, 6, 6, 6, 9, 9, 9, 12, 12, 12, 15, 15]
    assert film_start(20, 14, 6, 15) == 12
    assert film_start(20, 0, 6, 15) == 0


@pytest.mark.parametrize(("count", "room"), list(itertools.product((1, 5, 30), (1, 2, 7))))
def test_the_current_picture_is_always_in_the_filmstrip(count: int, room: int) -> None:
    for here, before in itertools.product(range(count), range(count)):
        start = film_start(count, here, room, before)
        assert 0 <= start <= here < start + max(room, 1)


def test_the_shots_of_the_filmstrip() -> None:
    film = film_of(BRANCHED, 3, 40, 6, aspect=1.0, start=0)
    assert (film.rows, film.columns) == (5, 9)
    assert [(shot.node, shot.caption, shot.is_way) for shot in film.shots] == [
        (0, "start", True),
        (1, "1", True),
        (2, "2 *", True),
        (3, "3 +1 ●", True),
    ]
    after = film_of(BRANCHED, 1, 80, 6, aspect=1.0, start=0)
    assert [shot.caption for shot in after.shots] == ["start", "1 ●", "2 *", "3 +1", "4", "5", "6"]
    assert film_of(BRANCHED, 5, 80, 6, aspect=1.0, start=0).shots[-1].caption == "edit ●"
    assert film_of(BRANCHED, 3, 40, 4, aspect=1.0, start=0).shots == ()
