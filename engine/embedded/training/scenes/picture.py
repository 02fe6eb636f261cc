"""A scene drawn as pixels."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.embedded.training.scenes.canvas import SIZE, Box, Canvas, Light, S
from engine.embedded.training.scenes.land import draw_ground, draw_relief
from engine.embedded.training.scenes.objects import draw_objects
from engine.embedded.training.scenes.palette import mix
from engine.embedded.training.scenes.scene import Scene
from engine.embedded.training.scenes.sky import draw_balloon, draw_sky

_INK = ((34, 36, 62), (116, 108, 128), (246, 238, 222))  # dark, middle, paper


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A drawn scene.

    Attributes:
        pixels: (128, 128, 3) uint8, RGB.
        boxes: The bounding boxes of the objects: x0, y0, x1, y1 in pixels.
    """

    pixels: NDArray[np.uint8]
    boxes: tuple[Box, ...]


def draw_scene(scene: Scene) -> Picture:
    """Draw a scene; the same scene gives the same bytes with the same version of Pillow."""
    canvas, light = Canvas(), Light(scene)
    draw_sky(canvas, scene, light)
    draw_relief(canvas, scene, light)
    if scene.balloon:
        draw_balloon(canvas, scene, light)
    draw_ground(canvas, scene, light)
    draw_objects(canvas, scene, light)
    _weather(canvas, scene, light)
    image = canvas.image.reduce(S // SIZE)
    boxes = tuple((x0 / 2, y0 / 2, x1 / 2, y1 / 2) for x0, y0, x1, y1 in canvas.boxes)
    return Picture(pixels=_styled(image, scene.style), boxes=boxes)


def _weather(canvas: Canvas, scene: Scene, light: Light) -> None:
    if scene.weather == "fog":
        _fog(canvas, light)
    elif scene.weather == "rain":
        _rain(canvas, scene, light)
    elif scene.weather == "snowfall":
        _snowfall(canvas, scene)


def _fog(canvas: Canvas, light: Light) -> None:
    rows = (np.arange(S) - light.horizon_y) / S
    thick = np.where(rows < 0, np.exp(-((rows / 0.16) ** 2)), np.exp(-((rows / 0.3) ** 2))) * 150 + 24
    mask = Image.fromarray(thick.clip(0, 255).astype(np.uint8)[:, None]).resize((S, S))
    canvas.shade(mix(light.horizon, (236, 238, 244), 0.1 if light.night else 0.5), mask)


def _rain(canvas: Canvas, scene: Scene, light: Light) -> None:
    random = Random(f"{scene.seed}:rain")
    canvas.shade(mix(light.top, (96, 104, 122), 0.7), Image.new("L", (S, S), 88))
    colour = mix(light.horizon, (232, 240, 255), 0.6)
    for _ in range(34):
        x, y, length = random.uniform(0, S * 1.1), random.uniform(-20, S), random.uniform(16, 26)
        canvas.line([(x, y), (x - length * 0.34, y + length)], 3.0, mix(colour, light.middle, random.uniform(0.1, 0.4)))


def _snowfall(canvas: Canvas, scene: Scene) -> None:
    random = Random(f"{scene.seed}:snowfall")
    canvas.shade((206, 214, 230), Image.new("L", (S, S), 40))
    for _ in range(44):
        x, y, radius = random.random() * S, random.random() * S, random.uniform(3.0, 5.4)
        canvas.disc(x, y, radius, radius, (250, 252, 255))


def _styled(image: Image.Image, style: str) -> NDArray[np.uint8]:
    if style == "ink":
        grey = np.asarray(image.convert("L"), dtype=np.float64)
        low, high = np.percentile(grey, (2, 98))
        tone = ((grey - low) / max(60.0, high - low)).clip(0, 1)
        channels = [np.interp(tone, (0, 0.5, 1), [colour[k] for colour in _INK]) for k in range(3)]
        return np.stack(channels, -1).round().astype(np.uint8)
    return np.asarray(image)
