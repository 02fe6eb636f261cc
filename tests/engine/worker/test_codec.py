"""The law of messages: what is decoded is what was encoded, and nothing else can come out."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given

from engine.rendering.events import (
    Event,
    JobDone,
    LoadingProgressed,
    ModelReady,
    Picture,
    PreviewRendered,
)
from engine.rendering.requests import CancelJob, CancelRound, Job, LoadModel, PictureTask, RenderJob
from engine.worker.messages.codec import EVENTS, REQUESTS, Codec, encode
from latentpng.record import JsonObject, Lineage, Round, SeedRoot
from tests.support.engine.messages import MESSAGES, bytes_of, exact, noise_of, noises, returned
from tests.support.engine.workers import LOAD, SETTINGS


def test_every_request_and_every_event_is_covered() -> None:
    assert set(EVENTS) == set(get_args(Event))
    assert set(REQUESTS) == {LoadModel, *get_args(Job), CancelJob, CancelRound}
    assert set(MESSAGES) == {*EVENTS, *REQUESTS}


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_what_arrives_is_what_was_sent(cls: type) -> None:
    @given(MESSAGES[cls])
    def check(value: object) -> None:
        arrived = returned(value)
        assert arrived == value
        assert exact(arrived) == exact(value)
        assert bytes_of(arrived) == bytes_of(value)

    check()


@pytest.mark.parametrize("value", [0, 2**63, 2**64 - 1, 2**64, -(2**63) - 1, 2**255 - 1, -(2**255) + 1])
def test_whole_numbers_are_exact(value: int) -> None:
    assert returned(CancelJob(job=value)) == CancelJob(job=value)


@pytest.mark.parametrize("value", [-0.0, 5e-324, 0.1, math.inf, -math.inf, math.nan, 2, np.float64(0.1)])
def test_floats_are_exact(value: float) -> None:
    arrived = returned(JobDone(job=1, seconds=value)).seconds
    assert exact(arrived) == exact(value)
    assert type(arrived) is (int if value == 2 else float)


def test_lists_and_tuples_of_json_stay_what_they_are() -> None:
    software: JsonObject = MappingProxyType({"a": [1, (2, [3, ()])], "b": ({"c": None},)})
    ready = ModelReady(
        request=LOAD,
        noise_shape=(4, 2, 2),
        noise_axes="CHW",
        pipeline="P",
        schedulers=(),
        device="cpu",
        dtype="float32",
        software=software,
    )
    arrived = returned(ready)
    assert arrived == ready
    assert arrived.software == {"a": [1, (2, [3, ()])], "b": ({"c": None},)}
    assert type(arrived.software) is dict


def test_subclasses_of_texts_arrive_as_texts() -> None:
    """A version of torch is a class of torch, which nothing here may import."""

    class Version(str):
        __slots__ = ()

    assert type(returned(LoadingProgressed(stage=Version("2.8"))).stage) is str


def test_pixels_and_noise_are_not_copied() -> None:
    picture = Picture(width=100, height=100, rgb=bytes(30_000))
    head, rgb = encode(PreviewRendered(job=1, index=0, picture=picture))
    assert rgb.obj is picture.rgb
    assert head.nbytes < 200
    assert Codec().decode([bytes(head), picture.rgb]).picture.rgb is picture.rgb  # type: ignore[attr-defined]
    noise = np.zeros((4, 8, 8), dtype=np.float16)
    noise.flags.writeable = False
    parts = encode(RenderJob(job=1, tasks=(), settings=SETTINGS, root_tensor=noise))
    assert np.shares_memory(np.asarray(parts[1]), noise)
    data = bytes(parts[1])
    arrived = Codec().decode([bytes(parts[0]), data])
    assert np.shares_memory(arrived.root_tensor, np.frombuffer(data, np.uint8))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "noise",
    [
        np.arange(24, dtype=np.float16).reshape(4, 6)[:, ::2],
        np.arange(24, dtype=">f2").reshape(2, 3, 4).transpose(2, 0, 1),
        np.zeros((0, 4), dtype=np.float16),
        np.array(1.5, dtype=np.float16),
    ],
    ids=["sliced", "big-endian", "empty", "without axes"],
)
def test_noise_of_any_layout_arrives_little_endian(noise: np.ndarray[Any, Any]) -> None:
    arrived = returned(RenderJob(job=1, tasks=(), settings=SETTINGS, root_tensor=noise)).root_tensor
    assert arrived.dtype.str == "<f2"
    assert arrived.shape == noise.shape
    np.testing.assert_array_equal(arrived, noise)


@given(noises())
def test_noise_is_read_only_where_it_was_so(noise: np.ndarray[Any, Any]) -> None:
    (arrived,) = noise_of(returned(RenderJob(job=1, tasks=(), settings=SETTINGS, root_tensor=noise)))
    assert arrived.tobytes() == noise.tobytes()
    assert arrived.flags.writeable == noise.flags.writeable


def test_what_lineages_have_in_common_is_sent_once() -> None:
    rounds = tuple(Round(seed=seed, scale=0.5) for seed in range(200))
    parent = Lineage(root=SeedRoot(seed=1), rounds=rounds)
    tasks = tuple(PictureTask(index=n, lineage=parent.child(Round(seed=n, scale=0.1))) for n in range(9))
    job = RenderJob(job=1, tasks=tasks, settings=SETTINGS)
    arrived = returned(job)
    assert arrived == job
    assert arrived.tasks[0].lineage.rounds[7] is arrived.tasks[8].lineage.rounds[7]
    alone = replace(job, tasks=tasks[:1])
    assert len(bytes_of(job)[0]) < 1.4 * len(bytes_of(alone)[0])
