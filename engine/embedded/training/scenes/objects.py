"""Trees, buildings and boats; the longer side of each has 20 pixels or more, since smaller ones cannot be learnt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from engine.embedded.training.scenes.canvas import Canvas, Light, S, profile
from engine.embedded.training.scenes.land import water_colour
from engine.embedded.training.scenes.palette import AUTUMN_LEAVES, PAINT, TREE, Colour, mix
from engine.embedded.training.scenes.scene import MANY, Scene

_BLACK: Colour = (0, 0, 0)
_WINDOW: Colour = (255, 222, 110)


class FreePositions:
    """Positions of objects, chosen so that they do not overlap horizontally."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: list[tuple[float, float]] = []

    def take(self, half: float, low: float = 0.12, high: float = 0.88) -> float:
        """Return the middle of a free position of this half width; the last one tried if none is free."""
        x = 0.0
        for _ in range(16):
            x = S * self._random.uniform(low, high)
            if all(abs(x - other) > half + width for other, width in self._taken):
                break
        self._taken.append((x, half))
        return x


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tree:
    """A tree: the position of its foot, its size, and its colours in this light."""

    x: float
    y: float
    size: float
    colour: Colour
    bark: Colour
    snow: Colour | tuple[()] = ()
    blossoms: bool = False


def draw_objects(canvas: Canvas, scene: Scene, light: Light) -> None:
    """Draw the boat, the building and the trees, the farthest first."""
    positions = FreePositions(Random(f"{scene.seed}:places"))
    if scene.boat:
        _boat(canvas, scene, light, positions)
    if scene.building:
        _building(canvas, scene, light, positions)
    if scene.trees != "none":
        _trees(canvas, scene, light, positions)


def _building(canvas: Canvas, scene: Scene, light: Light, positions: FreePositions) -> None:
    random = Random(f"{scene.seed}:building")
    depth = S - light.horizon_y
    if scene.building == "lighthouse":
        low, high = (0.1, 0.28) if random.random() < 0.5 else (0.72, 0.9)
        _lighthouse(
            canvas, light, positions.take(40, low, high), light.horizon_y + depth * 0.32, random.uniform(1.1, 1.35)
        )
        return
    y = S * 0.945 if scene.ground == "lake" else light.horizon_y + depth * random.uniform(0.34, 0.6)
    roof = mix(light.on(PAINT[scene.roof]), PAINT[scene.roof], 0.2)
    size = random.uniform(1.4, 1.8)
    if scene.building == "house":
        _house(canvas, light, positions.take(25 * size), y, size, roof)
    elif scene.building == "windmill":
        _windmill(canvas, light, positions.take(26 * size), y, size, roof, random)
    else:
        _castle(canvas, light, positions.take(30 * size), y, size, roof)


def _house(canvas: Canvas, light: Light, x: float, y: float, k: float, roof: Colour) -> None:
    wall, window = light.on((244, 230, 206)), _WINDOW if light.dark else light.on((120, 170, 210))
    canvas.box(x + 9 * k, y - 38 * k, x + 14 * k, y - 22 * k, light.on((130, 90, 76)))
    canvas.box(x - 18 * k, y - 19 * k, x + 18 * k, y, wall)
    canvas.polygon([(x - 23 * k, y - 18 * k), (x, y - 38 * k), (x + 23 * k, y - 18 * k)], roof)
    canvas.box(x - 13 * k, y - 14 * k, x - 4 * k, y - 5 * k, window)
    canvas.box(x + 3 * k, y - 14 * k, x + 12 * k, y, light.on((130, 78, 54)))
    if light.night:
        canvas.glow(x - 8 * k, y - 9 * k, 24 * k, (255, 210, 110), 0.35)
    canvas.mark(x - 23 * k, y - 38 * k, x + 23 * k, y)


def _windmill(canvas: Canvas, light: Light, x: float, y: float, k: float, roof: Colour, random: Random) -> None:
    wall, sail = light.on((244, 236, 220)), light.on((255, 250, 240))
    canvas.polygon([(x - 12 * k, y), (x - 7 * k, y - 36 * k), (x + 7 * k, y - 36 * k), (x + 12 * k, y)], wall)
    canvas.polygon([(x - 10 * k, y - 35 * k), (x, y - 48 * k), (x + 10 * k, y - 35 * k)], roof)
    canvas.box(x - 4 * k, y - 12 * k, x + 4 * k, y, _WINDOW if light.dark else light.on((130, 78, 54)))
    turn, hub = random.uniform(0.2, 1.3), y - 37 * k
    for quarter in range(4):
        a = turn + quarter * math.pi / 2
        c, s = math.cos(a), math.sin(a)
        blade = [(5, -1), (24, -1), (24, 6.5), (5, 6.5)]
        canvas.polygon([(x + k * (u * c - v * s), hub + k * (u * s + v * c)) for u, v in blade], sail)
        canvas.line([(x, hub), (x + 24 * k * c, hub + 24 * k * s)], 2 * k, light.on((120, 80, 60)))
    canvas.mark(x - 24 * k, y - 60 * k, x + 24 * k, y)


