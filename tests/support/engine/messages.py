"""Every request and every event, with every kind of value in every field, as hypothesis draws them.

Fields without a strategy of their own are drawn by their type hint, so that a new field is tested at once.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import operator
from collections.abc import Mapping
from typing import Any, get_type_hints

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.typing import NDArray

from engine.rendering.events import Picture
from engine.rendering.requests import PictureTask
from engine.rendering.settings import SCHEDULES, PromptStyle, RenderSettings, SchedulerSettings
from engine.worker.messages.codec import EVENTS, REQUESTS, Codec, encode
from latentpng.record import Json, JsonObject, LatentRecord, Lineage, Metadata, Round, SeedRoot, TensorRoot
from latentpng.rules import MAX_SEED

texts = st.text(st.characters(codec=None), max_size=8)  # halves of surrogate pairs too
integers = st.integers(-(2**63), 2**64 - 1)
floats = st.floats(allow_nan=False)  # since NaN equals nothing
seeds = st.integers(0, MAX_SEED)
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**39), 10**39) | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(texts, inner),
    max_leaves=6,
)
json_objects: st.SearchStrategy[JsonObject] = st.dictionaries(texts, json_values, max_size=3)


@st.composite
def rounds_of(draw: st.DrawFn, bands: int) -> Round:
    """Draw a round that fits noise with so many octaves."""
    of = draw(st.integers(1, 8))
    return Round(
        seed=draw(seeds),
        scale=draw(st.floats(0.0, 1.0)),
        of=of,
        marks=tuple(draw(st.lists(st.integers(0, of - 1), min_size=1, max_size=max(1, of - 1), unique=True))),
        bands=draw(st.just(()) | st.tuples(*[st.floats(0.0, 1.0)] * bands)),
        region=draw(st.sampled_from(["", "01/10"])),
        prompt_scale=draw(st.sampled_from([0.0, 0.25, 1])),
        settings=draw(json_objects),
        before=draw(json_objects),
        extra=draw(json_objects),
    )


seed_roots = st.builds(SeedRoot, seed=seeds, extra=json_objects)
tensor_roots = st.builds(TensorRoot, source=json_objects, extra=json_objects)
lineages = st.builds(
    Lineage, root=seed_roots | tensor_roots, rounds=st.lists(rounds_of(2), max_size=3).map(tuple), noise=texts
)


@st.composite
def noises(draw: st.DrawFn, shape: tuple[int, ...] = (2, 8, 8)) -> NDArray[np.float16]:
    """Draw noise of any bits, read-only or not, contiguous or not."""
    bits = draw(st_numpy.arrays(np.uint16, shape, elements=st.integers(0, 2**16 - 1), fill=st.just(0)))
    noise = bits.view(np.float16)
    if draw(st.booleans()):
        noise = np.asfortranarray(noise)
    noise.flags.writeable = draw(st.booleans())
    return noise


metadata = st.builds(
    Metadata,
    lineage=lineages,
    axes=st.just("CHW"),
    node=digests,
    pixels=st.just("") | digests,
    settings=json_objects,
    software=json_objects,
    extra=json_objects,
)
schedulers = st.builds(
    SchedulerSettings,
    name=texts,
    options=st.fixed_dictionaries(
        {}, optional={"schedule": st.sampled_from(SCHEDULES), "shift": st.sampled_from([1, 1.5])}
    ),
    eta=st.floats(0.0, 1.0),
)
settings = st.builds(
    RenderSettings,
    prompt=texts,
    negative_prompt=texts,
    width=st.integers(8, 8192),
    height=st.integers(8, 8192),
    num_inference_steps=st.integers(1, 1000),
    guidance_scale=st.floats(0.0, 100.0) | st.integers(0, 100),
    scheduler=schedulers,
    step_seed=seeds,
    guidance_rescale=st.floats(0.0, 1.0),
    prompt_style=st.sampled_from(PromptStyle),
    clip_skip=st.integers(0, 12),
)
OWN: Mapping[type, st.SearchStrategy[Any]] = {
    Lineage: lineages,
    LatentRecord: st.builds(LatentRecord, metadata=metadata, tensor=noises()),
    Metadata: metadata,
    RenderSettings: settings,
    SchedulerSettings: schedulers,
    Picture: st.builds(Picture, width=integers, height=integers, rgb=st.binary(max_size=100)),
    PictureTask: st.builds(PictureTask, index=integers, lineage=lineages, slot=st.tuples(integers, integers)),
}
"""The classes whose constructors have rules, or whose values are large."""

NAMES = {"np": np, "NDArray": NDArray, "Json": Json, "JsonObject": JsonObject}


@functools.cache
def values_of(cls: type) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a dataclass, with a value of its hint in every field."""
    if cls in OWN:
        return OWN[cls]
    hints = {name: hint for name, hint in _hints(cls).items() if name in {f.name for f in dataclasses.fields(cls)}}
    return st.builds(cls, **{name: _values_of_hint(hint) for name, hint in hints.items()})


def _hints(cls: type) -> dict[str, object]:
    """Return the hints of a class, JSON objects by a name of their own, since their type is recursive."""
    return get_type_hints(cls, localns={**NAMES, "JsonObject": _JsonObject})


class _JsonObject:
    """Stands for JSON objects among the hints."""


def _values_of_hint(hint: Any) -> st.SearchStrategy[Any]:
    simple: dict[object, st.SearchStrategy[Any]] = {
        _JsonObject: json_objects,
        str: texts,
        int: integers,
        float: floats | integers,
        bytes: st.binary(max_size=100),
        NDArray[np.float16] | None: st.none() | noises(),
    }
    if hint in simple:
        return simple[hint]
    if dataclasses.is_dataclass(hint):
        return values_of(hint)  # type: ignore[arg-type]
    if getattr(hint, "__origin__", None) is tuple:
        return _tuples_of(hint.__args__)
    return st.from_type(hint)


def _tuples_of(arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if arguments[-1] is Ellipsis:
        return st.lists(_values_of_hint(arguments[0]), max_size=3).map(tuple)
    return st.tuples(*map(_values_of_hint, arguments))


MESSAGES: Mapping[type, st.SearchStrategy[Any]] = {cls: values_of(cls) for cls in (*REQUESTS, *EVENTS)}
messages: st.SearchStrategy[Any] = functools.reduce(operator.or_, MESSAGES.values())


def bytes_of(value: object) -> list[bytes]:
    """Return the parts of a message as they arrive."""
    return [bytes(part) for part in encode(value)]


def returned(value: object) -> Any:
    """Return what arrives when a value is sent."""
    return Codec().decode(bytes_of(value))


def noise_of(value: object) -> list[NDArray[np.float16]]:
    """Return all noise in a value; it does not take part in the comparison of two values."""
    if isinstance(value, np.ndarray):
        return [value]
    if dataclasses.is_dataclass(value):
        return [noise for field in dataclasses.fields(value) for noise in noise_of(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [noise for item in value for noise in noise_of(item)]
    return []


def exact(value: object) -> object:
    """Return a value in a form that tells apart what Python takes for equal: 1, 1.0 and True, 0.0 and -0.0, and NaN."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), [exact(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.newbyteorder("<"), value.tobytes(), value.flags.writeable
    if isinstance(value, float):
        return float, value.hex(), math.isnan(value)
    if isinstance(value, Mapping):
        return dict, [(key, exact(entry)) for key, entry in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [exact(item) for item in value]
    return (str, str(value)) if type(value) is PromptStyle else (type(value), value)
