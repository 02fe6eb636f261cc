"""Captions of scenes, in many phrasings, each with some details left out.

What a caption mentions is true, but it never mentions everything.  `Caption.said` names the attributes of the scene
that it mentions, so that a picture rendered from the caption can be checked against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from engine.embedded.training.scenes.scene import MANY, Scene

_TIMES = {
    "dawn": ("dawn", "dawn", "sunrise", "early morning"),
    "day": ("day", "day", "noon", "daytime"),
    "sunset": ("sunset", "sunset", "dusk", "evening"),
    "night": ("night", "night", "midnight"),
}
_GROUNDS = {
    "lake": ("a lake", "a calm lake", "lake"),
    "sea": ("the sea", "the ocean", "sea"),
    "meadow": ("a meadow", "a green meadow", "green fields"),
    "desert": ("a desert", "sand dunes", "the desert"),
    "snow": ("a snowy field", "snow", "a winter field"),
    "autumn": ("autumn fields", "an autumn meadow", "autumn"),
}
_TREES = {
    "pine": ("pine tree", "pine trees", "pine forest"),
    "round": ("tree", "trees", "forest"),
    "palm": ("palm tree", "palm trees", "palm grove"),
    "cactus": ("cactus", "cacti", "field of cacti"),
    "blossom": ("cherry tree", "cherry trees", "cherry grove"),
}
_COUNTS = {1: ("a", "one"), 2: ("two",), 3: ("three",)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Caption:
    """A description of a scene.

    Attributes:
        text: What a person would type.
        said: Names of the fields of `Scene` that the text determines.
    """

    text: str
    said: frozenset[str]


class _Words:
    """The phrases of a caption that is being written, and the fields that they determine."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.phrases: list[str] = []
        self.said: set[str] = set()

    def keep(self, share: float) -> bool:
        return self.random.random() < share

    def say(self, phrase: str, *names: str) -> None:
        self.phrases.append(phrase)
        self.said.update(names)


def describe(scene: Scene, random: Random) -> Caption:
    """Return one of the many captions of a scene, chosen by the generator."""
    words = _Words(random)
    _land(words, scene)
    _time(words, scene)
    _objects(words, scene)
    _air(words, scene)
    if words.keep(0.5):
        rest = words.phrases[1:]
        random.shuffle(rest)
        words.phrases[1:] = rest
    if scene.style == "ink":
        style = random.choice(("ink drawing", "an ink drawing"))
        if words.keep(0.6):
            words.phrases[0] = f"{style} of {words.phrases[0]}"
        else:
            words.say("ink drawing")
        words.said -= {"time", "sky", "body_colour", "relief_colour", "roof", "boat_colour", "balloon_colour"}
        words.said.add("style")
    return Caption(text=", ".join(words.phrases), said=frozenset(words.said))


def _land(words: _Words, scene: Scene) -> None:
    """Describe ground, relief, and sun or moon; the first phrase often joins two of them."""
    random = words.random
    relief = _relief(words, scene) if scene.relief != "none" and words.keep(0.95) else ("", ())
    body = _body(words, scene) if scene.body != "none" and words.keep(0.85) else ("", ())
    parts = [(phrase, names) for phrase, names in (relief, body) if phrase]
    if not parts or words.keep(0.9):
        parts.append((random.choice(_GROUNDS[scene.ground]), ("ground",)))
    random.shuffle(parts)
    for _, names in parts:
        words.said.update(names)
    phrases = [phrase for phrase, _ in parts]
    joint = _joint([names[0] for _, names in parts], random)
    if joint and words.keep(0.6):
        phrases[:2] = [joint.join(phrases[:2])]
    words.phrases += phrases


def _joint(names: list[str], random: Random) -> str:
    """Return the words that may join the first two phrases; empty if none fit."""
    if names[:2] in (["body", "relief"], ["body", "ground"]):
        return " over "
    if names[:2] == ["relief", "ground"]:
        return random.choice((" and ", " above "))
    return ""


def _relief(words: _Words, scene: Scene) -> tuple[str, tuple[str, ...]]:
    random, relief = words.random, scene.relief
    if relief in ("mountains", "hills") and words.keep(0.6):
        return f"{scene.relief_colour} {relief}", ("relief", "relief_colour")
    if relief == "snowy mountains":
        relief = random.choice(("snowy mountains", "snowy mountains", "snow-capped mountains", "snowy peaks"))
    return {"volcano": "a volcano", "island": "an island"}.get(relief, relief), ("relief",)


