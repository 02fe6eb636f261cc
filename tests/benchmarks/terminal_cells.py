"""How near plain cells come to a picture, how long they take, and what they send.

    python -m tests.benchmarks.terminal_cells [PICTURE ...]

Without picture files it takes the 64 scenes of docs/images/contact-sheet.png, one by one.  For each set of characters,
and for the half-cells of earlier versions as the baseline, it prints the PSNR; the PSNR after a Gaussian blur whose
standard deviation is the width of a cell, which is about what an eye sees of cells; the milliseconds of encoding; and
the KiB sent.  The box has 40 x 20 cells.  Then the same with the 256 colours of a terminal without true colour.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.graphics.frame import Frame
from tui.graphics.geometry import Box, whole_cells
from tui.graphics.protocols.cells import EMPTY, FULL, encode, encode_in_256
from tui.graphics.protocols.glyphs import LINES, STRIPES, glyphs
from tui.graphics.protocols.palette import reduce
from tui.graphics.terminal.known import Blocks

Pixels: TypeAlias = npt.NDArray[np.float64]

BOX = Box(columns=40, rows=20, cell_width=10, cell_height=20)
SHEET = Path(__file__).parents[2] / "docs" / "images" / "contact-sheet.png"
SETS: tuple[Blocks, ...] = ("halfcell", "quadrant", "sextant", "octant")


def scenes(paths: list[str]) -> list[Image.Image]:
    """Return the pictures to measure."""
    if paths:
        return [Image.open(path).convert("RGB") for path in paths]
    with Image.open(SHEET) as sheet:
        places = [(2 + 130 * (number % 8), 2 + 130 * (number // 8)) for number in range(64)]
        return [sheet.convert("RGB").crop((x, y, x + 128, y + 128)) for x, y in places]


def before(image: Image.Image) -> Frame:
    """Return the half-cells of earlier versions: two pixels a cell, of a palette of 256 colours."""
    area = whole_cells(image.width, image.height, BOX)
    size = (area.columns, 2 * area.rows)
    shrinks = image.width > size[0] or image.height > size[1]
    small = image.resize(size, Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC)
    pixels = np.asarray(reduce(small, 256).convert("RGB")).tolist()
    strips = []
    for row in range(area.rows):
        runs = groupby(zip(map(tuple, pixels[2 * row]), map(tuple, pixels[2 * row + 1]), strict=True))
        segments = [
            Segment("▀" * len(list(cells)), Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower)))
            for (upper, lower), cells in runs
        ]
        strips.append(Strip(segments, area.columns))
    return Frame(box=BOX, area=area, strips=tuple(strips))


def drawn(frame: Frame, system: ColorSystem) -> Pixels:
    """Return what a terminal shows, LINES x STRIPES points for each cell."""
    shapes = _shapes()

    def shown(color: Color | None) -> Pixels:
        assert color is not None
        return np.array(color.downgrade(system).get_truecolor(), dtype=float)

    rows = []
    for strip in frame.strips:
        cells = []
        for segment in strip:
            assert segment.style is not None
            back = shown(segment.style.bgcolor)
            fore = shown(segment.style.color) if segment.style.color else back
            cells += [np.where(shapes[character], fore, back) for character in segment.text]
        rows.append(np.concatenate(cells, axis=1))
    return np.concatenate(rows)


def _shapes() -> dict[str, npt.NDArray[np.bool_]]:
    known = glyphs("octant")
    found = {EMPTY: np.zeros((LINES, STRIPES, 1), bool), FULL: np.ones((LINES, STRIPES, 1), bool)}
    for character, reverse, weights in zip(known.characters, known.reverses, known.weights, strict=True):
        halves = weights[: 2 * LINES].reshape(LINES, 2).repeat(STRIPES // 2, axis=1)
        found[character] = ((halves + weights[2 * LINES :]) > 0)[..., None]
        if reverse:
            found[reverse] = ~found[character]
    return found


def sent(frame: Frame, system: ColorSystem) -> int:
    """Return the bytes that Textual writes for a frame."""
    return sum(
        len(Strip.render_style(Style(color=part.style.color, bgcolor=part.style.bgcolor), part.text, system).encode())
        for strip in frame.strips
        for part in strip
        if part.style is not None
    )


def decibels(shown: Pixels, wanted: Pixels, blur: float = 0.0) -> float:
    """Return the PSNR, after a blur of both by so many points."""
    if blur:
        shown, wanted = _blurred(shown, blur), _blurred(wanted, blur)
    return float(10 * np.log10(255**2 / max(1e-9, np.square(shown - wanted).mean())))


def _blurred(pixels: Pixels, blur: float) -> Pixels:
    # A cell has 8 points in 10 pixels of width and 24 in 20 of height: the blur is round on the screen.
    radius = (blur, blur * LINES * BOX.cell_width / (STRIPES * BOX.cell_height))
    image = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), dtype=float)


def measured(encoder: Callable[[Image.Image], Frame], images: list[Image.Image], system: ColorSystem) -> list[float]:
    """Return the means of PSNR, PSNR after blur, milliseconds and KiB."""
    rows = []
    for image in images:
        start = time.perf_counter()
        frame = encoder(image)
        milliseconds = (time.perf_counter() - start) * 1000
        shown = drawn(frame, system)
        size = (shown.shape[1], shown.shape[0])
        shrinks = image.width > size[0] or image.height > size[1]
        resampling = Image.Resampling.LANCZOS if shrinks else Image.Resampling.BICUBIC
        wanted = np.asarray(image.resize(size, resampling), dtype=float)
        kib = sent(frame, system) / 1024
        rows.append([decibels(shown, wanted), decibels(shown, wanted, STRIPES), milliseconds, kib])
    return [float(mean) for mean in np.mean(rows, axis=0)]


def main() -> None:
    """Measure and print."""
    images = scenes(sys.argv[1:])
    for system, encode_in, name in (
        (ColorSystem.TRUECOLOR, encode, "16 million colours"),
        (ColorSystem.EIGHT_BIT, encode_in_256, "256 colours"),
    ):
        print(f"{name}, {len(images)} pictures: PSNR, PSNR after blur, ms, KiB")
        encoders: dict[str, Callable[[Image.Image], Frame]] = {"before": before}
        encoders |= {blocks: partial(encode_in, box=BOX, quality="full", blocks=blocks) for blocks in SETS}
        for label, encoder in encoders.items():
            encoder(images[0])  # what is built once is not counted
            psnr, blurred, milliseconds, kib = measured(encoder, images, system)
            print(f"  {label:9} {psnr:5.1f} {blurred:5.1f} {milliseconds:6.1f} {kib:6.1f}")


if __name__ == "__main__":
    main()
