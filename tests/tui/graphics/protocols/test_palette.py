"""Few colours that are near the many."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageStat

from tui.graphics.protocols.palette import reduce


def test_few_colours_stay_exact() -> None:
    image = Image.new("RGB", (60, 60), (10, 20, 30))
    image.paste((200, 100, 50), (0, 0, 60, 20))
    assert reduce(image, 16).convert("RGB").tobytes() == image.tobytes()


def test_many_colours_become_as_many_as_allowed_and_stay_near() -> None:
    red = Image.linear_gradient("L")
    image = Image.merge("RGB", (red, red.rotate(90), Image.radial_gradient("L")))
    few = reduce(image, 64)
    assert few.mode == "P"
    assert len(few.getcolors() or []) <= 64
    difference = ImageStat.Stat(ImageChops.difference(few.convert("RGB"), image))
    assert max(difference.rms) < 24  # of 255: 64 colours cut this cube of 16 million into 4 x 4 x 4


def test_a_single_pixel() -> None:
    assert reduce(Image.new("RGB", (1, 1), (9, 8, 7)), 256).convert("RGB").getpixel((0, 0)) == (9, 8, 7)
