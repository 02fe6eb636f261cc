"""Every draw of every recipe that runs on a CPU, against torch itself: equal to the last bit on both code paths."""

from __future__ import annotations

import itertools
from typing import TypeAlias

import numpy as np
import pytest

from latentpng.errors import InvalidValueError
from latentpng.foreign.choices import Choices
from latentpng.foreign.noise.drawing import NUMPY, Drawing
from latentpng.foreign.noise.latents import FACTORS
from latentpng.foreign.noise.recipes import RECIPES, WAYS
from latentpng.foreign.rebuild import rebuild
from latentpng.foreign.record import ForeignRecord
from tests.support.foreign.torch_paths import DTYPES, TorchPath, draws_of

Pixels: TypeAlias = tuple[int, int]
Batch: TypeAlias = tuple[int, int]  # index and size

TORCH = tuple(name for name, recipe in RECIPES.items() if recipe.randomness != NUMPY)
BATCHED = tuple(name for name in TORCH if RECIPES[name].whole_batch)
SINGLE = tuple(name for name in TORCH if not RECIPES[name].whole_batch)
SMALL: tuple[Pixels, ...] = ((16, 16), (48, 16), (152, 120), (168, 56), (97, 203), (160, 192))
"""With 4 channels these are 16, 48, 1,140, 588, 1,200 and 1,920 values: some are no multiple of 16."""
LARGE: tuple[Pixels, ...] = ((1024, 1024), (1032, 1016))
BATCHES: tuple[Batch, ...] = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
SEEDS = (0, 41, 2**32 + 7, 2**64 - 1)