def _body(words: _Words, scene: Scene) -> tuple[str, tuple[str, ...]]:
    adjectives, names = [], ["body"]
    if scene.body_size != "medium" and words.keep(0.7):
        adjectives.append(words.random.choice({"small": ("small",), "huge": ("huge", "big", "large")}[scene.body_size]))
    if words.keep(0.75):
        adjectives.append(scene.body_colour)
        names.append("body_colour")
    article = "the" if not adjectives and scene.body == "sun" else "a"
    if adjectives and adjectives[0] == "orange":
        article = "an"
    return " ".join([article, *adjectives, scene.body]), tuple(names)


def _time(words: _Words, scene: Scene) -> None:
    random = words.random
    time = random.choice(_TIMES[scene.time])
    if words.keep(0.3):
        words.phrases[0] += f" at {time}"
        words.said.add("time")
    elif words.keep(0.85):
        words.say(time, "time")
    if words.keep(0.65):
        words.say(f"{scene.sky} sky", "sky")


def _objects(words: _Words, scene: Scene) -> None:
    random = words.random
    if scene.trees != "none" and words.keep(0.9):
        one, more, wood = _TREES[scene.trees]
        if scene.tree_count == MANY:
            phrase = random.choice((f"a {wood}", f"many {more}"))
        else:
            phrase = f"{random.choice(_COUNTS[scene.tree_count])} {one if scene.tree_count == 1 else more}"
        words.say(phrase, "trees")
    if scene.building and words.keep(0.92):
        words.say(_building(words, scene), "building")
    if scene.boat and words.keep(0.92):
        if words.keep(0.75):
            words.said.add("boat_colour")
            words.say(random.choice((f"a boat with a {scene.boat} sail", f"a {scene.boat} sailboat")), "boat")
        else:
            words.say(random.choice(("a sailboat", "a boat")), "boat")
    if scene.balloon and words.keep(0.92):
        if words.keep(0.8):
            words.said.add("balloon_colour")
            article = "an" if scene.balloon == "orange" else "a"
            words.say(f"{article} {scene.balloon} hot air balloon", "balloon")
        else:
            words.say(random.choice(("a hot air balloon", "a balloon")), "balloon")
    if scene.flowers and words.keep(0.88):
        words.say(f"{scene.flowers} flowers" if words.keep(0.8) else "flowers", "flowers")
    if scene.way and words.keep(0.85):
        choices = {"river": ("a river", "a stream"), "path": ("a path", "a winding path")}
        words.say(random.choice(choices[scene.way]), "way")


def _building(words: _Words, scene: Scene) -> str:
    random, building, roof = words.random, scene.building, scene.roof
    if building == "lighthouse":
        return "a lighthouse"
    if words.keep(0.75):
        words.said.add("roof")
        choices = [f"a {building} with a {roof} roof"]
        return random.choice([*choices, f"a {roof} house"] if building == "house" else choices)
    return f"a {building}" if building != "house" else random.choice(("a house", "a cabin"))


def _air(words: _Words, scene: Scene) -> None:
    random = words.random
    if scene.weather != "clear" and words.keep(0.93):
        choices = {"rain": ("rain", "rain", "rainy"), "fog": ("fog", "mist"), "snowfall": ("snowfall", "falling snow")}
        words.say(random.choice(choices[scene.weather]), "weather")
    if scene.rainbow and words.keep(0.92):
        words.say("a rainbow", "rainbow")
    if scene.aurora and words.keep(0.92):
        words.say(random.choice(("aurora", "northern lights")), "aurora")
    if scene.birds and words.keep(0.9):
        words.say("birds", "birds")
    if scene.stars and words.keep(0.7):
        words.say(random.choice(("stars", "a starry sky")), "stars")
    if scene.clouds != "none":
        if words.keep(0.65):
            choices = {"few": ("a few clouds", "clouds"), "many": ("many clouds", "cloudy")}
            words.say(random.choice(choices[scene.clouds]), "clouds")
    elif words.keep(0.15):
        words.say("a clear sky", "clouds")
