"""The land: the relief on the horizon, then water or ground in front of it."""

from __future__ import annotations

import math
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.embedded.training.scenes.canvas import Canvas, Light, S, profile, under
from engine.embedded.training.scenes.palette import GROUND, MOUNTAIN, PAINT, Colour, mix
from engine.embedded.training.scenes.scene import Scene
from engine.embedded.training.scenes.sky import body_colour, body_position

_N = 65
_XS = np.linspace(0, S, _N)
_BLACK: Colour = (0, 0, 0)
_SNOW: Colour = (250, 252, 255)


def draw_relief(canvas: Canvas, scene: Scene, light: Light) -> None:
    """Draw mountains, hills, mesas, pyramids, a volcano or an island on the horizon."""
    random = Random(f"{scene.seed}:relief")
    colour = MOUNTAIN[scene.relief_colour]
    match scene.relief:
        case "mountains" | "snowy mountains":
            _range(canvas, light, random, colour, snow=scene.relief == "snowy mountains")
        case "hills":
            for k in range(3):
                shade = mix(colour, (60, 110, 70), 0.2 * k)
                _ridge(canvas, light, S * (0.2 - 0.06 * k) * profile(random, _N, 2, 0.35, 2), shade, 0.5 - 0.2 * k)
        case "mesas":
            _ridge(canvas, light, S * 0.25 * _mesas(random), (196, 104, 76), 0.45)
            _ridge(canvas, light, S * 0.17 * _mesas(random), (180, 84, 56), 0.12)
        case "pyramids":
            _pyramids(canvas, light, random)
        case "volcano":
            _volcano(canvas, light, random)
        case "island":
            _island(canvas, light, random)
        case _:
            pass


def draw_ground(canvas: Canvas, scene: Scene, light: Light) -> None:
    """Draw water with its shore or fields, and the river, path or flowers in them."""
    if scene.ground == "lake":
        _lake(canvas, scene, light)
    elif scene.ground == "sea":
        _sea(canvas, scene, light)
    else:
        _fields(canvas, scene, light)
    if scene.way:
        _way(canvas, scene, light)
    if scene.flowers:
        _flowers(canvas, scene, light)


def water_colour(scene: Scene, light: Light) -> Colour:
    """Return the colour of deep water under this sky."""
    return {
        "dawn": (120, 150, 200),
        "day": (40, 120, 190),
        "sunset": mix(light.middle, (70, 46, 100), 0.5),
        "night": mix(light.top, light.middle, 0.6),
    }[scene.time]


def _range(canvas: Canvas, light: Light, random: Random, colour: Colour, *, snow: bool) -> None:
    _ridge(canvas, light, S * random.uniform(0.28, 0.38) * _peaks(random), colour, 0.6)
    height = random.uniform(0.26, 0.36) * S
    peaks = _peaks(random)
    _ridge(canvas, light, height * peaks, colour, 0.2)
    if snow:
        _snow(canvas, light, random, light.horizon_y - height * peaks, height)
    if random.random() < 0.6:
        near = mix(colour, (40, 70, 60), 0.45)
        _ridge(canvas, light, S * random.uniform(0.08, 0.12) * profile(random, _N, 2, 0.35, 2), near, 0.06)


def _ridge(canvas: Canvas, light: Light, heights: NDArray[np.float64], colour: Colour, haze: float) -> None:
    ys = light.horizon_y - heights
    top, bottom = int(ys.min()), light.horizon_y + 3
    stops = [(0.0, light.on(colour, haze)), (1.0, light.on(colour, min(0.8, haze + 0.25)))]
    canvas.gradient(stops, top, bottom, under(_XS, ys, bottom))


def _peaks(random: Random) -> NDArray[np.float64]:
    x = np.linspace(0, 1, _N)
    heights = np.zeros(_N)
    for _ in range(random.randint(3, 5)):
        place, peak, width = random.uniform(-0.05, 1.05), random.uniform(0.45, 1), random.uniform(0.16, 0.36)
        heights = np.maximum(heights, peak - np.abs(x - place) / width * peak * 0.62)
    rough: NDArray[np.float64] = np.clip(heights, 0.02, 1) * 0.88 + 0.12 * profile(random, _N, 2, 0.6, 8)
    return rough


