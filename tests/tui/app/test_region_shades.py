"""What is computed for the regions of one grid: small, and once."""

from __future__ import annotations

from engine.rendering.events import Picture
from tui.app.region_drawing import lit, patchwork
from tui.app.region_shades import Shades


def picture(side: int, level: int = 200) -> Picture:
    return Picture(width=side, height=side, rgb=bytes((level, level, level)) * (side * side))


def test_a_picture_is_lit_at_about_the_size_of_its_cell() -> None:
    shades, large, small = Shades(), picture(100), picture(30)
    assert shades.lit(large, "10", 25, 60) == lit(picture(25), "10")
    assert shades.lit(large, "10", 40, 40) == lit(picture(50), "10")
    assert shades.lit(small, "10", 25, 25) == lit(small, "10")
    assert shades.lit(large, "", 25, 25) is large


def test_what_did_not_change_is_not_computed_again() -> None:
    shades, first, second = Shades(), picture(8, 10), picture(8, 90)
    shown = shades.lit(first, "10", 8, 8)
    assert shades.lit(first, "10", 8, 8) is shown
    assert shades.lit(first, "01", 8, 8) is not shown
    patched = shades.patchwork(first, (("10", (second,)),), 8, 8)
    assert patched == patchwork(first, [("10", (second,))])
    assert shades.patchwork(first, (("10", (second,)),), 8, 8) is patched
    assert shades.patchwork(first, (("01", (second,)),), 8, 8) == patchwork(first, [("01", (second,))])
    shades.clear()
    assert shades.lit(first, "10", 8, 8) is not shown


def test_a_box_without_room_is_no_error() -> None:
    assert Shades().lit(picture(8), "10", 0, 0) == lit(picture(1), "10")
