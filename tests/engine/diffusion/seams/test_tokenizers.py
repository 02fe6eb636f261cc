"""Canary: what tokenizers cut off is seen, however they are called."""

from __future__ import annotations

import logging
import resource
import signal
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from engine.diffusion.seams import tokenizers
from engine.diffusion.seams.tokenizers import LOG, Reading, heard_log, watch_tokenizers
from engine.errors import ModelError
from tests.support.engine.canary import broken
from tests.support.engine.families.parts import byte_tokenizer, tokenizer
from tests.support.engine.families.unets import sd1

CALLED = broken("tokenizers", "calling a tokenizer ends in its `_encode_plus`, by name", library="transformers")


def watched(made: Any, more: Any = None) -> list[Reading]:
    readings: list[Reading] = []
    watch_tokenizers(SimpleNamespace(components={"tokenizer": made, "other": more, "none": None}), readings.append)
    return readings


@pytest.mark.parametrize("padding", ["max_length", "longest", False])
def test_what_is_cut_is_counted(padding: Any) -> None:
    made = tokenizer()
    readings = watched(made)
    whole = made("a lake, a red sun", add_special_tokens=False)["input_ids"]
    assert readings == [], "without a limit nothing is cut"
    cut = made(["a lake, a red sun"], padding=padding, truncation=True, max_length=6, return_tensors="pt")
    assert cut["input_ids"].shape == (1, 6)
    assert readings == [Reading(tokenizer=0, text="a lake, a red sun", cut=len(whole) - 4, rest="red sun")], CALLED
    made("a lake", truncation=True, max_length=6)
    assert readings[1:] == [Reading(tokenizer=0, text="a lake")]


def test_chat_templates_are_seen_too() -> None:
    made = byte_tokenizer()
    readings = watched(made)
    message = [{"role": "user", "content": "a lake"}]
    made.apply_chat_template(message, tokenize=True, truncation=True, max_length=8, return_dict=True)
    assert [(reading.cut, reading.rest) for reading in readings] == [(len("user: a lake") - 8, "lake")], CALLED


def test_a_tokenizer_in_two_places_is_watched_once_and_those_of_processors_too() -> None:
    made = tokenizer()
    readings = watched(made, SimpleNamespace(tokenizer=made))
    made("a lake", truncation=True, max_length=6)
    assert len(readings) == 1
    inside = byte_tokenizer()
    readings = watched(SimpleNamespace(tokenizer=inside))
    inside("a lake", truncation=True, max_length=6)
    assert len(readings) == 1


def test_what_a_pipeline_says_of_a_cut_is_heard_and_the_log_is_as_before(capfd: pytest.CaptureFixture[str]) -> None:
    pipe, readings = sd1(), list[Reading]()
    logger = logging.getLogger(type(pipe).__module__)
    before = logger.level, logger.propagate, list(logger.handlers)
    with heard_log(pipe, readings.append):
        pipe.encode_prompt(["lake " * 100], "cpu", 1, False)
        logger.warning("something else")
    assert readings == [Reading(tokenizer=LOG, text="", cut=1)], broken(
        "tokenizers", "StableDiffusionPipeline writes into its module's logger that a prompt was truncated"
    )
    assert (logger.level, logger.propagate, list(logger.handlers)) == before
    assert "truncated" not in capfd.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits the memory of a process so")
@pytest.mark.parametrize("method", ["_encode_plus", "apply_chat_template"])
def test_memory_is_limited_and_free_again_afterwards(method: str) -> None:
    """Without the limit this takes 8 GiB."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    made = SimpleNamespace(_encode_plus=None, apply_chat_template=None)
    setattr(made, method, lambda: bytearray(8 << 30))
    watched(made)
    with pytest.raises(ModelError, match=r"^the tokenizer of this model takes more than 1 GiB "):
        getattr(made, method)()
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_time_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizers, "_MAX_SECONDS", 0.01)
    made = SimpleNamespace(_encode_plus=lambda: [None for _ in iter(int, 1)])
    watched(made)
    with pytest.raises(ModelError, match=r"^the tokenizer of this model takes more than 20 seconds for the prompt$"):
        made._encode_plus()
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