def _snow(canvas: Canvas, light: Light, random: Random, ys: NDArray[np.float64], height: float) -> None:
    ragged = np.array([random.uniform(-5, 5) for _ in range(_N)]) + 6 * (np.arange(_N) % 4 < 2)
    line = np.minimum(light.horizon_y, np.maximum(light.horizon_y - height * 0.44 + ragged, ys))
    white = mix(light.on(_SNOW, 0.06), (255, 252, 250), 0.14 if light.night else 0.34)
    edge = list(zip(_XS.tolist(), ys.tolist(), strict=True))
    canvas.polygon(edge + list(zip(_XS[::-1].tolist(), line[::-1].tolist(), strict=True)), white)
    shaded = np.minimum(line, ys + np.maximum(0, np.gradient(ys)) * 2.2)
    flank = mix(light.on((170, 188, 220), 0.06), (235, 235, 250), 0.14)
    canvas.polygon(edge + list(zip(_XS[::-1].tolist(), shaded[::-1].tolist(), strict=True)), flank)


def _mesas(random: Random) -> NDArray[np.float64]:
    raw = profile(random, _N, 1, 0.5, 4)
    low, high = np.quantile(raw, 0.55), np.quantile(raw, 0.85)
    table: NDArray[np.float64] = np.where(raw > low, 0.8 + 0.14 * (raw > high), 0.2)
    return table


def _pyramids(canvas: Canvas, light: Light, random: Random) -> None:
    y = light.horizon_y
    for _ in range(random.randint(1, 3)):
        x, half = S * random.uniform(0.15, 0.85), S * random.uniform(0.17, 0.3)
        top = y - half * 0.78
        canvas.polygon([(x - half, y + 2), (x, top), (x + half, y + 2)], light.on((236, 186, 104), 0.14))
        canvas.polygon([(x + half * 0.28, y + 2), (x, top), (x + half, y + 2)], light.on((160, 112, 66), 0.14))
        canvas.mark(x - half * 0.7, top, x + half * 0.7, y)


def _volcano(canvas: Canvas, light: Light, random: Random) -> None:
    x, half, height = S * random.uniform(0.35, 0.65), S * 0.4, S * 0.34
    y, top = light.horizon_y + 2, light.horizon_y - height
    for k in range(6):
        puff = mix(light.middle, (70, 60, 70), 0.6)
        canvas.glow(x + k * 5 + random.uniform(-3, 3), top - 6 - k * 9, 12 + 7 * k, puff, 0.85)
    canvas.glow(x, top, 44, (255, 110, 40), 0.85)
    cone = [(x - half, y), (x - half * 0.15, top), (x + half * 0.15, top), (x + half, y)]
    canvas.polygon(cone, light.on((100, 80, 90), 0.18))
    lava = [(-0.15, 1), (0.15, 1), (0.22, 0.68), (0.08, 0.84), (0.0, 0.44), (-0.07, 0.8), (-0.21, 0.72)]
    canvas.polygon([(x + half * dx, light.horizon_y - height * dy) for dx, dy in lava], (255, 104, 36))
    canvas.mark(x - half * 0.5, top - 30, x + half * 0.5, y)


def _island(canvas: Canvas, light: Light, random: Random) -> None:
    x, half, y = S * random.uniform(0.28, 0.72), S * random.uniform(0.22, 0.32), light.horizon_y
    height = S * random.uniform(0.12, 0.17)
    steps = np.linspace(-1, 1, 25).tolist()
    hump = [(x + half * a, y + 1 - height * (1 - a * a) * (1 + 0.25 * math.sin(a * 5))) for a in steps]
    canvas.polygon([*hump, (x + half, y + 2), (x - half, y + 2)], light.on((70, 136, 80), 0.18))
    canvas.box(x - half, y, x + half, y + 4, light.on((240, 212, 150), 0.1))
    canvas.mark(x - half, y - height, x + half, y + 4)


