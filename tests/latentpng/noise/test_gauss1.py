"""`gauss1` always gives the same bits."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentpng.errors import InvalidValueError
from latentpng.noise.gauss1 import gauss1, gauss1_pieces
from tests.support.latentpng import independent
from tests.support.latentpng.pictures import seeds


def test_the_first_values_are_these_bits() -> None:
    assert [f"{bits:08x}" for bits in gauss1(42, 0, 4).view(np.uint32)] == [
        "bf0c807e",
        "3f52be8a",
        "3ef93182",
        "400efc1c",
    ]


def test_65536_values_have_this_digest() -> None:
    values = gauss1(42, 0, 65536).astype("<f2")
    assert hashlib.sha256(values.tobytes()).hexdigest() == (
        "960415bd0fb39d185f093173232c524452a7f6f60694bf017a6c37b6a78712eb"
    )


def test_twenty_moves_have_this_digest() -> None:
    state = gauss1(42, 0, 65536).astype(np.float16)
    for i in range(1, 21):
        noise = gauss1(1000 + i, i, 65536).astype(np.float64)
        state = (np.sqrt(1 - 0.3 * 0.3) * state.astype(np.float64) + 0.3 * noise).astype(np.float32).astype(np.float16)
    assert hashlib.sha256(state.astype("<f2").tobytes()).hexdigest() == (
        "a3d129627dd8c85c4a401faa7679c08306bee0488c036bd08b93d6a731ec7266"
    )


def test_philox_of_zero_is_the_published_block() -> None:
    assert independent.philox(0, 0, 0) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)


@given(seed=seeds, stream=seeds, count=st.integers(0, 70))
@settings(max_examples=40)
def test_the_independent_generator_agrees(seed: int, stream: int, count: int) -> None:
    assert gauss1(seed, stream, count).tolist() == independent.gauss1(seed, stream, count)


def test_a_longer_draw_starts_with_the_shorter_one() -> None:
    long = gauss1(3, 1, 4 * 4096 * 2 + 5)
    assert np.array_equal(long[:1001], gauss1(3, 1, 1001))


def test_later_blocks_agree_too() -> None:
    long = gauss1(3, 1, 4 * 4096 + 8)
    pairs = independent.philox(3, 1, 4097)
    expected = [*independent.box_muller(pairs[0], pairs[1]), *independent.box_muller(pairs[2], pairs[3])]
    assert long[4 * 4097 :].tolist() == expected


def test_it_is_standard_normal() -> None:
    values = gauss1(1, 2, 2**18).astype(np.float64)
    assert abs(values.mean()) < 0.01
    assert abs(values.std() - 1) < 0.01
    assert abs((values**4).mean() - 3) < 0.05
    assert abs(np.corrcoef(values, gauss1(1, 3, 2**18))[0, 1]) < 0.01


@pytest.mark.parametrize(
    ("seed", "stream", "count", "message"),
    [
        (-1, 0, 1, "seed is a number from 0 to 2^64 - 1, found -1"),
        (2**64, 0, 1, "seed is a number from 0 to 2^64 - 1, found 18446744073709551616"),
        (0, -1, 1, "stream is a number from 0 to 2^64 - 1, found -1"),
        (0, 0, -1, "the number of values is at least 0, found -1"),
    ],
)
def test_impossible_draws_are_refused(seed: int, stream: int, count: int, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        gauss1(seed, stream, count)
    assert str(caught.value) == message


@pytest.mark.parametrize(("streams", "count"), [(1, 1), (3, 5), (64, 1), (64, 300), (5, 9000), (5000, 2), (2, 0)])
def test_streams_that_are_drawn_together_are_the_same(streams: int, count: int) -> None:
    together = np.full((streams, count), np.nan, np.float32)
    for place, values in gauss1_pieces(2**64 - 1, streams, count):
        together[:, place] = values
    for stream in {0, 1, streams // 2, streams - 1} & set(range(streams)):
        np.testing.assert_array_equal(together[stream], gauss1(2**64 - 1, stream, count))
