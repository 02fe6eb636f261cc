"""Recorded conditions that differ, in phrases, and differences of pixels in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.compare import PixelDifference, compare_pixels, differing_conditions
from engine.errors import InvalidRequestError
from latentpng.record import Json, LatentRecord, Lineage, Metadata, SeedRoot
from tests.support.latentpng.pictures import altered

LINEAGE = Lineage(root=SeedRoot(seed=1))
METADATA = Metadata(
    lineage=LINEAGE,
    axes="CHW",
    node="a" * 64,
    settings={
        "prompt": "a lake",
        "steps": 10,
        "model": {"name": "embedded", "fingerprint": "1"},
        "scheduler": {"name": "DDIMScheduler"},
        "slot": [4, 1],
    },
    software={"torch": "2.13.0", "device": "cpu", "threads": 2, "python": "3.11.7"},
)
RECORD = LatentRecord(metadata=METADATA, tensor=np.zeros((4, 2, 2), dtype=np.float16))


def differing(**changes: Any) -> tuple[str, ...]:
    return differing_conditions(RECORD, altered(RECORD, **changes))


def with_setting(name: str, value: Json) -> dict[str, Json]:
    return {**RECORD.settings, name: value}


def test_the_same_conditions_do_not_differ() -> None:
    assert differing() == ()
    assert differing(settings=with_setting("slot", (4, 1))) == ()
    assert differing(software={**RECORD.software, "python": "3.13.0"}) == (), "python computes no pixel"


def test_each_condition_that_differs_has_its_phrase() -> None:
    assert differing(software={**RECORD.software, "torch": "2.12.1"}) == ("torch 2.13.0 then, 2.12.1 now",)
    newer = {**RECORD.software, "torchsde": "0.2.6", "numpy": "2.1.0"}
    assert differing(software=newer) == ("torchsde not recorded then, 0.2.6 now", "numpy not recorded then, 2.1.0 now")
    assert differing(software={"torch": "2.13.0"}) == (
        "device cpu then, not recorded now",
        "threads 2 then, not recorded now",
    )
    assert differing(settings=with_setting("slot", [8, 3])) == ("slot in the batch 1 of 4 then, 3 of 8 now",)
    assert differing(settings=with_setting("prompt", "a sea")) == ("prompt 'a lake' then, 'a sea' now",)
    assert differing(node="b" * 64) == ("a different initial noise",)
    model: Json = {"name": "other", "fingerprint": "2"}
    assert differing(settings=with_setting("model", model)) == ("model embedded then, other now (the weights differ)",)
    predicts: Json = {"name": "embedded", "fingerprint": "1", "prediction": "epsilon"}
    assert differing(settings=with_setting("model", predicts)) == ("prediction of the model then, epsilon now",)
    scheduler: Json = {"name": "DDIMScheduler", "options": {"use_karras_sigmas": True}, "eta": 1.0}
    assert differing(settings=with_setting("scheduler", scheduler)) == (
        "scheduler DDIM then, DDIM (use_karras_sigmas=True), eta 1.0 now",
    )


def test_what_a_picture_records_cannot_fill_or_disturb_the_terminal() -> None:
    (prompt,) = differing(settings=with_setting("prompt", "a\x1b[2J " + "b" * 100_000))
    assert prompt == f"prompt 'a lake' then, 'a[2J {'b' * 394}…' now"
    (scheduler,) = differing(settings=with_setting("scheduler", {"name": "\x1b" + "c" * 100_000}))
    assert scheduler == f"scheduler DDIM then, {'c' * 399}… now"


def test_pixels_are_compared_in_numbers() -> None:
    one = np.array([[0, 10], [200, 255]], dtype=np.uint8)
    other = np.array([[3, 10], [200, 0]], dtype=np.uint8)
    assert compare_pixels(one, other) == PixelDifference(largest=255, mean=64.5)
    assert compare_pixels(one.tobytes(), one) == PixelDifference(largest=0, mean=0.0)
    assert compare_pixels(b"", b"") == PixelDifference(largest=0, mean=0.0)
    with pytest.raises(InvalidRequestError, match=r"^pictures of different sizes cannot be compared: 4 and 3 values$"):
        compare_pixels(one, b"123")
