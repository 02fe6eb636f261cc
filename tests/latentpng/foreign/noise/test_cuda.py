"""CUDA's noise and the web UI's copy of it, compared with plain Python and published values; no GPU is needed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentpng.errors import InvalidValueError
from latentpng.foreign.noise.gpus import CAPACITIES, LARGE, capacity_of, chip_matters
from latentpng.foreign.noise.philox import cuda_normal, nv_normal, threads_of
from tests.support.foreign.textbook import curand_normal
from tests.support.latentpng import independent

# torch.randn((3, 4), device="cuda") with seed 0; source: docstring of modules/rng_philox.py in Stable Diffusion web UI
DOCUMENTED = (
    -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564,
    -0.62285122, -0.32838709, -1.07454231, -0.36314407, -1.67105067, 2.26550497,
)  # fmt: skip

# CUDA cores, and CUDA cores per multiprocessor; source: NVIDIA's data sheets and architecture white papers
CORES = {
    "RTX 3060": (3584, 128), "RTX 3080": (8704, 128), "RTX 3090": (10496, 128), "RTX 4070": (5888, 128),
    "RTX 4090": (16384, 128), "RTX 5090": (21760, 128), "GTX 1080 Ti": (3584, 128), "GTX 1660 Ti": (1536, 64),
    "RTX 2080 Ti": (4352, 64), "T4": (2560, 64), "V100": (5120, 64), "A100": (6912, 64), "H100": (16896, 128),
}  # fmt: skip


def test_documented_values() -> None:
    exact = [curand_normal(*independent.philox(0, i, 0)[:2], 0) for i in range(12)]
    np.testing.assert_allclose(exact, DOCUMENTED, rtol=0, atol=5e-9)
    for found in (nv_normal(0, 12), cuda_normal(0, 12, 2**16)):
        np.testing.assert_allclose(found, DOCUMENTED, rtol=0, atol=1e-6)


def test_the_copy_in_the_precision_of_its_source() -> None:
    # NumPy promotes a 32-bit word times a float32 to double; only the constants are float32
    per_word, angle_per_word = float(np.float32(2.3283064e-10)), float(np.float32(2.3283064e-10 * 6.2831855))
    for i, found in enumerate(nv_normal(2**40 + 3, 300).tolist()):
        x, y, _, _ = independent.philox(2**40 + 3, i, 0)
        radius = math.sqrt(-2 * math.log(x * per_word + per_word / 2))
        assert found == independent.single(radius * math.sin(y * angle_per_word + angle_per_word / 2))


@pytest.mark.parametrize(("count", "capacity"), [(1, 256), (256, 256), (257, 256), (2600, 512), (3000, 256 * 5)])
def test_values_come_from_threads_calls_and_components(count: int, capacity: int) -> None:
    threads = min(capacity, 256 * math.ceil(count / 256))
    expected = []
    for i in range(count):
        w0, w1, w2, w3 = independent.philox(77, i % threads, i // (4 * threads))
        component = i // threads % 4
        expected.append(curand_normal(w0, w1, component) if component < 2 else curand_normal(w2, w3, component))
    np.testing.assert_allclose(cuda_normal(77, count, capacity), expected, rtol=1e-5, atol=2e-6)
    assert threads_of(count, capacity) == threads


def test_negative_seeds_wrap_to_64_bits() -> None:
    assert np.array_equal(nv_normal(-5, 40), nv_normal(2**64 - 5, 40))
    assert np.array_equal(cuda_normal(-5, 40, 256), cuda_normal(2**64 - 5, 40, 256))


def test_copy_and_device_agree_in_nearly_all_float16_values_below_the_limit() -> None:
    copy, device = nv_normal(5, 2**16), cuda_normal(5, 2**16, 2**16)
    assert np.abs(copy - device).max() < 1e-5
    assert (copy.astype(np.float16) != device.astype(np.float16)).mean() <= 0.002
    assert np.abs(copy - cuda_normal(5, 2**16, capacity_of("RTX 3060"))).max() > 1


def test_cuda_noise_is_standard_normal_above_the_limit_too() -> None:
    values = cuda_normal(1, 2**18, capacity_of("gtx 1650")).astype(np.float64)
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1) < 0.01
    assert len(np.unique(values)) > 0.99 * len(values)


@pytest.mark.parametrize(
    ("gpu", "capacity"),
    [
        ("RTX 3060", 28 * 1536),
        ("NVIDIA GeForce RTX 3060", 28 * 1536),
        ("3060", 28 * 1536),
        ("1080 Ti", 28 * 2048),
        ("Tesla T4", 40 * 1024),
        ("28x1536", 28 * 1536),
        ("10 x 1000", 10 * 768),
    ],
)
def test_gpus_by_name(gpu: str, capacity: int) -> None:
    assert capacity_of(gpu) == capacity


def test_multiprocessors_are_the_published_cores() -> None:
    for gpu, (cores, each) in CORES.items():
        multiprocessors = cores // each
        assert capacity_of(gpu) in (multiprocessors * threads for threads in (1024, 1536, 2048)), gpu


def test_a_large_gpu_is_larger_than_any_noise() -> None:
    assert capacity_of(LARGE) % 256 == 0
    assert capacity_of(LARGE) > 2**21 > max(CAPACITIES.values())


def test_which_sizes_depend_on_the_gpu() -> None:
    sdxl, flux = 4 * 128 * 128, 16 * 128 * 128
    assert capacity_of("RTX 3060") < sdxl < capacity_of("RTX 4090") < capacity_of("A100") < flux
    assert chip_matters(sdxl)
    assert not chip_matters(256 * 40)


@pytest.mark.parametrize("gpu", ["", "RTX", "RX 7900 XTX", "0x1536", "28x100", "99999x1536"])
def test_unknown_gpus_are_refused(gpu: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        capacity_of(gpu)
    assert str(caught.value) == (
        "gpu must be 'large', a known name such as 'RTX 3060', or multiprocessors x threads such as 28x1536, "
        f"found {gpu!r}"
    )
