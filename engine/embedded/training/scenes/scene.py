"""What is in a landscape, as a frozen value, and how it is sampled from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from engine.embedded.training.scenes.palette import MOON, PAINT, SKIES

TIMES = ("dawn", "day", "sunset", "night")
SKY_COLOURS = tuple(sorted({name for skies in SKIES.values() for name in skies}))
BODIES = ("none", "sun", "full moon", "crescent moon")
RELIEFS = ("none", "hills", "mountains", "snowy mountains", "mesas", "pyramids", "volcano", "island")
GROUNDS = ("lake", "sea", "meadow", "desert", "snow", "autumn")
TREES = ("none", "pine", "round", "palm", "cactus", "blossom")
WEATHERS = ("clear", "rain", "fog", "snowfall")
STYLES = ("flat", "ink")
MANY = 9  # trees

_TREES_OF = {
    "lake": {"pine": 0.6, "blossom": 0.2, "round": 0.2},
    "sea": {"palm": 1.0},
    "desert": {"cactus": 0.75, "palm": 0.25},
    "snow": {"pine": 1.0},
    "autumn": {"round": 1.0},
    "meadow": {"pine": 0.35, "round": 0.35, "blossom": 0.3},
}
_BUILDINGS_OF = {
    "lake": {"house": 0.35, "castle": 0.1},
    "sea": {"lighthouse": 0.32},
    "desert": {},
    "snow": {"house": 0.35, "castle": 0.12},
    "autumn": {"house": 0.3, "windmill": 0.2, "castle": 0.1},
    "meadow": {"house": 0.26, "windmill": 0.24, "castle": 0.12},
}
_BODY_COLOURS = {
    "dawn": {"yellow": 0.5, "white": 0.3, "orange": 0.2},
    "day": {"yellow": 0.7, "white": 0.3},
    "sunset": {"red": 0.4, "orange": 0.35, "yellow": 0.25},
    "night": {"white": 0.4, "yellow": 0.3, "blue": 0.15, "red": 0.15},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A landscape.  An empty string means that there is none; `seed` decides every position, size and shade."""

    seed: int
    time: str
    sky: str
    ground: str
    relief: str
    relief_colour: str
    body: str = "none"
    body_colour: str = "yellow"
    body_size: str = "medium"  # small, medium, huge
    clouds: str = "none"  # none, few, many
    weather: str = "clear"
    stars: bool = False
    aurora: bool = False
    rainbow: bool = False
    birds: bool = False
    balloon: str = ""  # its colour
    trees: str = "none"
    tree_count: int = 0  # 1, 2, 3 or MANY
    building: str = ""  # house, windmill, castle, lighthouse
    roof: str = "red"  # of house, windmill and castle
    boat: str = ""  # the colour of its sail
    flowers: str = ""  # their colour
    way: str = ""  # river, path
    style: str = "flat"


def sample_scene(seed: int) -> Scene:
    """Return the scene of a seed, which never changes: all attributes are drawn from one generator."""
    random = Random(seed)
    ground = _pick(random, {"lake": 0.22, "sea": 0.2, "meadow": 0.22, "desert": 0.14, "snow": 0.12, "autumn": 0.10})
    weather = _weather(random, ground)
    time = _pick(random, {"dawn": 0.22, "day": 0.28, "sunset": 0.26, "night": 0.24})
    sky = "grey" if weather == "rain" and time == "day" else random.choice(list(SKIES[time]))
    body, body_colour = _body(random, time, sky, weather)
    relief, relief_colour = _relief(random, ground)
    trees, tree_count = _trees(random, ground)
    clear = weather == "clear"
    return Scene(
        seed=random.getrandbits(32),
        time=time,
        sky=sky,
        ground=ground,
        relief=relief,
        relief_colour=relief_colour,
        body=body,
        body_colour=body_colour,
        body_size=_pick(random, {"small": 0.2, "medium": 0.5, "huge": 0.3}),
        clouds=_pick(random, {"none": 0.45, "few": 0.3, "many": 0.25} if sky != "grey" else {"many": 0.7, "few": 0.3}),
        weather=weather,
        stars=time == "night" and clear and random.random() < 0.7,
        aurora=time == "night" and clear and random.random() < 0.2,
        rainbow=time == "day" and weather in ("clear", "rain") and random.random() < 0.14,
        birds=time != "night" and random.random() < 0.16,
        balloon=random.choice(list(PAINT)) if weather != "rain" and random.random() < 0.18 else "",
        trees=trees,
        tree_count=tree_count,
        building=_pick(random, {**_BUILDINGS_OF[ground], "": 1 - sum(_BUILDINGS_OF[ground].values())}),
        roof=random.choice(["red", "blue", "yellow", "white"]),
        boat=random.choice(["white", "red", "yellow"]) if ground in ("sea", "lake") and random.random() < 0.45 else "",
        flowers=random.choice(["red", "yellow", "pink", "white"])
        if ground == "meadow" and random.random() < 0.35
        else "",
        way=_way(random, ground),
        style=_pick(random, {"flat": 0.91, "ink": 0.09}),
    )


def _pick(random: Random, weights: Mapping[str, float]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


def _weather(random: Random, ground: str) -> str:
    if ground == "snow":
        return _pick(random, {"clear": 0.6, "fog": 0.1, "snowfall": 0.3})
    if ground == "desert":
        return _pick(random, {"clear": 0.92, "fog": 0.08})
    return _pick(random, {"clear": 0.78, "rain": 0.1, "fog": 0.1, "snowfall": 0.02})


def _body(random: Random, time: str, sky: str, weather: str) -> tuple[str, str]:
    colour = _pick(random, _BODY_COLOURS[time])
    if weather == "rain" or random.random() < (0.7 if sky == "grey" else 0.12):
        return "none", colour
    if time == "night":
        return random.choice(["full moon", "crescent moon"]), colour if colour in MOON else "white"
    return "sun", colour


def _relief(random: Random, ground: str) -> tuple[str, str]:
    if ground == "sea":
        relief = _pick(random, {"none": 0.4, "mountains": 0.2, "hills": 0.15, "island": 0.25})
    elif ground == "desert":
        relief = _pick(random, {"none": 0.2, "mountains": 0.25, "mesas": 0.3, "pyramids": 0.25})
    else:
        relief = _pick(random, {"mountains": 0.33, "snowy mountains": 0.3, "hills": 0.2, "none": 0.08, "volcano": 0.09})
    colours = ["red", "grey", "purple"] if ground == "desert" else ["blue", "purple", "green", "grey", "red"]
    return relief, random.choice(colours)


def _trees(random: Random, ground: str) -> tuple[str, int]:
    if random.random() < 0.42:
        return "none", 0
    return _pick(random, _TREES_OF[ground]), random.choices([1, 2, 3, MANY], [0.3, 0.22, 0.18, 0.3])[0]


def _way(random: Random, ground: str) -> str:
    if ground == "meadow":
        return _pick(random, {"": 0.66, "river": 0.18, "path": 0.16})
    if ground in ("autumn", "snow"):
        return _pick(random, {"": 0.7, "river": 0.14, "path": 0.16})
    return ""