def _castle(canvas: Canvas, light: Light, x: float, y: float, k: float, roof: Colour) -> None:
    wall, shadow = light.on((196, 190, 196)), light.on((160, 154, 168))
    window = _WINDOW if light.dark else light.on((80, 80, 100))
    canvas.box(x - 22 * k, y - 22 * k, x + 22 * k, y, wall)
    for side in (-1, 1):
        tower = x + side * 22 * k
        canvas.box(tower - 7 * k, y - 32 * k, tower + 7 * k, y, shadow)
        canvas.polygon([(tower - 9 * k, y - 31 * k), (tower, y - 49 * k), (tower + 9 * k, y - 31 * k)], roof)
        canvas.box(tower - 2 * k, y - 26 * k, tower + 2 * k, y - 19 * k, window)
    canvas.box(x - 8 * k, y - 40 * k, x + 8 * k, y - 20 * k, wall)
    canvas.polygon([(x - 10 * k, y - 39 * k), (x, y - 60 * k), (x + 10 * k, y - 39 * k)], roof)
    canvas.box(x - 2.4 * k, y - 34 * k, x + 2.4 * k, y - 26 * k, window)
    canvas.box(x - 5 * k, y - 13 * k, x + 5 * k, y, light.on((110, 70, 52)), radius=4 * k)
    canvas.mark(x - 30 * k, y - 60 * k, x + 30 * k, y)


def _lighthouse(canvas: Canvas, light: Light, x: float, y: float, k: float) -> None:
    rock, white, red = light.on((104, 96, 96)), light.on((250, 246, 240)), light.on((222, 50, 46))
    canvas.polygon([(x - 40 * k, y + 16 * k), (x - 22 * k, y), (x + 24 * k, y - 2 * k), (x + 42 * k, y + 16 * k)], rock)
    for q in range(5):
        a, b = (9.5 - q) * k, (8.5 - q) * k
        low, high = y - q * 13 * k, y - (q + 1) * 13 * k
        canvas.polygon([(x - a, low), (x + a, low), (x + b, high), (x - b, high)], white if q % 2 else red)
    top = y - 65 * k
    if light.dark:
        canvas.glow(x, top - 5 * k, 36 * k, (255, 240, 170), 0.85)
    canvas.box(x - 5 * k, top - 10 * k, x + 5 * k, top, (255, 240, 160))
    canvas.polygon([(x - 7 * k, top - 10 * k), (x, top - 18 * k), (x + 7 * k, top - 10 * k)], red)
    canvas.mark(x - 24 * k, top - 18 * k, x + 24 * k, y + 16 * k)


def _boat(canvas: Canvas, scene: Scene, light: Light, positions: FreePositions) -> None:
    random = Random(f"{scene.seed}:boat")
    k = random.uniform(1.25, 1.65)
    x, y = positions.take(20 * k), light.horizon_y + (S - light.horizon_y) * random.uniform(0.3, 0.5)
    sail = mix(light.on(PAINT[scene.boat]), PAINT[scene.boat], 0.45 if light.dark else 0.1)
    hull = [(x - 19 * k, y), (x + 19 * k, y), (x + 12 * k, y + 9 * k), (x - 13 * k, y + 9 * k)]
    canvas.polygon(hull, light.on((120, 70, 48)))
    canvas.polygon([(x + k, y - 36 * k), (x + k, y - 3 * k), (x + 18 * k, y - 3 * k)], sail)
    back = [(x - 2 * k, y - 30 * k), (x - 2 * k, y - 3 * k), (x - 14 * k, y - 3 * k)]
    canvas.polygon(back, mix(sail, _BLACK, 0.16))
    canvas.box(x - 13 * k, y + 11 * k, x + 13 * k, y + 13 * k, mix(water_colour(scene, light), light.horizon, 0.5))
    canvas.mark(x - 19 * k, y - 36 * k, x + 19 * k, y + 13 * k)


