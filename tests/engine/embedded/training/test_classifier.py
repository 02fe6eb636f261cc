"""The classifier: its labels come from scenes, and its distance is one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from engine.embedded.training.classifier import ATTRIBUTES, UNKNOWN, Classifier, labels, load_classifier
from engine.embedded.training.scenes.captions import Caption, describe
from engine.embedded.training.scenes.picture import draw_scene
from engine.embedded.training.scenes.scene import Scene, sample_scene
from engine.embedded.training.text_encoder import settled

pytestmark = pytest.mark.slow  # how the model was made: nothing at run time uses it

SCENE = Scene(seed=3, time="dawn", sky="golden", ground="sea", relief="island", relief_colour="green", boat="red")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def answers(scene: Scene) -> dict[str, str]:
    pairs = zip(ATTRIBUTES.items(), labels(scene), strict=True)
    return {name: values[label] if label != UNKNOWN else "?" for (name, values), label in pairs}


def test_labels_are_the_values_of_the_scene() -> None:
    found = answers(SCENE)
    expected = {
        "time": "dawn",
        "sky": "golden",
        "ground": "sea",
        "relief": "island",
        "boat": "yes",
        "boat_colour": "red",
    }
    assert {name: found[name] for name in expected} == expected
    assert {name for name, value in found.items() if value == "?"} == {
        "relief_colour",
        "body_colour",
        "roof",
        "balloon_colour",
    }


def test_ink_hides_the_colours() -> None:
    found = answers(replace(SCENE, style="ink"))
    assert (found["time"], found["sky"], found["boat_colour"], found["boat"]) == ("?", "?", "?", "yes")


def test_every_scene_has_labels() -> None:
    for k in range(2000):
        for label, values in zip(labels(sample_scene(k)), ATTRIBUTES.values(), strict=True):
            assert UNKNOWN <= label < len(values)


def test_labels_of_a_caption_are_those_it_mentions() -> None:
    caption = Caption(text="the sea at dawn", said=frozenset({"ground", "time"}))
    found = dict(zip(ATTRIBUTES, settled(caption, labels(SCENE)), strict=True))
    assert {name for name, label in found.items() if label != UNKNOWN} == {"ground", "time"}


def test_every_field_of_captions_has_an_attribute() -> None:
    said = frozenset().union(*(describe(sample_scene(k), Random(k)).said for k in range(500)))
    assert said <= set(ATTRIBUTES)


def test_the_classifier_reads_held_out_pictures(classifier: Classifier) -> None:
    scenes = [sample_scene(2 * 10**9 + k) for k in range(128)]
    right = np.array([labels(scene) for scene in scenes])
    found = classifier.read(np.stack([draw_scene(scene).pixels for scene in scenes]))
    assert found.shape == right.shape
    assert (found == right)[right != UNKNOWN].mean() > 0.9


def test_the_distance_is_a_distance(classifier: Classifier) -> None:
    first, second, third = (
        np.stack([draw_scene(sample_scene(start + k)).pixels for k in range(4)]) for start in (0, 4, 8)
    )
    assert classifier.distance(first, first) == pytest.approx(0, abs=1e-5)
    assert classifier.distance(first, second) == pytest.approx(classifier.distance(second, first), rel=1e-5)
    assert classifier.distance(first, second).min() > 0.02
    assert classifier.distance(first, third).max() <= 1


def test_a_small_change_has_a_smaller_distance_than_another_picture(classifier: Classifier) -> None:
    scene = sample_scene(11)
    here, there = draw_scene(scene).pixels[None], draw_scene(sample_scene(12)).pixels[None]
    nearby = draw_scene(replace(scene, birds=not scene.birds)).pixels[None]
    assert classifier.distance(here, nearby)[0] < classifier.distance(here, there)[0] / 2


def test_features_are_means_and_maxima(classifier: Classifier) -> None:
    pixels = np.stack([draw_scene(sample_scene(k)).pixels for k in range(3)])
    found = classifier.embed(pixels)
    assert found.shape == (3, 256)
    assert (found[:, 128:] >= found[:, :128] - 1e-6).all()
