"""Everything above the land: stars, aurora, sun or moon, rainbow, clouds, birds, balloon."""

from __future__ import annotations

import math
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engine.embedded.training.scenes.canvas import Canvas, Light, S, profile
from engine.embedded.training.scenes.palette import MOON, PAINT, RAINBOW, SUN, Colour, mix
from engine.embedded.training.scenes.scene import Scene

_RADIUS = {"small": 15.0, "medium": 23.0, "huge": 38.0}
# how much of the sky a relief hides, as a share of the height of the picture
_RISE = {"none": 0.0, "mountains": 0.22, "snowy mountains": 0.22, "volcano": 0.26}
_WHITE: Colour = (255, 255, 255)


def draw_sky(canvas: Canvas, scene: Scene, light: Light) -> None:
    """Draw the sky and what is in it, the farthest first."""
    canvas.gradient([(0, light.top), (0.55, light.middle), (1, light.horizon)], 0, min(S, light.horizon_y + 2))
    if scene.stars:
        _stars(canvas, scene, light)
    if scene.aurora:
        _aurora(canvas, scene, light)
    if scene.body != "none":
        _body(canvas, scene, light)
    if scene.rainbow:
        _rainbow(canvas, scene, light)
    if scene.clouds != "none":
        _clouds(canvas, scene, light)
    if scene.birds:
        _birds(canvas, scene, light)


def body_colour(scene: Scene) -> Colour:
    """Return the colour of sun or moon."""
    return SUN[scene.body_colour] if scene.body == "sun" else MOON[scene.body_colour]


def body_position(scene: Scene, light: Light) -> tuple[float, float, float]:
    """Return x, y and radius of sun or moon."""
    random = Random(f"{scene.seed}:body")
    radius = _RADIUS[scene.body_size] * random.uniform(0.92, 1.1)
    x = S * random.uniform(0.2, 0.8)
    if scene.time in ("dawn", "sunset"):
        rise = _RISE.get(scene.relief, 0.12)
        y = light.horizon_y - radius * random.uniform(0.3, 1.2) - S * (rise + random.uniform(0, 0.06))
    else:
        y = S * random.uniform(0.14, 0.28)
    return x, max(y, radius + 5), radius


def draw_balloon(canvas: Canvas, scene: Scene, light: Light) -> None:
    """Draw a hot air balloon, in front of the relief."""
    random = Random(f"{scene.seed}:balloon")
    x, y, r = S * random.uniform(0.18, 0.82), S * random.uniform(0.18, 0.32), random.uniform(24, 32)
    paint = PAINT[scene.balloon]
    colour = mix(light.on(paint), paint, 0.35)
    canvas.polygon(
        [
            (x - r * 0.84, y + r * 0.5),
            (x + r * 0.84, y + r * 0.5),
            (x + r * 0.2, y + r * 1.5),
            (x - r * 0.2, y + r * 1.5),
        ],
        colour,
    )
    canvas.disc(x, y, r, r, colour)
    canvas.disc(x, y, r * 0.42, r, mix(colour, _WHITE, 0.4))
    canvas.box(x - r * 0.24, y + r * 1.62, x + r * 0.24, y + r * 2.02, light.on((120, 74, 40)))
    canvas.mark(x - r, y - r, x + r, y + 2 * r)


