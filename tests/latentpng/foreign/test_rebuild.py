"""The initial noise of every tool, compared with torch where torch drew it, and the provenance that is recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from latentpng.errors import InvalidValueError
from latentpng.foreign.choices import Choices
from latentpng.foreign.noise.recipes import RECIPES
from latentpng.foreign.noise.torch_cpu import CpuDraw, cpu_normal
from latentpng.foreign.rebuild import Rebuilt, rebuild
from latentpng.foreign.record import ForeignRecord
from tests.support.foreign.textbook import curand_normal, slerp_columns
from tests.support.foreign.torch_paths import TorchPath, default_path
from tests.support.latentpng import independent

RECORD = ForeignRecord(tool="a1111", seed=1234, width=160, height=192)
SHAPE = (4, 24, 20)


def same(found: Rebuilt, expected: torch.Tensor) -> bool:
    """Return True when all float16 values are equal."""
    assert found.noise.dtype == np.float16
    return bool(np.array_equal(found.noise, expected.half().numpy()))


def nearly(found: Rebuilt, expected: torch.Tensor) -> None:
    """Check that all float16 values are close, and all but a few are equal."""
    np.testing.assert_allclose(found.noise.astype(np.float32), expected.numpy(), rtol=1e-3, atol=1e-4)
    assert (found.noise != expected.half().numpy()).mean() < 0.003


@pytest.mark.parametrize("tool", ["a1111", "forge", "sdnext", "comfyui", "fooocus", "swarmui", "diffusers", "sdcpp"])
def test_cpu_noise_is_that_of_torch(tool: str, path: TorchPath) -> None:
    assert same(rebuild(replace(RECORD, tool=tool), path.choices), path.noise(1234, SHAPE))


@pytest.mark.parametrize("shape", [SHAPE, (16, 24, 20)])
def test_without_choices_cpu_noise_is_what_this_machine_draws(shape: tuple[int, int, int]) -> None:
    found = rebuild(replace(RECORD, tool="comfyui"), Choices(channels=shape[0]))
    assert same(found, default_path().noise(1234, shape))


@pytest.mark.parametrize("model", ["flux1-dev", "sd3.5_large", "Qwen-Image", "z-image-turbo"])
def test_transformer_models_have_sixteen_channels(model: str, path: TorchPath) -> None:
    assert same(rebuild(replace(RECORD, model=model), path.choices), path.noise(1234, (16, 24, 20)))


@pytest.mark.parametrize(
    ("channels", "shape"), [(4, (4, 24, 20)), (16, (16, 24, 20)), (32, (32, 24, 20)), (128, (128, 12, 10))]
)
def test_channels_can_be_chosen(channels: int, shape: tuple[int, int, int], path: TorchPath) -> None:
    found = rebuild(replace(RECORD, model="flux1-dev"), replace(path.choices, channels=channels))
    assert same(found, path.noise(1234, shape))
    assert found.assumed == ()


@pytest.mark.parametrize("tool", ["a1111", "forge", "swarmui"])
def test_variations_of_the_web_ui(tool: str, path: TorchPath) -> None:
    record = replace(RECORD, tool=tool, variation_seed=99, variation_strength=0.3)
    nearly(rebuild(record, path.choices), slerp_columns(0.3, path.noise(1234, SHAPE), path.noise(99, SHAPE)))


def test_a_variation_without_strength_is_none(path: TorchPath) -> None:
    assert same(rebuild(replace(RECORD, variation_seed=99), path.choices), path.noise(1234, SHAPE))


def test_variations_of_sdnext_are_linear_where_columns_are_orthogonal(path: TorchPath) -> None:
    low, high = path.noise(1234, SHAPE), path.noise(99, SHAPE)
    record = replace(RECORD, tool="sdnext", variation_seed=99, variation_strength=0.3)
    cosine = torch.nn.functional.cosine_similarity(low, high, dim=1).mean()
    nearly(rebuild(record, path.choices), 0.7 * low + 0.3 * high if cosine < 0.0001 else slerp_columns(0.3, low, high))


def test_seeds_resized_from_a_smaller_and_a_larger_picture(path: TorchPath) -> None:
    for size, rows, cells in (((96, 128), 16, 12), ((320, 256), 32, 40)):
        inner, expected = path.noise(1234, (4, rows, cells)), path.noise(1234, SHAPE)
        if rows < 24:
            expected[:, 4:20, 4:16] = inner
        else:
            expected = inner[:, 4:28, 10:30]
        found = rebuild(replace(RECORD, resized_from=size), path.choices)
        assert same(found, expected)
        assert found.source["resized_from"] == list(size)


def test_a_resized_variation_is_mixed_before_it_is_placed(path: TorchPath) -> None:
    record = replace(RECORD, resized_from=(96, 128), variation_seed=99, variation_strength=0.3)
    expected = path.noise(1234, SHAPE)
    expected[:, 4:20, 4:16] = slerp_columns(0.3, path.noise(1234, (4, 16, 12)), path.noise(99, (4, 16, 12)))
    nearly(rebuild(record, path.choices), expected)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 3), (2, 3), (1, 4)])
@pytest.mark.parametrize("width", [160, 152])  # 1,920 values are whole blocks of 16; 4 x 24 x 19 too
def test_comfyui_draws_a_batch_at_once(index: int, size: int, width: int, path: TorchPath) -> None:
    record = replace(RECORD, tool="comfyui", width=width, batch_index=index)
    whole = path.noise(1234, (size, 4, 24, width // 8))
    assert same(rebuild(record, path.choices), whole[index])
    assert same(rebuild(replace(record, batch_index=None), replace(path.choices, batch_index=index)), whole[index])


@pytest.mark.parametrize("index", [0, 1, 2])
def test_comfyui_needs_the_size_of_a_batch_for_odd_sizes(index: int, path: TorchPath) -> None:
    odd = replace(RECORD, tool="comfyui", width=152, height=120, batch_index=index)  # 4 x 15 x 19 = 1,140 values
    expected = path.noise(1234, (3, 4, 15, 19))[index]
    written = replace(odd, extra=(("batch_size", 3),))
    assert same(rebuild(written, path.choices), expected)
    assert rebuild(written, path.choices).source["batch_size"] == 3
    assert same(rebuild(odd, replace(path.choices, batch_size=3)), expected)
    assert "batch_size" in rebuild(odd, path.choices).assumed
    assert "batch_size" not in rebuild(odd, replace(path.choices, batch_size=3)).assumed


def test_invokeai_draws_float16(path: TorchPath) -> None:
    record = replace(RECORD, tool="invokeai", version="5.6.0")
    assert same(rebuild(record, replace(path.choices, dtype="float16")), path.noise(1234, SHAPE, "float16"))
    assert same(rebuild(record, replace(path.choices, dtype="bfloat16")), path.noise(1234, SHAPE, "bfloat16"))
    found = rebuild(record, path.choices)
    assert found.source["dtype"] == "coarse-float16"
    assert "dtype" in found.assumed
    coarse = cpu_normal(CpuDraw(seed=1234, total=1920, first=0, count=1920, dtype="coarse-float16"))
    assert np.array_equal(found.noise.ravel(), coarse)


def test_invokeai_2_interpolates_the_whole_noise_for_one_seed_after_the_other(path: TorchPath) -> None:
    record = replace(RECORD, tool="invokeai", version="2.3.5", variations=((5, 0.2), (6, 0.1)))
    expected = path.noise(1234, SHAPE).double()
    for seed, weight in record.variations:
        other = path.noise(seed, SHAPE).double()
        angle = torch.arccos((expected * other).sum() / (expected.norm() * other.norm()))
        expected = (torch.sin((1 - weight) * angle) * expected + torch.sin(weight * angle) * other) / torch.sin(angle)
    found = rebuild(record, path.choices)
    nearly(found, expected.float())
    assert found.source["recipe"] == "invokeai2"
    assert found.source["variations"] == [["5", 0.2], ["6", 0.1]]
    for keyword, recipe in (("sd-metadata", "invokeai2"), ("Dream", "invokeai2"), ("invokeai_metadata", "invokeai")):
        alone = replace(record, variations=(), extra=(("keyword", keyword),))
        assert rebuild(alone, path.choices).source["recipe"] == recipe


@pytest.mark.parametrize(("randomness", "tool"), [("", "a1111"), ("gpu", "a1111"), ("nv", "a1111"), ("", "sdcpp")])
def test_cuda_noise_and_its_copies(randomness: str, tool: str) -> None:
    found = rebuild(replace(RECORD, tool=tool, randomness=randomness))
    words = [independent.philox(1234, i, 0) for i in range(1920)]
    expected = torch.tensor([curand_normal(x, y, 0) for x, y, _, _ in words]).reshape(SHAPE)
    nearly(found, expected)


def test_a_small_gpu_draws_different_noise() -> None:
    record = replace(RECORD, randomness="gpu")
    found = rebuild(record, Choices(gpu="2x1536"))
    assert np.array_equal(found.noise, rebuild(record).noise)  # 3,072 threads are enough
    small = rebuild(record, Choices(gpu="1x1536"))
    assert np.array_equal(small.noise.ravel()[:1536], found.noise.ravel()[:1536])
    assert not np.array_equal(small.noise, found.noise)
    words = independent.philox(1234, 10, 0)
    assert float(small.noise.ravel()[1546]) == pytest.approx(curand_normal(words[0], words[1], 1), rel=1e-3)


@pytest.mark.parametrize("randomness", ["cpu", "nv"])
def test_draw_things_draws_like_the_web_ui(randomness: str) -> None:
    found = rebuild(replace(RECORD, tool="drawthings", randomness=randomness))
    web_ui = rebuild(RECORD, Choices(randomness=randomness))
    assert np.array_equal(found.noise, web_ui.noise)


@pytest.mark.parametrize("randomness", ["cpu", "nv"])
def test_draw_things_draws_a_batch_at_once(randomness: str) -> None:
    record = replace(RECORD, tool="drawthings", randomness=randomness, width=80, height=96)
    second = rebuild(record, Choices(batch_index=1)).noise
    batch = rebuild(replace(record, height=192), Choices(tool="diffusers")).noise
    assert np.array_equal(second.ravel(), batch.ravel()[480:])


def test_choices_override_the_file(path: TorchPath) -> None:
    record = replace(RECORD, tool="novelai", randomness="gpu")
    found = rebuild(record, Choices(tool="comfyui", randomness="cpu", arithmetic=path.arithmetic))
    assert same(found, path.noise(1234, SHAPE))
    assert (found.source["tool"], found.source["recipe"]) == ("novelai", "comfyui")


def test_negative_seeds_are_those_of_torch(path: TorchPath) -> None:
    found = rebuild(replace(RECORD, seed=-7), path.choices)
    assert same(found, path.noise(-7, SHAPE))
    assert found.source["seed"] == "-7"


def test_the_source_records_all_that_was_read_and_assumed() -> None:
    record = replace(RECORD, version="v1.10.1", variation_seed=99, variation_strength=0.25)
    assert rebuild(record).source == {
        "tool": "a1111",
        "version": "v1.10.1",
        "recipe": "a1111",
        "seed": "1234",
        "variations": [["99", 0.25]],
        "size": [160, 192],
        "channels": 4,
        "randomness": "gpu",
        "gpu": "large",
        "gpu_matters": False,
        "dtype": "float32",
        "stored": "rounded to float16",
        "assumed": ["channels", "randomness", "gpu"],
    }
    assert rebuild(replace(RECORD, tool="comfyui"), Choices(picture=(8, 8))).source == {
        "tool": "comfyui",
        "recipe": "comfyui",
        "seed": "1234",
        "size": [160, 192],
        "channels": 4,
        "randomness": "cpu",
        "dtype": "float32",
        "arithmetic": "avx2",
        "batch_index": 0,
        "stored": "rounded to float16",
        "assumed": ["channels", "randomness", "arithmetic", "batch_index"],
    }


def test_choices_are_not_reported_as_assumed() -> None:
    said = Choices(randomness="gpu", gpu="RTX 3060", channels=4)
    found = rebuild(RECORD, said)
    assert found.assumed == ()
    assert "assumed" not in found.source
    assert found.source["gpu"] == "RTX 3060"


def test_the_source_records_that_large_noise_depends_on_the_gpu() -> None:
    assert rebuild(replace(RECORD, width=1024, height=1024)).source["gpu_matters"] is True


def test_a_file_without_a_size_takes_that_of_the_picture(path: TorchPath) -> None:
    found = rebuild(replace(RECORD, width=0), replace(path.choices, picture=(160, 192)))
    assert same(found, path.noise(1234, SHAPE))
    assert found.size == (160, 192)
    assert found.assumed == ("size", "channels")


def test_noise_is_read_only() -> None:
    assert not rebuild(RECORD).noise.flags.writeable


KNOWN = ", ".join(RECIPES)
STRONG = {"variation_seed": 1, "variation_strength": 1.5}


@pytest.mark.parametrize(
    ("changes", "choices", "message"),
    [
        ({"tool": ""}, {}, f"no metadata of a known tool was found: name the tool with --as, one of {KNOWN}"),
        (
            {"tool": "novelai"},
            {},
            f"how NovelAI draws its noise is not published: choose a recipe with --as, one of {KNOWN}",
        ),
        ({}, {"tool": "paint"}, f"--as must be one of {KNOWN}, found 'paint'"),
        ({"seed": None}, {}, "the metadata contains no seed"),
        ({"seed": 2**64}, {}, "a seed of torch must be from -2^63 to 2^64 - 1, found 18446744073709551616"),
        ({"width": 0}, {}, "a picture of 0 x 0 pixels is too small to have noise: each side needs at least 8"),
        (
            {"width": 10**9},
            {},
            "the noise of a picture of 1000000000 x 192 pixels cannot be stored: "
            "it has 12,000,000,000 values with 4 channels, and a file can store 2,097,152",
        ),
        (
            {"resized_from": (10**9, 8)},
            {},
            "the noise of a picture of 1000000000 x 8 pixels cannot be stored: "
            "it has 500,000,000 values with 4 channels, and a file can store 2,097,152",
        ),
        (
            {"resized_from": (4, 8)},
            {},
            "a picture of 4 x 8 pixels is too small to have noise: each side needs at least 8",
        ),
        (
            {"tool": "drawthings"},
            {},
            "the file does not say where Draw Things drew its noise: choose with --randomness",
        ),
        (STRONG, {}, "variation strengths must be from 0 to 1, found [1.5]"),
        ({**STRONG, "variation_strength": float("nan")}, {}, "variation strengths must be from 0 to 1, found [nan]"),
        ({"variation_strength": 0.5}, {}, "the metadata contains the strength of a variation, but not its seed"),
        (
            {"tool": "comfyui", "variations": ((1, 0.5),)},
            {},
            "the metadata contains a variation, but the recipe has none",
        ),
        (
            {"tool": "invokeai", "version": "2.1", "extra": (("perlin", 0.1),)},
            {},
            "Perlin noise was mixed into the initial noise, and that cannot be rebuilt",
        ),
        (
            {"tool": "sdcpp", "extra": (("RNG", "std_default"),)},
            {},
            "the noise was drawn by std_default, the generator of a C++ standard library that the file does not name",
        ),
        ({}, {"batch_index": 3}, "a1111 gives each picture its own seed, so the batch index must be 0, found 3"),
        (
            {"tool": "comfyui"},
            {"batch_index": 10**6},
            "values must lie within a draw of at most 268435456, found 1920000000 to 1920001920 of 1920001920",
        ),
        (
            {"tool": "drawthings", "randomness": "nv", "batch_index": 10**30},
            {},
            "the batch index must be below 1048576, found 1000000000000000000000000000000",
        ),
        (
            {"tool": "comfyui", "randomness": "gpu"},
            {"batch_index": 2},
            "only picture 0 of a batch drawn at once by a GPU can be rebuilt, found 2",
        ),
        (
            {},
            {"gpu": "abacus"},
            "gpu must be 'large', a known name such as 'RTX 3060', or multiprocessors x threads such as 28x1536, "
            "found 'abacus'",
        ),
        ({}, {"randomness": "dice"}, "randomness must be one of cpu, gpu, nv, numpy, found 'dice'"),
        ({}, {"channels": 5}, "channels must be one of 4, 16, 32, 128, found 5"),
        ({}, {"batch_size": -1}, "batch_index and batch_size must be 0 or more, found a negative number"),
    ],
)
def test_noise_that_cannot_be_known_is_refused_in_one_sentence(
    changes: dict[str, object], choices: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        rebuild(replace(RECORD, **changes), Choices(**choices))  # type: ignore[arg-type]  # wrong on purpose
    assert str(caught.value) == message


@given(
    tool=st.sampled_from([*RECIPES, "novelai", ""]),
    seed=st.none() | st.integers(-(2**70), 2**70),
    width=st.integers(-9, 200),
    height=st.integers(-9, 200),
    strength=st.floats(),
    resized=st.tuples(st.integers(-9, 200), st.integers(-9, 200)),
    randomness=st.sampled_from(["", "cpu", "gpu", "nv"]),
    index=st.none() | st.integers(-2, 5),
)
def test_any_record_gives_noise_or_one_sentence(
    tool: str, seed: int | None, width: int, height: int, strength: float, resized: tuple[int, int],
    randomness: str, index: int | None,
) -> None:  # fmt: skip
    record = ForeignRecord(
        tool=tool, seed=seed, width=width, height=height, variation_seed=3, variation_strength=strength,
        resized_from=resized, randomness=randomness, batch_index=index,
    )  # fmt: skip
    try:
        found = rebuild(record)
    except InvalidValueError as error:
        message = str(error)
    else:
        message = ""
        assert found.noise.shape == (4, height // 8, width // 8)
        assert np.isfinite(found.noise).all()
    assert "\n" not in message
