"""Captions: true, varied, and with a correct list of what they mention."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest

from engine.embedded.training.scenes.captions import Caption, describe
from engine.embedded.training.scenes.scene import Scene, sample_scene

pytestmark = pytest.mark.slow  # how the model was made: nothing at run time uses it

CAPTIONS = [(sample_scene(k), describe(sample_scene(k), Random(k))) for k in range(4000)]
FULL = Scene(
    seed=1,
    time="sunset",
    sky="pink",
    ground="lake",
    relief="mountains",
    relief_colour="purple",
    body="sun",
    body_colour="orange",
    body_size="huge",
    clouds="many",
    weather="fog",
    birds=True,
    balloon="orange",
    trees="blossom",
    tree_count=2,
    building="castle",
    roof="blue",
    boat="white",
)


def phrasings(scene: Scene) -> list[Caption]:
    return [describe(scene, Random(k)) for k in range(400)]


def test_a_generator_decides_the_caption() -> None:
    assert describe(FULL, Random(3)) == describe(FULL, Random(3))


def test_there_are_many_phrasings() -> None:
    assert len({caption.text for caption in phrasings(FULL)}) > 390


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("time", "sunset|dusk|evening"),
        ("sky", "pink sky"),
        ("ground", "lake"),
        ("relief", "mountains"),
        ("relief_colour", "purple mountains"),
        ("body", "sun(?!set)"),
        ("body_colour", "orange sun"),
        ("clouds", "cloud"),
        ("weather", "fog|mist"),
        ("birds", "birds"),
        ("balloon", "balloon"),
        ("balloon_colour", "orange hot air balloon"),
        ("trees", "cherry"),
        ("building", "castle"),
        ("roof", "blue roof"),
        ("boat", "boat"),
        ("boat_colour", "white"),
    ],
)
def test_said_names_what_the_text_mentions_and_nothing_else(name: str, words: str) -> None:
    for caption in phrasings(FULL):
        assert (name in caption.said) == bool(re.search(words, caption.text)), caption.text


def test_nine_of_ten_captions_mention_the_relief() -> None:
    named = ["relief" in caption.said for scene, caption in CAPTIONS if scene.relief != "none"]
    assert sum(named) / len(named) > 0.9


def test_captions_leave_details_out() -> None:
    assert any("sky" not in caption.said for caption in phrasings(FULL))
    assert all(len(caption.said) >= 1 for _, caption in CAPTIONS)


def test_captions_mention_nothing_that_is_not_there() -> None:
    absent: dict[str, Callable[[Scene], object]] = {
        "sun over": lambda scene: scene.body == "sun",
        "moon": lambda scene: "moon" in scene.body,
        "boat": lambda scene: scene.boat,
        "balloon": lambda scene: scene.balloon,
        "house": lambda scene: scene.building in ("house", "lighthouse"),
        "castle": lambda scene: scene.building == "castle",
        "rain(?!bow)": lambda scene: scene.weather == "rain",
        "rainbow": lambda scene: scene.rainbow,
        "birds": lambda scene: scene.birds,
        "ink": lambda scene: scene.style == "ink" or "pink" in (scene.sky, scene.flowers, scene.balloon),
    }
    for scene, caption in CAPTIONS:
        for words, holds in absent.items():
            assert not re.search(words, caption.text) or holds(scene), caption.text


def test_articles_fit() -> None:
    for _, caption in CAPTIONS:
        assert not re.search(r"\ba (orange|island|ink)|\ban (?!orange|island|ink|autumn)", caption.text), caption.text


def test_captions_of_ink_drawings_determine_no_colours() -> None:
    ink = [caption for scene, caption in CAPTIONS if scene.style == "ink"]
    assert all("ink drawing" in caption.text for caption in ink)
    colours = {"time", "sky", "body_colour", "relief_colour", "roof", "boat_colour", "balloon_colour"}
    assert all("style" in caption.said and not colours & caption.said for caption in ink)
