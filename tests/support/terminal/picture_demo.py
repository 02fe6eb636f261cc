"""A grid of changing pictures, to look at and to count the bytes of.

python -m tests.support.terminal.picture_demo [PROTOCOL] [SIDE] [PICTURE] [coarse]

With "coarse" nothing is sent once more in all its colours when the app is idle.

keys: a all new, u one new, f move the selection, m open a screen, escape close it, p previews, c clear, q quit,
w say when all is drawn
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

from engine.rendering.events import Picture
from tui.graphics.terminal.capabilities import Terminal, detect, set_truecolor


def drawing(number: int, version: int, size: tuple[int, int] = (512, 512)) -> Picture:
    """Return a picture with its numbers in it: gradients of many colours and a disc."""
    red = Image.linear_gradient("L").resize(size)
    green = red.rotate(90).point(lambda value: (value + 40 * number) % 256)
    blue = Image.radial_gradient("L").resize(size).point(lambda value: (value + 25 * version) % 256)
    image = Image.merge("RGB", (red, green, blue))
    draw = ImageDraw.Draw(image)
    draw.ellipse([size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2], fill=(250, 240, 20))
    draw.text((8, 8), f"{number}/{version}", fill="white", font_size=size[1] // 8)
    return Picture(width=image.width, height=image.height, rgb=image.tobytes())


def photograph(path: Path, number: int, version: int) -> Picture:
    """Return a part of a picture file, a different one for each number and version."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    side = min(image.size) // 2
    left = (number * 97 + version * 31) % (image.width - side)
    top = (number * 53 + version * 17) % (image.height - side)
    cropped = image.crop((left, top, left + side, top + side)).resize((512, 512))
    return Picture(width=512, height=512, rgb=cropped.tobytes())


def run(terminal: Terminal, side: int, path: Path | None, *, refines: bool) -> None:
    """Run the demo; Textual is imported only now, after the terminal was asked."""
    from tests.support.terminal.picture_demo_app import PictureDemo

    def picture(number: int, version: int) -> Picture:
        return drawing(number, version) if path is None else photograph(path, number, version)

    PictureDemo(terminal, side, picture, refines=refines).run()


def main() -> None:
    """Ask the terminal, then run the demo in it."""
    arguments = [argument for argument in sys.argv[1:] if argument != "coarse"]
    terminal = detect(arguments[0] if arguments else "auto")
    set_truecolor(terminal)
    side, path = int(arguments[1]) if arguments[1:] else 2, Path(arguments[2]) if arguments[2:] else None
    run(terminal, side, path, refines="coarse" not in sys.argv)


if __name__ == "__main__":
    main()
