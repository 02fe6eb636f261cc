"""The private part of textual-image that tui/graphics/protocols/seams.py uses: one test for each assumption."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import pytest
from PIL import Image

from tests.support.terminal.sixel_decoder import decode
from tui.graphics.protocols import seams


def broken(assumption: str) -> str:
    name = f"textual-image {version('textual-image')}"
    return f"{name} breaks an assumption of tui/graphics/protocols/seams.py: {assumption}"


def image() -> Image.Image:
    """Five colours, of which one stands in two places."""
    found = Image.new("P", (40, 14), 0)
    found.putpalette([255, 255, 255, 255, 0, 0, 0, 0, 255, 0, 51, 0, 102, 0, 0])
    for colour, box in enumerate([(0, 0, 9, 2), (3, 3, 20, 8), (12, 0, 40, 14), (20, 7, 30, 13)], 1):
        found.paste(colour, box)
    found.paste(1, (35, 9, 38, 12))
    return found


def test_it_takes_an_image_of_few_colours_as_it_is() -> None:
    from textual_image._sixel import image_to_sixels

    written = image_to_sixels(image())
    colours = set(re.findall(r"#\d+;2;(\d+;\d+;\d+)", written))
    assert colours == {"100;100;100", "100;0;0", "0;0;100", "0;20;0", "40;0;0"}, broken("the palette is not changed")
    assert seams._START.match(written), broken("a sequence begins with DCS parameters q")
    assert written.endswith("\x1b\\"), broken("a sequence ends with ST")


def test_what_is_drawn_is_the_image() -> None:
    pixels = image().convert("RGB").tobytes()
    rows = decode(seams.image_to_sixels(image()))
    assert [channel for row in rows for pixel in row for channel in pixel] == list(pixels)


def test_every_definition_is_followed_by_its_selection_once() -> None:
    written = seams.image_to_sixels(image())
    assert written.startswith('\x1bP0;1;0q"1;1;40;14#')
    for number in re.findall(r"#(\d+);2;\d+;\d+;\d+", written):
        assert len(re.findall(rf"#{number};2;\d+;\d+;\d+#{number}(?!\d)", written)) == 1
    again = seams._DEFINITION.sub(r"\1#\2", written)
    assert again == written


@pytest.mark.parametrize("selected", ["#1;2;0;0;0#1~#12;2;1;1;1#12~", "#1;2;0;0;0~#12;2;1;1;1~"])
def test_versions_that_select_and_versions_that_do_not(selected: str) -> None:
    assert seams._DEFINITION.sub(r"\1#\2", selected) == "#1;2;0;0;0#1~#12;2;1;1;1#12~"


def test_nothing_is_asked_of_the_terminal() -> None:
    program = (
        "import sys; from PIL import Image; from tui.graphics.protocols.seams import image_to_sixels;"
        "image_to_sixels(Image.new('RGB', (6, 6)).quantize(2));"
        "print(sorted(name for name in sys.modules if name.startswith('textual_image')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['textual_image', 'textual_image._sixel']", broken(
        "_sixel imports nothing that probes"
    )
