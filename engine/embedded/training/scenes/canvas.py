"""The canvas of the landscapes: 256x256 pixels, halved at the end, so that every edge is smooth.

All coordinates and sizes are pixels of this canvas: x to the right, y down.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.embedded.training.scenes.palette import AMBIENT, SKIES, Colour, mix
from engine.embedded.training.scenes.scene import Scene

S = 256
SIZE = 128
Points = Sequence[tuple[float, float]]
Box = tuple[float, float, float, float]


class Canvas:
    """A picture that is being drawn, and the bounding boxes of the objects on it."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (S, S))
        self.boxes: list[Box] = []
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Points, colour: Colour) -> None:
        """Draw a filled polygon."""
        self._draw.polygon(list(points), fill=_ints(colour))

    def disc(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Draw a filled ellipse with its radii."""
        self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=_ints(colour))

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0) -> None:
        """Draw a filled rectangle, with rounded corners if there is a radius."""
        if radius:
            self._draw.rounded_rectangle((x0, y0, x1, y1), radius=radius, fill=_ints(colour))
        else:
            self._draw.rectangle((x0, y0, x1, y1), fill=_ints(colour))

    def line(self, points: Points, width: float, colour: Colour) -> None:
        """Draw a line through points."""
        self._draw.line(list(points), fill=_ints(colour), width=max(1, round(width)))

    def shade(self, colour: Colour, mask: Image.Image, at: tuple[int, int] = (0, 0)) -> None:
        """Blend a colour over the picture; the mask ("L") is its opacity."""
        self.image.paste(_ints(colour), at, mask)

    def gradient(self, stops: Sequence[tuple[float, Colour]], top: int, bottom: int, outline: Points = ()) -> None:
        """Fill between two heights with a vertical gradient, inside an outline if one is given."""
        fill = _gradient(stops, bottom - top)
        if not outline:
            self.image.paste(fill, (0, top))
            return
        mask = Image.new("L", fill.size, 0)
        ImageDraw.Draw(mask).polygon([(x, y - top) for x, y in outline], fill=255)
        self.image.paste(fill, (0, top), mask)

    def glow(self, x: float, y: float, radius: float, colour: Colour, opacity: float) -> None:
        """Draw a soft disc that fades out towards its radius."""
        side = max(4, int(radius * 2) // 8 * 8)
        mask = _GLOW.resize((side, side), Image.Resampling.BILINEAR).point([int(v * opacity) for v in range(256)])
        self.shade(colour, mask, (int(x - side / 2), int(y - side / 2)))

    def mark(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Record the bounding box of an object."""
        self.boxes.append((x0, y0, x1, y1))


class Light:
    """The light of a time of day, and the height of the horizon."""

    def __init__(self, scene: Scene) -> None:
        random = Random(f"{scene.seed}:light")
        self.top, self.middle, self.horizon = (_jitter(colour, random) for colour in SKIES[scene.time][scene.sky])
        self.night = scene.time == "night"
        self.dark = scene.time in ("night", "sunset")
        self._ambient, self._strength = AMBIENT[scene.time]
        if scene.sky == "grey" or scene.weather == "rain":
            self._strength *= 0.86
        low, high = (0.5, 0.6) if scene.ground == "sea" else (0.54, 0.66)
        self.horizon_y = round(S * random.uniform(low, high))

    def on(self, colour: Colour, haze: float = 0.0) -> Colour:
        """Return a colour in this light, mixed with the colour of the horizon by a share of `haze`."""
        r, g, b = (c * a / 255 * self._strength for c, a in zip(colour, self._ambient, strict=True))
        return mix((r, g, b), self.horizon, haze)

    def at(self, height: float) -> Colour:
        """Return the colour of the sky at a height from 0 (top) to 1 (horizon)."""
        if height < 0.55:
            return mix(self.top, self.middle, height / 0.55)
        return mix(self.middle, self.horizon, (height - 0.55) / 0.45)


# Value noise: random heights at evenly spaced knots, with a smooth curve between them (3 t^2 - 2 t^3); then the same
# again, twice as fine and less high.  It looks like hills with few octaves and like rock with many.
def profile(random: Random, count: int, octaves: int, rough: float, base: int) -> NDArray[np.float64]:
    """Return a smooth line of heights, about 0..1.

    Args:
        random: The generator.
        count: The number of heights.
        octaves: How many curves are added, each twice as fine as the one before.
        rough: The height of a curve relative to the one before.
        base: The number of knots of the first curve.
    """
    x = np.linspace(0, 1, count)
    y = np.zeros(count)
    amplitude, frequency, total = 1.0, base, 0.0
    for _ in range(octaves):
        knots = np.array([random.random() for _ in range(frequency + 3)])
        position = x * frequency + random.random()
        whole = position.astype(int)
        part = position - whole
        part = part * part * (3 - 2 * part)
        y += amplitude * (knots[whole] * (1 - part) + knots[whole + 1] * part)
        total += amplitude
        amplitude *= rough
        frequency *= 2
    return y / total


def under(xs: NDArray[np.float64], ys: NDArray[np.float64], bottom: float) -> list[tuple[float, float]]:
    """Return the outline of the area between a line and `bottom`."""
    return [*zip(xs.tolist(), ys.tolist(), strict=True), (float(xs[-1]), bottom), (float(xs[0]), bottom)]


def _jitter(colour: Colour, random: Random) -> Colour:
    return (
        colour[0] + random.uniform(-9, 9),
        colour[1] + random.uniform(-9, 9),
        colour[2] + random.uniform(-9, 9),
    )


def _ints(colour: Colour) -> tuple[int, int, int]:
    r, g, b = (round(min(255.0, max(0.0, c))) for c in colour)
    return r, g, b


def _gradient(stops: Sequence[tuple[float, Colour]], height: int) -> Image.Image:
    heights = np.linspace(0, 1, height)
    positions = [position for position, _ in stops]
    rows = np.stack([np.interp(heights, positions, [colour[k] for _, colour in stops]) for k in range(3)], 1)
    pixels = rows.round().clip(0, 255).astype(np.uint8)[:, None, :]
    return Image.fromarray(pixels).resize((S, height), Image.Resampling.NEAREST)


def _soft_disc() -> Image.Image:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    return Image.fromarray((np.clip(1 - np.hypot(x, y), 0, 1) ** 2 * 255).astype(np.uint8))


_GLOW = _soft_disc()
