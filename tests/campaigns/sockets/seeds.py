"""Good messages of every kind, as frames and as the plain values in them, and how they are damaged."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import msgpack
import numpy as np

from engine.rendering import events
from engine.rendering.requests import (
    CancelJob,
    CancelRound,
    EmbeddingChoice,
    InvertJob,
    LoraChoice,
    ModelChoice,
    PictureTask,
)
from engine.worker.messages.codec import encode
from latentpng.noise.replay import record_of
from latentpng.record import Lineage, Round, SeedRoot, TensorRoot
from tests.support.engine.kept import ready
from tests.support.engine.workers import LOAD, SETTINGS, job_of

_NOISE = np.arange(128, dtype=np.float16).reshape(2, 8, 8)
_PICTURE = events.Picture(width=2, height=1, rgb=b"abcdef")
_LINEAGE = Lineage(
    root=SeedRoot(seed=7, extra={"a": [1, (2.5, None)], "b": 2**70}),
    rounds=(Round(seed=1, scale=0.5), Round(seed=2, scale=0.25, settings={"steps": 4})),
)
_RECORD = record_of(
    Lineage(root=TensorRoot(source={"from": "a photograph"}), rounds=(Round(seed=1, scale=0.5),)),
    _NOISE,
    axes="CHW",
    root_tensor=_NOISE,
    settings={"prompt": "a lake", "slot": (4, 1)},
    software={"torch": "2"},
    pixels="",
)
_MODEL = ModelChoice(
    path="", name="fake", loras=(LoraChoice(path="a.safetensors"),), embeddings=(EmbeddingChoice(path="b", word="c"),)
)

REQUESTS: Sequence[object] = (
    replace(LOAD, model=_MODEL),
    replace(job_of(1, count=3), root_tensor=_NOISE, previews=True, round_id=3),
    replace(job_of(2), tasks=(PictureTask(index=0, lineage=_LINEAGE, slot=(4, 1)),), is_draft=True),
    InvertJob(job=3, width=2, height=1, rgb=b"abcdef", settings=SETTINGS, source={"sha256": "0"}),
    CancelJob(job=1),
    CancelRound(round_id=3),
)
EVENTS: Sequence[object] = (
    events.LoadingProgressed(stage="importing torch"),
    ready(),
    events.StepDone(job=1, indices=(0, 1), step=1, steps=3),
    events.PreviewRendered(job=1, index=0, picture=_PICTURE),
    events.DraftRendered(job=1, index=0, picture=_PICTURE),
    events.PictureRendered(job=1, index=1, picture=_PICTURE, record=_RECORD),
    events.PictureUnreadable(job=1, index=0),
    events.PhotoInverted(job=3, picture=_PICTURE, record=_RECORD),
    events.JobDone(job=1, seconds=1.5),
    events.JobCancelled(job=1),
    events.JobFailed(job=1, failure=events.Failure.CRASH, sentence="no"),
    events.WorkerDied(sentence="gone"),
    events.RendererNoticed(sentence="hello"),
    events.TurnChanged(place=2),
)
_HOSTILE: Sequence[Any] = (
    *(None, True, "", b"", [], {}, 0, -1, 2**63, -(2**63), 2**64 - 1, 1e308, float("inf"), float("nan"), "\ud800"),
    *("a" * 70_000, [0] * 70_000, {str(number): 0 for number in range(5_000)}, [[]] * 70_000, [{}] * 70_000),
    *(msgpack.ExtType(1, bytes(32)), msgpack.ExtType(2, msgpack.packb([1])), msgpack.ExtType(9, b"x")),
    *(["RenderJob", {}], ["os.system", "true"], "__class__", 10**6, 4097),
)
_SIZES = (0, 1, 7, 2**16, 2**24, 2**24 + 1, 2**32, 2**40, 2**63, 2**64 - 1)


def _unpacked(head: bytes) -> Any:
    return msgpack.unpackb(head, unicode_errors="surrogatepass", strict_map_key=False)


def _hostile(source: Random) -> Any:
    """Return a value that nobody expects; a new one each time, since values are changed."""
    return _unpacked(msgpack.packb(source.choice(_HOSTILE), unicode_errors="surrogatepass"))


def _place(value: Any, source: Random) -> tuple[Any, Any] | None:
    """Return a random list or object in a value, with one of its keys; None where there is none."""
    found = None
    while isinstance(value, dict | list) and value and (found is None or source.random() < 0.8):
        key = source.choice(tuple(value)) if isinstance(value, dict) else source.randrange(len(value))
        found, value = (value, key), value[key]
    return found


def _deep(source: Random) -> Any:
    value: Any = 0
    for _ in range(source.choice((33, 65, 120))):
        value = [value] if source.random() < 0.5 else {"a": value}
    return value


def _changed(value: Any, source: Random) -> Any:
    """Return a plain value with one change at a random place of it."""
    place = _place(value, source)
    if place is None:
        return _hostile(source)
    at, key = place
    kind = source.randrange(6)
    if kind == 0 and isinstance(at, dict):
        del at[key]
    elif kind == 1 and isinstance(at, dict):
        at[source.choice(("more", 1, "\ud800"))] = _hostile(source)
    elif kind == 2 and isinstance(at, list):
        at.extend([0] * source.choice((1, 100)))
    elif kind == 3:
        at[key] = _deep(source)
    else:
        at[key] = _hostile(source)
    return value


def mutated(message: object, source: Random) -> tuple[list[bytes], bytes]:
    """Return the damaged parts of a message, and its damaged frame.

    Args:
        message: A request or an event.
        source: Decides how it is damaged.
    """
    parts = [bytes(part) for part in encode(message)]
    way = source.randrange(6)
    if way < 4:
        value = _unpacked(parts[0])
        for _ in range(1 + source.randrange(3)):
            value = _changed(value, source)
        parts[0] = msgpack.packb(value, unicode_errors="surrogatepass")
    elif way == 4:
        data = bytearray(parts[0])
        for _ in range(1 + source.randrange(4)):
            data[source.randrange(len(data))] = source.randrange(256)
        parts[0] = bytes(data)
    else:
        place = source.randrange(len(parts))
        parts[place] = parts[place][: source.randrange(len(parts[place]) + 1)]
    if source.random() < 0.2:
        parts.append(source.randbytes(source.choice((0, 1, 5000))))
    sizes = [len(part) for part in parts]
    if source.random() < 0.2:
        sizes[source.randrange(len(sizes))] = source.choice(_SIZES)
    count = len(parts) if source.random() < 0.9 else source.choice((0, 1, 65, 66, 2**31))
    return parts, struct.pack("<4sI", b"wrm1", count) + struct.pack(f"<{len(sizes)}Q", *sizes) + b"".join(parts)