def _stars(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:stars")
    for _ in range(random.randint(14, 26)):
        x, y, bright = random.random() * S, random.random() ** 1.2 * light.horizon_y * 0.8, random.random()
        radius = 1.8 + 1.4 * bright
        canvas.disc(x, y, radius, radius, mix(light.middle, (255, 255, 240), 0.6 + 0.4 * bright))


def _aurora(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:aurora")
    colour: Colour = (80, 250, 160) if random.random() < 0.6 else (176, 130, 255)
    crest = 16 + 24 * profile(random, 64, 2, 0.5, 2)
    rows = np.arange(64)[:, None]
    above = np.exp(-np.clip(crest - rows, 0, None) / 11.0) * (rows <= crest)
    below = np.exp(-((rows - crest) ** 2) / 8.0) * (rows > crest)
    curtain = (above + below) * (0.5 + 0.5 * profile(random, 64, 2, 0.6, 5))
    mask = Image.fromarray((curtain * 215).clip(0, 255).astype(np.uint8))
    canvas.shade(colour, mask.resize((S, light.horizon_y), Image.Resampling.BICUBIC))


def _body(canvas: Canvas, scene: Scene, light: Light) -> None:
    x, y, radius = body_position(scene, light)
    colour = body_colour(scene)
    veiled = 0.45 if scene.weather == "fog" else 0.0
    colour = mix(colour, light.at(0.4), veiled)
    canvas.glow(x, y, radius * 3.4, mix(colour, _WHITE, 0.2), 0.4 if light.night else 0.62)
    if scene.body == "crescent moon":
        _crescent(canvas, x, y, radius, colour, Random(f"{scene.seed}:crescent"))
    else:
        canvas.disc(x, y, radius, radius, colour)
        if scene.body == "full moon":
            _craters(canvas, x, y, radius, mix(colour, light.middle, 0.2), Random(f"{scene.seed}:craters"))
    canvas.mark(x - radius, y - radius, x + radius, y + radius)


def _crescent(canvas: Canvas, x: float, y: float, r: float, colour: Colour, random: Random) -> None:
    mask = Image.new("L", (int(r * 2) + 2, int(r * 2) + 2), 0)
    draw = ImageDraw.Draw(mask)
    draw.ellipse((0, 0, r * 2, r * 2), fill=255)
    shift = r * 0.66 * (1 if random.random() < 0.5 else -1)
    draw.ellipse((shift, -r * 0.2, r * 2 + shift, r * 1.8), fill=0)
    canvas.shade(colour, mask, (int(x - r), int(y - r)))


def _craters(canvas: Canvas, x: float, y: float, r: float, colour: Colour, random: Random) -> None:
    for k in range(3):
        angle, size = k * 2.1 + random.random(), r * random.uniform(0.16, 0.26)
        canvas.disc(x + 0.5 * r * math.cos(angle), y + 0.5 * r * math.sin(angle), size, size, colour)


def _rainbow(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:rainbow")
    arch = Image.new("RGBA", (S, S), (0, 0, 0, 0))
    draw = ImageDraw.Draw(arch)
    x, outer, width = S * random.uniform(0.35, 0.65), S * random.uniform(0.4, 0.5), 5.0
    for k, (r, g, b) in enumerate(RAINBOW):
        radius = outer - k * width
        ends = (x - radius, light.horizon_y - radius, x + radius, light.horizon_y + radius)
        draw.ellipse(ends, outline=(round(r), round(g), round(b), 190), width=6)
    canvas.image.paste(arch, (0, 0), arch)


def _clouds(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:clouds")
    colour = {
        "dawn": (255, 238, 228),
        "day": _WHITE,
        "sunset": mix(light.middle, (255, 220, 180), 0.6),
        "night": mix(light.middle, (176, 188, 232), 0.5),
    }[scene.time]
    if scene.sky == "grey":
        colour = (234, 238, 242)
    mask = Image.new("L", (S, S), 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(random.randint(2, 3) if scene.clouds == "few" else random.randint(5, 7)):
        x, y, scale = random.random() * S, random.uniform(0.07, 0.36) * S, random.uniform(1.0, 1.7)
        for k in range(6):
            px = x + (k - 2.5) * 8.5 * scale
            r = (5 + 7.5 * math.sin((k + 0.5) / 6 * math.pi) * random.uniform(0.75, 1.15)) * scale
            draw.ellipse((px - r * 1.15, y - r, px + r * 1.15, y + r), fill=225)
        draw.rectangle((x - 34 * scale, y + 4.2 * scale, x + 34 * scale, y + 15 * scale), fill=0)
    canvas.shade(colour, mask.filter(ImageFilter.BoxBlur(1.4)))


def _birds(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:birds")
    x0, y0 = S * random.uniform(0.25, 0.75), S * random.uniform(0.14, 0.32)
    colour = mix(light.on((36, 36, 56)), light.middle, 0.1)
    for k in range(random.randint(3, 5)):
        x, y, size = x0 + (k - 2) * 24 + random.uniform(-6, 6), y0 + random.uniform(-22, 22), random.uniform(9, 13)
        canvas.line([(x - size, y - size * 0.6), (x, y), (x + size, y - size * 0.6)], 3.6, colour)
        canvas.mark(x - size, y - size, x + size, y + 3)