def _trees(canvas: Canvas, scene: Scene, light: Light, positions: FreePositions) -> None:
    random = Random(f"{scene.seed}:trees")
    if scene.ground == "sea":
        _beach(canvas, light, random)
    depth = S - light.horizon_y
    if scene.tree_count == MANY:
        spots = [(S * (k + random.random()) / 9, random.random()) for k in range(9)]
    else:
        spots = [(positions.take(22), random.random()) for _ in range(scene.tree_count)]
    snow = light.on((240, 246, 252)) if "snow" in (scene.ground, scene.weather.removesuffix("fall")) else ()
    bark = light.on((112, 76, 54) if scene.trees == "palm" else (96, 64, 46))
    colour = AUTUMN_LEAVES if (scene.ground, scene.trees) == ("autumn", "round") else TREE[scene.trees]
    for x, near in sorted(spots, key=lambda spot: spot[1]):
        if scene.ground in ("lake", "sea"):
            y, k = S * (0.955 + 0.035 * near), 1.45 + 0.35 * near
        else:
            y, k = light.horizon_y + depth * (0.34 + 0.6 * near), 1.05 + 0.7 * near
        if scene.tree_count == MANY:
            k *= 0.8
        shade = mix(colour, (20, 40, 40), random.uniform(0, 0.18))
        size = k * random.uniform(0.94, 1.12)
        lit = light.on(shade, 0.14 * (1 - near))
        tree = _Tree(x=x, y=y, size=size, colour=lit, bark=bark, snow=snow, blossoms=scene.trees == "blossom")
        _TREES[scene.trees](canvas, tree)


def _beach(canvas: Canvas, light: Light, random: Random) -> None:
    xs = [S * k / 32 for k in range(33)]
    ys = [S * 0.93 - S * 0.04 * h for h in profile(random, 33, 1, 0.4, 2).tolist()]
    for rise, colour in ((4.0, (250, 246, 236)), (0.0, (238, 206, 146))):
        outline = [(x, y - rise) for x, y in zip(xs, ys, strict=True)]
        canvas.polygon([*outline, (S, S), (0, S)], light.on(colour))


def _pine(canvas: Canvas, tree: _Tree) -> None:
    x, y, k, colour = tree.x, tree.y, tree.size, tree.colour
    canvas.box(x - 2.4 * k, y - 8 * k, x + 2.4 * k, y, tree.bark)
    for q in range(3):
        half, low, high = (16 - 3.6 * q) * k, y - (6 + 12 * q) * k, y - (30 + 11 * q) * k
        canvas.polygon([(x - half, low), (x, high), (x + half, low)], colour)
        canvas.polygon([(x, low), (x, high), (x + half, low)], mix(colour, (0, 0, 20), 0.22))
        if tree.snow:
            cut = high + (low - high) * 0.42
            canvas.polygon([(x - half * 0.42, cut), (x, high), (x + half * 0.42, cut)], tree.snow)
    canvas.mark(x - 16 * k, y - 52 * k, x + 16 * k, y)


def _round(canvas: Canvas, tree: _Tree) -> None:
    x, y, k, colour = tree.x, tree.y, tree.size, tree.colour
    canvas.box(x - 2.8 * k, y - 22 * k, x + 2.8 * k, y, tree.bark)
    for ox, oy, r in ((-8.0, -26.0, 11.5), (8.0, -26.0, 11.5), (0.0, -36.0, 13.0)):
        canvas.disc(x + ox * k, y + oy * k, r * k, r * k, colour)
    canvas.disc(x - 4 * k, y - 40 * k, 6 * k, 6 * k, mix(colour, (255, 255, 200), 0.18))
    if tree.blossoms:
        canvas.disc(x + 8 * k, y - 24 * k, 5 * k, 5 * k, mix(colour, (255, 255, 255), 0.4))
    canvas.mark(x - 19 * k, y - 49 * k, x + 19 * k, y)


def _palm(canvas: Canvas, tree: _Tree) -> None:
    x, y, k, colour = tree.x, tree.y, tree.size, tree.colour
    lean = math.sin(x * 0.7) * 9 * k
    tip = (x + lean, y - 40 * k)
    canvas.line([(x, y), (x + lean * 0.3, y - 18 * k), tip], 4.8 * k, tree.bark)
    for angle in (-165, -130, -50, -15, 20, 160):
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        end = (tip[0] + 22 * k * c, tip[1] + 15 * k * s + 6 * k)
        middle = (tip[0] + 12 * k * c, tip[1] + 13 * k * s - 4 * k)
        canvas.polygon([tip, (middle[0], middle[1] - 3 * k), end, (middle[0], middle[1] + 3 * k)], colour)
    canvas.mark(tip[0] - 22 * k, y - 58 * k, tip[0] + 22 * k, y)


def _cactus(canvas: Canvas, tree: _Tree) -> None:
    x, y, k, colour = tree.x, tree.y, tree.size, tree.colour
    half = 5 * k
    canvas.box(x - half, y - 42 * k, x + half, y, colour, radius=half)
    for side, height in ((-1, 14), (1, 20)):
        arm = sorted((x, x + side * 14 * k))
        canvas.box(arm[0], y - (height + 7) * k, arm[1], y - height * k, colour, radius=3 * k)
        up = x + side * 12.5 * k
        canvas.box(up - 3.6 * k, y - (height + 18) * k, up + 3.6 * k, y - height * k, colour, radius=3.4 * k)
    canvas.mark(x - 16 * k, y - 42 * k, x + 16 * k, y)


_TREES = {"pine": _pine, "round": _round, "blossom": _round, "palm": _palm, "cactus": _cactus}
