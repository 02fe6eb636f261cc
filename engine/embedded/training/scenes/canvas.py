"""What the landscapes are drawn on: 256x256, halved at the end, so that every edge is smooth.

All coordinates and sizes here are of the 256 canvas: x to the right, y down.
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
    """A picture being drawn, and the boxes of the objects on it (x0, y0, x1, y1)."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (S, S))
        self.boxes: list[Box] = []
        self._draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Points, colour: Colour) -> None:
        self._draw.polygon(list(points), fill=_ints(colour))

    def disc(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self._draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=_ints(colour))

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0) -> None:
        if radius:
            self._draw.rounded_rectangle((x0, y0, x1, y1), radius=radius, fill=_ints(colour))
        else:
            self._draw.rectangle((x0, y0, x1, y1), fill=_ints(colour))

    def line(self, points: Points, width: float, colour: Colour) -> None:
        self._draw.line(list(points), fill=_ints(colour), width=max(1, round(width)))

    def shade(self, colour: Colour, mask: Image.Image, at: tuple[int, int] = (0, 0)) -> None:
        """Lay a colour over the picture, as opaque as the mask ("L") says."""
        self.image.paste(_ints(colour), at, mask)

    def gradient(self, stops: Sequence[tuple[float, Colour]], top: int, bottom: int, outline: Points = ()) -> None:
        """Vertical colours between two heights, inside an outline when one is given."""
        fill = _gradient(stops, bottom - top)
        if not outline:
            self.image.paste(fill, (0, top))
            return
        mask = Image.new("L", fill.size, 0)
        ImageDraw.Draw(mask).polygon([(x, y - top) for x, y in outline], fill=255)
        self.image.paste(fill, (0, top), mask)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        side = max(4, int(radius * 2) // 8 * 8)
        mask = _GLOW.resize((side, side), Image.Resampling.BILINEAR).point([int(v * strength) for v in range(256)])
        self.shade(colour, mask, (int(x - side / 2), int(y - side / 2)))

    def mark(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Remember that there is an object here."""
        self.boxes.append((x0, y0, x1, y1))


class Light:
    """How the time of day colours what it falls on, and where the horizon is."""

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
        """A colour of the land in this light, and a share of the horizon's colour over it."""
        r, g, b = (c * a / 255 * self._strength for c, a in zip(colour, self._ambient, strict=True))
        return mix((r, g, b), self.horizon, haze)

    def at(self, height: float) -> Colour:
        """The sky's colour at a height from 0 (top) to 1 (horizon)."""
        if height < 0.55:
            return mix(self.top, self.middle, height / 0.55)
        return mix(self.middle, self.horizon, (height - 0.55) / 0.45)


def profile(random: Random, count: int, octaves: int, rough: float, base: int) -> NDArray[np.float64]:
    """A smooth line of `count` heights, about 0..1: value noise, each octave twice as fine and `rough` as high."""
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
    """The outline of everything below a line, down to `bottom`."""
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
    at = np.linspace(0, 1, height)
    places = [place for place, _ in stops]
    rows = np.stack([np.interp(at, places, [colour[k] for _, colour in stops]) for k in range(3)], 1)
    pixels = rows.round().clip(0, 255).astype(np.uint8)[:, None, :]
    return Image.fromarray(pixels).resize((S, height), Image.Resampling.NEAREST)


def _soft_disc() -> Image.Image:
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    return Image.fromarray((np.clip(1 - np.hypot(x, y), 0, 1) ** 2 * 255).astype(np.uint8))


_GLOW = _soft_disc()
