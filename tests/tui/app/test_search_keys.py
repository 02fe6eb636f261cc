"""The rules behind the keys that toggle or cycle."""

from __future__ import annotations

from engine.search.axis import Axis
from engine.search.bands import Bands
from tui.app.screens.search_keys import Marking, next_axis, next_bands, toggle_mark


def test_a_mark_is_set_and_taken_back() -> None:
    assert toggle_mark((), 4, candidates=8) == Marking(marks=(4,))
    assert toggle_mark((4, 1), 4, candidates=8) == Marking(marks=(1,))


def test_the_parent_has_no_mark() -> None:
    assert toggle_mark((4,), 0, candidates=8) == Marking(
        marks=(4,), notice="the parent cannot be marked; mark candidates, then press Enter to blend them"
    )


def test_at_most_three_are_marked_and_never_all() -> None:
    notice = "at most {} can be blended; press Enter to blend them, or Space on one to unmark it"
    assert toggle_mark((4, 1, 2), 3, candidates=8) == Marking(marks=(4, 1, 2), notice=notice.format(3))
    assert toggle_mark((1, 2), 3, candidates=3) == Marking(marks=(1, 2), notice=notice.format(2))
    assert toggle_mark((4, 1, 2), 2, candidates=8) == Marking(marks=(4, 1))


def test_bands_go_round() -> None:
    seen = [Bands.ALL]
    while (following := next_bands(seen[-1])) not in seen:
        seen.append(following)
    assert seen == [Bands.ALL, Bands.TILT, Bands.LAYOUT, Bands.DETAIL]
    assert next_bands(Bands.CUSTOM) is Bands.ALL


def test_axes_go_round() -> None:
    assert [next_axis(axis) for axis in Axis] == [Axis.PROMPT, Axis.BOTH, Axis.NOISE]