def shape_of(channels: int, size: Pixels) -> tuple[int, int, int]:
    """Return the shape of the noise of a picture."""
    return (channels, size[1] // FACTORS[channels], size[0] // FACTORS[channels])


def rebuilt(path: TorchPath, recipe: str, seed: int, size: Pixels, **choices: object) -> np.ndarray:
    """Return the noise that an import finds."""
    record = ForeignRecord(tool="a1111", seed=seed, width=size[0], height=size[1])
    chosen = Choices(tool=recipe, randomness="cpu", arithmetic=path.arithmetic, **choices)  # type: ignore[arg-type]
    return rebuild(record, chosen).noise


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    """Return True when all bits of the float16 values are equal, the signs of zeros too."""
    return bool(np.array_equal(found.view(np.uint16), expected.astype(np.float16).view(np.uint16)))


@pytest.mark.parametrize("recipe", SINGLE)
def test_one_picture_of_every_size_dtype_and_number_of_channels(recipe: str, path: TorchPath) -> None:
    cases = list(itertools.product(SEEDS[:2], FACTORS, SMALL, DTYPES))
    drawn = draws_of(
        path.arithmetic, tuple((seed, shape_of(channels, size), dtype) for seed, channels, size, dtype in cases)
    )
    for (seed, channels, size, dtype), expected in zip(cases, drawn, strict=True):
        assert same(rebuilt(path, recipe, seed, size, channels=channels, dtype=dtype), expected), (
            size,
            channels,
            dtype,
        )


@pytest.mark.parametrize("recipe", BATCHED)
def test_every_picture_of_a_batch(recipe: str, path: TorchPath) -> None:
    cases = list(itertools.product((4, 16), SMALL, DTYPES, BATCHES))
    drawn = draws_of(
        path.arithmetic, tuple((41, (of, *shape_of(channels, size)), dtype) for channels, size, dtype, (_, of) in cases)
    )
    for (channels, size, dtype, (index, of)), expected in zip(cases, drawn, strict=True):
        found = rebuilt(path, recipe, 41, size, channels=channels, dtype=dtype, batch_index=index, batch_size=of)
        assert same(found, expected[index]), (size, channels, dtype, index, of)


@pytest.mark.parametrize("channels", [4, 16, 32, 128])
def test_pictures_of_the_usual_size(channels: int, path: TorchPath) -> None:
    cases = [case for case in itertools.product(SEEDS, LARGE, DTYPES) if case[0] == SEEDS[1] or case[2] == "float32"]
    drawn = draws_of(path.arithmetic, tuple((seed, shape_of(channels, size), dtype) for seed, size, dtype in cases))
    for (seed, size, dtype), expected in zip(cases, drawn, strict=True):
        assert same(rebuilt(path, "comfyui", seed, size, channels=channels, dtype=dtype), expected), (seed, size, dtype)


def test_fewer_than_sixteen_values_are_drawn_one_by_one(path: TorchPath) -> None:
    sizes = [(8, 8), (16, 8), (24, 8), (8, 24)]
    cases = list(itertools.product(sizes, DTYPES))
    drawn = draws_of(path.arithmetic, tuple((41, shape_of(4, size), dtype) for size, dtype in cases))
    for (size, dtype), expected in zip(cases, drawn, strict=True):
        assert same(rebuilt(path, "diffusers", 41, size, dtype=dtype), expected), (size, dtype)


def test_a_seed_that_is_first_drawn_at_a_size_of_odd_cells(path: TorchPath) -> None:
    """The cells that both sizes have in common lie in the middle of both, rounded as Python rounds down."""
    cells = ((19, 15), (20, 24), (7, 31))
    drawn = draws_of(path.arithmetic, tuple((41, (4, height, width), "float32") for width, height in cells))
    noise = dict(zip(cells, drawn, strict=True))
    for inner, outer in itertools.permutations(cells, 2):
        small, large = noise[inner], noise[outer]
        expected = large.copy()
        for y, x in itertools.product(range(outer[1]), range(outer[0])):
            down, right = (outer[1] - inner[1]) // 2, (outer[0] - inner[0]) // 2
            rows = inner[1] if down >= 0 else inner[1] + 2 * down
            columns = inner[0] if right >= 0 else inner[0] + 2 * right
            if 0 <= y - max(down, 0) < rows and 0 <= x - max(right, 0) < columns:
                expected[:, y, x] = small[:, y - down, x - right]
        record = ForeignRecord(
            tool="a1111", seed=41, width=outer[0] * 8, height=outer[1] * 8, resized_from=(inner[0] * 8, inner[1] * 8)
        )
        assert same(rebuild(record, path.choices).noise, expected), (inner, outer)


@pytest.mark.parametrize(("tool", "recipe"), [(tool, way.recipe) for tool, way in WAYS.items()])
def test_tools_that_draw_as_another_one_does(tool: str, recipe: str) -> None:
    record = ForeignRecord(tool=tool, seed=41, width=152, height=120)
    other = ForeignRecord(tool=recipe, seed=41, width=152, height=120)
    way = rebuild(record)
    assert (way.source["tool"], way.source["recipe"]) == (tool, recipe)
    assert ("recipe" in way.assumed) == bool(way.doubt)
    assert np.array_equal(way.noise, rebuild(other, Choices(dtype=str(way.source["dtype"]))).noise)


def test_mochi_diffusion_draws_as_the_first_generator_of_numpy() -> None:
    """The values of this seed are those of NumPy's first releases, which its documentation still shows."""
    record = ForeignRecord(tool="mochi", seed=0, width=64, height=48)
    found = rebuild(record)
    published = [1.76405235, 0.40015721, 0.97873798, 2.2408932, 1.86755799, -0.97727788, 0.95008842, -0.15135721]
    assert found.noise.shape == (4, 6, 8)
    assert found.noise.ravel()[:8].tolist() == np.array(published).astype(np.float16).tolist()
    assert (found.source["randomness"], found.source["dtype"]) == ("numpy", "float32")
    assert found.assumed == ("channels", "randomness")


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_that_numpy_refuses_are_refused(seed: int) -> None:
    with pytest.raises(InvalidValueError) as caught:
        Drawing(randomness=NUMPY).draw(seed, (4, 6, 8))
    assert str(caught.value) == f"a seed of NumPy must be from 0 to 2^32 - 1, found {seed}"


def test_only_the_first_picture_of_a_batch_of_numpy_is_rebuilt() -> None:
    record = ForeignRecord(tool="comfyui", seed=1, width=64, height=48)
    with pytest.raises(InvalidValueError) as caught:
        rebuild(record, Choices(randomness=NUMPY, batch_index=1))
    assert str(caught.value) == "only picture 0 of a batch drawn at once by NumPy can be rebuilt, found 1"
