"""Records and pictures that tests share, and hypothesis strategies for them."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from latentpng.chunk.codec import Codec, encode_record
from latentpng.noise.gauss1 import gauss1
from latentpng.noise.replay import record_of, replay
from latentpng.record import Json, JsonObject, LatentRecord, Lineage, Round, SeedRoot, TensorRoot
from latentpng.shapes import octaves

SHAPES = (
    ((5,), "L"),
    ((6, 4), "LC"),
    ((2, 9, 7), "CHW"),
    ((1, 2, 5, 6), "NCHW"),
    ((6, 8, 3), "HWC"),
    ((8, 8), "HW"),
)
SIDE = 8
RGB = bytes(range(3 * SIDE * SIDE))

texts = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects: st.SearchStrategy[JsonObject] = st.dictionaries(texts, values, max_size=3)
strange_objects: st.SearchStrategy[JsonObject] = st.dictionaries(texts.map("x-{}".format), values, max_size=2)
seeds = st.integers(0, 2**64 - 1)


@st.composite
def rounds(draw: st.DrawFn, shape: tuple[int, ...], axes: str) -> Round:
    """Draw a round that fits noise of this shape."""
    of = draw(st.integers(1, 6))
    count = draw(st.integers(1, max(1, of - 1)))
    scale = draw(st.floats(0, 1))
    bands: tuple[float, ...] = ()
    region = ""
    if "H" in axes and draw(st.booleans()):
        number = octaves(shape, axes)
        bands = tuple(draw(st.lists(st.floats(0, 1), min_size=number, max_size=number)))
    if "H" in axes and draw(st.booleans()):
        rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
        region = "/".join(draw(st.text("01", min_size=columns, max_size=columns)) for _ in range(rows))
    return Round(
        seed=draw(seeds),
        scale=scale,
        of=of,
        marks=tuple(draw(st.permutations(range(of)))[:count]),
        bands=bands,
        region=region,
        prompt_scale=draw(st.sampled_from((0.0, 0.0, 0.5)) | st.floats(0, 1)),
        settings=draw(objects),
        before=draw(objects),
        extra=draw(strange_objects),
    )


@st.composite
def records(draw: st.DrawFn) -> LatentRecord:
    """Draw any small record of the format."""
    shape, axes = draw(st.sampled_from(SHAPES))
    steps = tuple(draw(st.lists(rounds(shape, axes), max_size=3)))
    tensor = None
    root: SeedRoot | TensorRoot = SeedRoot(seed=draw(seeds), extra=draw(strange_objects))
    if draw(st.booleans()):
        root = TensorRoot(source=draw(objects), extra=draw(strange_objects))
        tensor = gauss1(draw(seeds), 3, math.prod(shape)).reshape(shape).astype(np.float16)
    lineage = Lineage(root=root, rounds=steps)
    record = record_of(
        lineage,
        replay(lineage, shape, axes, tensor),
        axes=axes,
        root_tensor=tensor,
        settings=draw(objects),
        software=draw(objects),
        pixels=draw(st.sampled_from(("", "0123456789abcdef" * 4))),
    )
    return altered(record, extra=draw(strange_objects))


def altered(record: LatentRecord, **changes: Any) -> LatentRecord:
    """Return a record of the same noise with other metadata; changes: fields of `Metadata`."""
    return replace(record, metadata=replace(record.metadata, **changes))


def seeded_record(rounds: tuple[Round, ...] = (), shape: tuple[int, ...] = (2, 8, 8)) -> LatentRecord:
    """Return the record of a small picture from seed 7."""
    lineage = Lineage(root=SeedRoot(seed=7), rounds=rounds)
    noise = replay(lineage, shape, "CHW")
    return record_of(lineage, noise, axes="CHW", settings={"prompt": "a cat", "steps": 4}, software={"test": "1"})


def tensor_record() -> LatentRecord:
    """Return the record of a picture whose root noise came from elsewhere."""
    root = gauss1(1, 1, 128).reshape(2, 8, 8).astype(np.float16)
    lineage = Lineage(root=TensorRoot(source={"tool": "other"}), rounds=(Round(seed=3, scale=0.5, of=4, marks=(2,)),))
    return record_of(lineage, replay(lineage, root.shape, "CHW", root), axes="CHW", root_tensor=root)


@cache
def chunk_data(codec: Codec = Codec.SPLIT) -> bytes:
    """Return the data of a small laTn chunk."""
    return encode_record(seeded_record((Round(seed=3, scale=0.5, of=4, marks=(2,)),)), codec)