def _lake(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:lake")
    y, depth = light.horizon_y, S - light.horizon_y
    base = water_colour(scene, light)
    mirror = canvas.image.crop((0, max(0, y - depth), S, y)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    canvas.image.paste(mirror, (0, y))
    wash = Image.new("L", (S, depth), 110)
    canvas.shade(mix(base, _BLACK, 0.12), wash, (0, y))
    for _ in range(7):
        ly, x, half = y + random.random() ** 1.3 * depth * 0.75 + 4, random.random() * S, random.uniform(18, 46)
        canvas.line([(x - half, ly), (x + half, ly)], 2.4, mix(base, light.horizon, 0.6))
    if scene.body != "none" and scene.relief == "none":
        _glitter(canvas, scene, light, random)
    shore = light.on((76, 130, 66) if scene.relief_colour != "grey" else (110, 116, 92))
    ys = S - S * 0.055 - S * 0.07 * profile(random, _N, 2, 0.4, 2)
    canvas.polygon(under(_XS, ys, S), shore)
    canvas.polygon(under(_XS, ys + S * 0.03, S), mix(shore, _BLACK, 0.16))


def _sea(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:sea")
    y, depth = light.horizon_y, S - light.horizon_y
    base = water_colour(scene, light)
    deep = mix(base, (0, 10, 30), 0.24 if light.night else 0.38)
    canvas.gradient([(0, mix(base, light.horizon, 0.45)), (0.25, base), (1, deep)], y, S)
    for _ in range(14):
        near = random.random()
        ly, x, half = y + 4 + near**1.2 * depth * 0.92, random.random() * S, 9 + 26 * near
        canvas.line([(x - half, ly), (x + half, ly)], 1.6 + 2 * near, mix(base, light.horizon, 0.4))
    if scene.body != "none":
        _glitter(canvas, scene, light, random)


def _glitter(canvas: Canvas, scene: Scene, light: Light, random: Random) -> None:
    x, _, radius = body_position(scene, light)
    colour = mix(water_colour(scene, light), body_colour(scene), 0.8)
    depth = S - light.horizon_y
    for k in range(9):
        y = light.horizon_y + 3 + depth * 0.85 * (k / 9) ** 1.15
        half = radius * (0.9 - 0.06 * k) * random.uniform(0.6, 1.1)
        canvas.line([(x - half + random.uniform(-4, 4), y), (x + half, y)], 3.6, colour)


def _fields(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:fields")
    colour, y, depth = GROUND[scene.ground], light.horizon_y, S - light.horizon_y
    for k in range(3):
        heights = profile(random, _N, 2, 0.35, 2)
        ys = y + depth * (0.03 + 0.3 * k) - depth * (0.06 + 0.13 * (k > 0)) * (heights * 1.6 - 0.3)
        if k == 0:
            ys = np.minimum(ys, y + 1)
        shade = mix(colour, (150, 170, 210), 0.16 * k) if scene.ground == "snow" else mix(colour, _BLACK, 0.09 * k)
        lit = light.on(shade, 0.3 - 0.14 * k)
        bright = mix(lit, (255, 255, 235), 0.05 if light.night else 0.14)
        stops = [(0.0, bright), (0.5, lit), (1.0, mix(lit, (20, 20, 60), 0.16))]
        canvas.gradient(stops, int(ys.min()), S, under(_XS, ys, S))


def _way(canvas: Canvas, scene: Scene, light: Light) -> None:
    """Draw a river or a path that winds from the horizon to the viewer."""
    random = Random(f"{scene.seed}:way")
    y, depth = light.horizon_y + 4, S - light.horizon_y - 4
    far, near, swing = S * random.uniform(0.35, 0.65), S * random.uniform(0.25, 0.75), random.uniform(-1, 1)
    left, right = [], []
    for k in range(17):
        t = k / 16
        x = far + (near - far) * t + S * 0.16 * math.sin(t * 5 + swing * 3) * t**0.6 * (1 - 0.4 * t)
        half = 3 + (30 if scene.way == "river" else 20) * t**1.5
        left.append((x - half, y + depth * t))
        right.append((x + half, y + depth * t))
    if scene.way == "river":
        colour = mix(water_colour(scene, light), light.horizon, 0.35)
    else:
        colour = light.on((226, 196, 148), 0.05)
    canvas.polygon([*left, *right[::-1]], colour)


def _flowers(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:flowers")
    colour = mix(light.on(PAINT[scene.flowers]), PAINT[scene.flowers], 0.25)
    depth = S - light.horizon_y
    for _ in range(46):
        near = random.random() ** 0.7
        x, y, radius = random.random() * S, light.horizon_y + depth * (0.28 + 0.72 * near), 2.4 + 2.8 * near
        canvas.disc(x, y, radius, radius * 0.85, colour)
