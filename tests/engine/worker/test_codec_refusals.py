"""What is no message, or has no form on the wire, is refused in one sentence that names the field."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import msgpack
import numpy as np
import pytest

from engine.errors import WireError
from engine.rendering.events import Failure, JobDone, JobFailed, LoadingProgressed, Picture, PreviewRendered, StepDone
from engine.rendering.requests import CancelJob, PictureTask, RenderJob
from engine.worker.messages.codec import EVENTS, REQUESTS, Codec, encode
from engine.worker.messages.json_values import unpack_head
from engine.worker.messages.limits import MAX_DEPTH, MAX_ITEMS, MAX_PARTS, MAX_PIXELS, MAX_TEXT, MAX_TUPLE, MAX_VALUES
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.engine.messages import bytes_of, exact, returned
from tests.support.engine.workers import SETTINGS

STEP = StepDone(job=1, indices=(0, 1), step=2, steps=12)


def head_of(value: object) -> Any:
    """Return the plain form of a message."""
    return msgpack.unpackb(bytes_of(value)[0])


def refusal_of(head: object, *beside: bytes, classes: tuple[type, ...] = (*REQUESTS, *EVENTS)) -> str:
    """Return the error for a head, or for the bytes of one."""
    with pytest.raises(WireError) as error:
        Codec(classes).decode([head if isinstance(head, bytes) else msgpack.packb(head), *beside])
    return str(error.value)


def unsendable(value: object) -> str:
    """Return the error for a value that has no form on the wire."""
    with pytest.raises(WireError) as error:
        encode(value)
    return str(error.value)


class Level(IntEnum):
    LOW = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeting:
    """A value of another module, with the kinds of fields that no request has."""

    versions: dict[str, str]
    level: Level
    number: int | float | None
    either: Picture | Failure | str
    pair: tuple[bool, bytes]


GREETINGS = (
    Greeting(versions={"torch": "2"}, level=Level.LOW, number=None, either=Failure.MODEL, pair=(True, b"")),
    Greeting(versions={}, level=Level.LOW, number=3, either=Picture(width=1, height=1, rgb=b"abc"), pair=(False, b"x")),
    Greeting(versions={}, level=Level.LOW, number=3.0, either="model", pair=(False, b"y")),
)


@pytest.mark.parametrize("value", GREETINGS)
def test_other_classes_travel_where_they_are_allowed(value: Greeting) -> None:
    assert exact(Codec((Greeting,)).decode(bytes_of(value))) == exact(value)
    assert "found a message of another name" in refusal_of(*bytes_of(value))


def test_a_class_that_is_not_allowed_is_refused() -> None:
    assert refusal_of(*bytes_of(STEP), classes=(JobDone, CancelJob)) == (
        "one of JobDone, CancelJob needed, found a message of another name"
    )


def test_a_set_of_classes_has_no_name_twice() -> None:
    other = type("StepDone", (), {})
    with pytest.raises(ValueError, match=r"^two classes with the same name among StepDone, StepDone$"):
        Codec((StepDone, other))


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsupported:
    field: set[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ambiguous:
    field: tuple[int, ...] | tuple[str, ...]


def test_a_hint_without_a_form_is_a_mistake_in_the_program() -> None:
    with pytest.raises(TypeError, match=r"^set\[int\] has no form on the wire$"):
        encode(Unsupported(field=set()))
    with pytest.raises(TypeError, match=r"^two of tuple, tuple have the same name on the wire$"):
        encode(Ambiguous(field=()))
    with pytest.raises(TypeError, match=r"^object has no form on the wire$"):
        encode(object())


PLAIN_STEP = {"job": 1, "indices": [0], "step": 2, "steps": 12}
FAILED = {"job": 1, "failure": "model", "sentence": "s"}


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        (b"", "the head of the message is no MessagePack within the limits (ValueError)"),
        (b"\xc1", "the head of the message is no MessagePack within the limits (FormatError)"),
        (b"\x93\x01", "the head of the message is no MessagePack within the limits (ValueError)"),
        (b"\x91" * 2000, "the head of the message is no MessagePack within the limits (StackError)"),
        (b"\xdd\xff\xff\xff\xff", "the head of the message is no MessagePack within the limits (ValueError)"),
        (b"\xdf\xff\xff\xff\xff", "the head of the message is no MessagePack within the limits (ValueError)"),
        (b"\xdb\xff\xff\xff\xff", "the head of the message is no MessagePack within the limits (ValueError)"),
        (b"\xc6\x00\x00\x00\x01a", "the head of the message is no MessagePack within the limits (ValueError)"),
        (b"\x81\x01\x02", "the head of the message is no MessagePack within the limits (ValueError)"),
        (b"\xa1\xff", "the head of the message is no MessagePack within the limits (UnicodeDecodeError)"),
        (b"\x01\x01", "the head of the message is no MessagePack within the limits (ExtraData)"),
        (7, "the name of a message and its value needed, found a whole number"),
        ([], "the name of a message and its value needed, found a list"),
        ([["StepDone"], {}], "the name of a message and its value needed, found a list"),
        (["StepDone", []], "StepDone: StepDone needed, found a list"),
        (["StepDone", 0], "StepDone: no StepDone has number 0"),
        (["StepDone", -1], "StepDone: no StepDone has number -1"),
        (["StepDone", {}], "StepDone: missing fields: indices, job, step, steps"),
        (["StepDone", {**PLAIN_STEP, "more": 1}], "StepDone: 1 unknown fields"),
        (["StepDone", {**PLAIN_STEP, "job": True}], "StepDone.job: a whole number needed, found true or false"),
        (["StepDone", {**PLAIN_STEP, "job": 1.0}], "StepDone.job: a whole number needed, found a number"),
        (["StepDone", {**PLAIN_STEP, "job": None}], "StepDone.job: a whole number needed, found nothing"),
        (["StepDone", {**PLAIN_STEP, "job": "1"}], "StepDone.job: a whole number needed, found a text"),
        (["StepDone", {**PLAIN_STEP, "indices": 1}], "StepDone.indices: a list needed, found a whole number"),
        (["StepDone", {**PLAIN_STEP, "indices": [{}]}], "StepDone.indices: a whole number needed, found an object"),
        (["LoadingProgressed", {"stage": 1, "weights": 0}], "LoadingProgressed.stage: a text needed, found a whole "
         "number"),
        (["JobFailed", {**FAILED, "failure": "none"}], "JobFailed.failure: one of the values of Failure needed, "
         "found a text"),
        (["JobFailed", {**FAILED, "failure": []}], "JobFailed.failure: one of the values of Failure needed, "
         "found a list"),
        (["JobDone", {"job": 1, "seconds": True}], "JobDone.seconds: a whole number needed, found true or false"),
        (["JobDone", {"job": msgpack.ExtType(1, b""), "seconds": 1.0}], "JobDone.job: a whole number needed, "
         "found something else"),
        (["JobDone", {"job": msgpack.ExtType(1, bytes(33)), "seconds": 1.0}], "JobDone.job: a whole number needed, "
         "found something else"),
        (["JobDone", {"job": msgpack.Timestamp(1), "seconds": 1.0}], "JobDone.job: a whole number needed, "
         "found something else"),
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_in_one_sentence(head: object, sentence: str) -> None:
    assert refusal_of(head) == sentence


def with_field(value: object, path: tuple[str | int, ...], plain: object) -> list[Any]:
    """Return the plain form of a message with another value at a place."""
    head: Any = head_of(value)
    place = head[1]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = plain
    return [head, *bytes_of(value)[1:]]


JOB = RenderJob(
    job=1,
    tasks=(PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=1), rounds=(Round(seed=1, scale=0.5),))),),
    settings=SETTINGS,
    root_tensor=np.zeros((2, 3), dtype=np.float16),
)
LINEAGE = ("tasks", 0, "lineage")


@pytest.mark.parametrize(
    ("path", "plain", "sentence"),
    [
        ((*LINEAGE, "root"), ["Round", {}], "Lineage.root: one of SeedRoot, TensorRoot needed, found a list"),
        ((*LINEAGE, "root"), None, "Lineage.root: one of SeedRoot, TensorRoot needed, found nothing"),
        ((*LINEAGE, "root", 1, "seed"), -1, "SeedRoot: root seed is a number from 0 to 2^64 - 1, found -1"),
        ((*LINEAGE, "root", 1, "extra"), [], "SeedRoot.extra: an object needed, found a list"),
        ((*LINEAGE, "root", 1, "extra"), {"a": msgpack.ExtType(9, b"")}, "SeedRoot.extra: JSON needed, found "
         "something else"),
        ((*LINEAGE, "root", 1, "extra"), {"a": msgpack.ExtType(2, b"\x01")}, "SeedRoot.extra: JSON needed, found "
         "something else"),
        ((*LINEAGE, "rounds", 0, "scale"), 2.0, "Round: scale is a number from 0 to 1, found 2.0"),
        ((*LINEAGE, "rounds", 0), 0, "Lineage.rounds: no Round has number 0"),
        (("tasks", 0, "slot"), [1], "PictureTask.slot: a list of 2 needed, found a list"),
        (("settings", "clip_skip"), 99, "RenderSettings: clip_skip is a number from 0 to 12, found 99"),
        (("previews",), 1, "RenderJob.previews: true or false needed, found a whole number"),
        (("root_tensor",), 1, "RenderJob.root_tensor: one of noise, nothing needed, found a whole number"),
        (("root_tensor", 1), [], "RenderJob.root_tensor: size, shape and mode of an array needed"),
        (("root_tensor", 1, 0), 13, "RenderJob.root_tensor: the head and the buffers beside it do not fit together"),
        (("root_tensor", 1, 1), [2] * 9, "RenderJob.root_tensor: size, shape and mode of an array needed"),
        (("root_tensor", 1, 1), [-2, -3], "RenderJob.root_tensor: the sides of an array are whole numbers from 0 to "
         "201,326,592"),
        (("root_tensor", 1, 1), [2, 4], "RenderJob.root_tensor: 16 bytes needed for this shape, found 12"),
        (("root_tensor", 1, 2), None, "RenderJob.root_tensor: size, shape and mode of an array needed"),
        (("root_tensor",), ["nothing", None], "1 buffers beside the head, which mentions 0"),
        (("root_tensor",), ["nothing", 0], "RenderJob.root_tensor: nothing needed, found a whole number"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(path: tuple[str | int, ...], plain: object, sentence: str) -> None:
    assert refusal_of(*with_field(JOB, path, plain)) == sentence


def test_deep_nesting_is_refused() -> None:
    def nested(depth: int, wrap: Any) -> Any:
        return 1 if depth == 0 else wrap(nested(depth - 1, wrap))

    for wrap in (lambda inner: [inner], lambda inner: (inner,), lambda inner: {"a": inner}):
        fits = SeedRoot(seed=1, extra={"a": nested(MAX_DEPTH, wrap)})
        job = replace(JOB, tasks=(PictureTask(index=0, lineage=Lineage(root=fits)),))
        assert returned(job) == job
        deep = SeedRoot(seed=1, extra={"a": nested(MAX_DEPTH + 1, wrap)})
        sentence = f"SeedRoot.extra: at most {MAX_DEPTH} nested values, found more"
        assert unsendable(replace(JOB, tasks=(PictureTask(index=0, lineage=Lineage(root=deep)),))) == sentence
    plain = nested(MAX_DEPTH + 1, lambda inner: msgpack.ExtType(2, msgpack.packb([inner])))
    sentence = "SeedRoot.extra: JSON needed, found something else"
    assert refusal_of(*with_field(JOB, (*LINEAGE, "root", 1, "extra"), {"a": plain})) == sentence


def wrong(value: Any, **fields: Any) -> Any:
    """Return a value with fields of other types than their hints say."""
    return replace(value, **fields)


def with_root(root: object) -> RenderJob:
    """Return a job whose lineage has this root."""
    task = PictureTask(index=0, lineage=wrong(Lineage(root=SeedRoot(seed=1)), root=root))
    return replace(JOB, tasks=(task,))


ROOT = SeedRoot(seed=1)
TASK = PictureTask(index=0, lineage=Lineage(root=ROOT))
STAGE = LoadingProgressed(stage="")
FAILURE = JobFailed(job=1, failure=Failure.MODEL, sentence="")
PREVIEW = PreviewRendered(job=1, index=0, picture=Picture(width=1, height=1, rgb=b""))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (wrong(STEP, job="1"), "StepDone.job: a whole number needed, found str"),
        (wrong(STEP, job=np.int64(1)), "StepDone.job: a whole number needed, found int64"),
        (replace(STEP, job=2**255), "StepDone.job: a whole number has at most 32 bytes, found 33"),
        (wrong(STEP, indices=[1]), "StepDone.indices: a tuple needed, found list"),
        (replace(STEP, indices=(0,) * (MAX_ITEMS + 1)), "StepDone.indices: at most 262,144 items, found 262,145"),
        (wrong(STAGE, stage=b""), "LoadingProgressed.stage: a text needed, found bytes"),
        (wrong(FAILURE, failure="no"), "JobFailed.failure: Failure needed, found str"),
        (wrong(JOB, settings=None), "RenderJob.settings: RenderSettings needed, found NoneType"),
        (wrong(JOB, previews=1), "RenderJob.previews: true or false needed, found a whole number"),
        (wrong(JOB, root_tensor=np.zeros(3)), "RenderJob.root_tensor: one of noise, nothing needed, found ndarray"),
        (replace(JOB, root_tensor=np.zeros((1,) * 9, np.float16)), "RenderJob.root_tensor: at most 8 dimensions, "
         "found 9"),
        (replace(JOB, tasks=(wrong(TASK, slot=(1,)),)), "PictureTask.slot: a tuple of 2 needed, found tuple"),
        (with_root(1), "Lineage.root: one of SeedRoot, TensorRoot needed, found int"),
        (with_root(wrong(ROOT, extra={"a": {1}})), "SeedRoot.extra: JSON needed, found set"),
        (with_root(wrong(ROOT, extra={1: 1})), "SeedRoot.extra: a text needed, found int"),
        (with_root(wrong(ROOT, extra=[])), "SeedRoot.extra: an object needed, found list"),
        (replace(PREVIEW, picture=wrong(PREVIEW.picture, rgb=[])), "Picture.rgb: bytes needed, found list"),
    ],
)  # fmt: skip
def test_what_has_no_form_is_refused_before_it_is_sent(value: object, sentence: str) -> None:
    assert unsendable(value) == sentence


def test_what_is_too_large_is_refused_before_it_is_sent() -> None:
    assert unsendable(LoadingProgressed(stage="a" * (MAX_TEXT + 1))) == (
        "LoadingProgressed.stage: a text has at most 4,194,304 characters, found 4,194,305"
    )
    assert unsendable(LoadingProgressed(stage="\N{MATHEMATICAL BOLD SMALL A}" * MAX_TEXT)) == (
        "a message has at most 16,777,216 bytes besides pixels and noise, found 16,777,256"
    )
    large = Picture(width=1, height=1, rgb=bytes(MAX_PIXELS + 1))
    assert unsendable(PreviewRendered(job=1, index=0, picture=large)) == (
        "Picture.rgb: at most 64 buffers of 201,326,592 bytes, found number 1 of 201,326,593 bytes"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Album:
    pages: tuple[bytes, ...]


def test_the_number_of_buffers_is_limited() -> None:
    full = Album(pages=(b"a",) * MAX_PARTS)
    assert Codec((Album,)).decode(bytes_of(full)) == full
    assert unsendable(Album(pages=(b"a",) * (MAX_PARTS + 1))) == (
        "Album.pages: at most 64 buffers of 201,326,592 bytes, found number 65 of 1 bytes"
    )


FULL = 2**16


@pytest.mark.parametrize(
    "item",
    [b"\x80", b"\x90", b"\x81\xa0\xc0", b"\xa2ab", b"\xd4\x01\x00", b"\xd4\x02\x90", b"\x00"],
    ids=["object", "list", "entry", "text", "integer", "tuple", "number"],
)
def test_the_values_of_a_message_are_counted_all_together(item: bytes) -> None:
    lists = MAX_VALUES // FULL + 1
    head = struct.pack(">BI", 0xDD, lists) + (struct.pack(">BI", 0xDD, FULL) + item * FULL) * lists
    with pytest.raises(WireError) as caught:
        unpack_head(head)
    assert str(caught.value) == "a message has at most 1,048,576 values, found more"


def test_a_tuple_that_is_too_large_is_refused_before_it_is_sent() -> None:
    extra = {"a": ("a" * MAX_TUPLE,)}
    job = replace(JOB, tasks=(PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=1, extra=extra))),))
    assert unsendable(job) == "SeedRoot.extra: a tuple has at most 1,048,576 bytes, found 1,048,582"
