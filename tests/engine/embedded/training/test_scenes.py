"""The landscapes: a seed decides all of one, every value occurs, and each attribute is drawn separately."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.embedded.training.scenes import scene as scenes
from engine.embedded.training.scenes.palette import SKIES, mix
from engine.embedded.training.scenes.picture import draw_scene
from engine.embedded.training.scenes.scene import Scene, sample_scene

pytestmark = pytest.mark.slow  # how the model was made: nothing at run time uses it

PLAIN = Scene(seed=5, time="day", sky="blue", ground="meadow", relief="hills", relief_colour="green")


def pixels(scene: Scene) -> NDArray[np.uint8]:
    return draw_scene(scene).pixels


def changed(first: Scene, second: Scene) -> NDArray[np.bool_]:
    """Return which pixels of two scenes differ: (128, 128)."""
    different: NDArray[np.bool_] = (pixels(first) != pixels(second)).any(2)
    return different


def test_the_scene_of_a_seed_never_changes() -> None:
    assert sample_scene(0) == Scene(
        seed=938204377,
        time="day",
        sky="turquoise",
        ground="snow",
        relief="volcano",
        relief_colour="green",
        body="sun",
        body_colour="white",
        weather="snowfall",
        trees="pine",
        tree_count=9,
        building="house",
        roof="blue",
    )


def test_a_fresh_process_draws_the_same_bytes() -> None:
    digests = sha256(b"".join(pixels(sample_scene(k)).tobytes() for k in range(12))).hexdigest()
    program = (
        "from hashlib import sha256\n"
        "from engine.embedded.training.scenes.picture import draw_scene\n"
        "from engine.embedded.training.scenes.scene import sample_scene\n"
        "print(sha256(b''.join(draw_scene(sample_scene(k)).pixels.tobytes() for k in range(12))).hexdigest())\n"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == digests


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("time", scenes.TIMES),
        ("sky", scenes.SKY_COLOURS),
        ("ground", scenes.GROUNDS),
        ("relief", scenes.RELIEFS),
        ("body", scenes.BODIES),
        ("body_size", ("small", "medium", "huge")),
        ("clouds", ("none", "few", "many")),
        ("weather", scenes.WEATHERS),
        ("trees", scenes.TREES),
        ("tree_count", (0, 1, 2, 3, scenes.MANY)),
        ("building", ("", "house", "windmill", "castle", "lighthouse")),
        ("boat", ("", "white", "red", "yellow")),
        ("way", ("", "river", "path")),
        ("style", scenes.STYLES),
        ("stars", (False, True)),
        ("aurora", (False, True)),
        ("rainbow", (False, True)),
        ("birds", (False, True)),
    ],
)
def test_every_value_occurs_and_no_other(name: str, values: tuple[object, ...]) -> None:
    found = Counter(getattr(sample_scene(k), name) for k in range(4000))
    assert set(found) == set(values)
    assert min(found.values()) >= 40


def test_impossible_scenes_are_never_sampled() -> None:
    for scene in map(sample_scene, range(4000)):
        assert scene.sky in SKIES[scene.time]
        assert (scene.body == "sun") <= (scene.time != "night")
        assert scene.body == "none" or scene.weather != "rain"
        assert not scene.boat or scene.ground in ("lake", "sea")
        assert not scene.stars or (scene.time, scene.weather) == ("night", "clear")
        assert (scene.trees == "none") == (scene.tree_count == 0)


def test_pictures_have_one_size_and_dtype() -> None:
    picture = draw_scene(PLAIN)
    assert picture.pixels.shape == (128, 128, 3)
    assert picture.pixels.dtype == np.uint8
    assert picture.boxes == ()


@pytest.mark.parametrize("ground", scenes.GROUNDS)
@pytest.mark.parametrize("relief", scenes.RELIEFS)
def test_every_relief_is_visible_on_every_ground(ground: str, relief: str) -> None:
    bare = replace(PLAIN, ground=ground, relief="none", weather="clear")
    assert (changed(bare, replace(bare, relief=relief)).mean() > 0.01) == (relief != "none")


@pytest.mark.parametrize(
    "change",
    [
        {"body": "sun"},
        {"clouds": "few"},
        {"rainbow": True},
        {"birds": True},
        {"balloon": "red"},
        {"trees": "pine", "tree_count": 1},
        {"building": "house"},
        {"building": "windmill"},
        {"building": "castle"},
        {"flowers": "red"},
        {"way": "river"},
        {"way": "path"},
    ],
    ids=lambda change: " ".join(map(str, change.values())),
)
def test_an_object_changes_only_a_part_of_the_picture(change: dict[str, object]) -> None:
    share = changed(PLAIN, replace(PLAIN, **change)).mean()  # type: ignore[arg-type]
    assert 0.001 < share < 0.5


@pytest.mark.parametrize("change", [{"weather": "rain"}, {"weather": "fog"}, {"weather": "snowfall"}, {"style": "ink"}])
def test_weather_and_style_change_the_whole_picture(change: dict[str, str]) -> None:
    assert changed(PLAIN, replace(PLAIN, **change)).mean() > 0.9  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "thing",
    [{"building": name} for name in ("house", "windmill", "castle", "lighthouse")]
    + [{"trees": name, "tree_count": 1} for name in scenes.TREES[1:]]
    + [{"boat": "red", "ground": "sea"}, {"balloon": "red"}],
    ids=lambda thing: " ".join(map(str, thing.values())),
)
def test_every_object_is_large_enough_to_be_learnt(thing: dict[str, object]) -> None:
    for seed in range(20):
        boxes = draw_scene(replace(PLAIN, seed=seed, **thing)).boxes  # type: ignore[arg-type]
        assert len(boxes) == 1
        x0, y0, x1, y1 = boxes[0]
        assert max(x1 - x0, y1 - y0) >= 20


def test_the_box_of_an_object_contains_its_pixels() -> None:
    scene = replace(PLAIN, building="house")
    rows, columns = np.nonzero(changed(PLAIN, scene))
    x0, y0, x1, y1 = draw_scene(scene).boxes[0]
    assert columns.min() >= x0 - 1
    assert columns.max() <= x1 + 1
    assert rows.min() >= y0 - 1
    assert rows.max() <= y1 + 1


def test_nights_are_bright_enough_to_learn_from() -> None:
    nights = [scene for scene in map(sample_scene, range(400)) if scene.time == "night" and scene.style == "flat"]
    assert min(pixels(scene).mean() for scene in nights) > 32


def test_ink_has_three_tones() -> None:
    ink = pixels(replace(PLAIN, style="ink")).astype(int)
    assert ink.max() <= 246
    assert (ink[..., 0] - ink[..., 2]).min() >= -28  # never a blue sky


def test_mix_goes_from_the_first_colour_to_the_second() -> None:
    assert mix((0, 100, 200), (200, 100, 0), 0.0) == (0, 100, 200)
    assert mix((0, 100, 200), (200, 100, 0), 0.25) == (50, 100, 150)
