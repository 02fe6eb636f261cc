"""The cache of encoded prompts."""

from __future__ import annotations

from typing import Any

import torch

from engine.diffusion.prompts import PromptCache


class Encoder:
    """Records its calls."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def encode_prompt(self, prompt: Any, device: Any = "cpu", negative_prompt: Any = None) -> Any:  # noqa: ARG002
        self.calls.append((prompt, negative_prompt))
        return torch.full((1, 2, 3), float(len(self.calls))), None, [torch.ones(5)], torch.zeros(7, 3)


def test_one_prompt_is_encoded_alone_and_repeated() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder)
    embeds, nothing, listed, ids = encoder.encode_prompt(["a"] * 4, device=torch.device("cpu"))
    assert encoder.calls == [(["a"], None)]
    assert embeds.shape == (4, 2, 3)
    assert nothing is None
    assert len(listed) == 4
    assert ids.shape == (7, 3), "what belongs to no picture is not repeated"
    encoder.encode_prompt(["a"] * 2, device=torch.device("cpu"))
    assert (len(encoder.calls), cache.hits) == (1, 1)
    encoder.encode_prompt(["a"], negative_prompt=["b"])
    cache.clear()
    encoder.encode_prompt(["a"], device=torch.device("cpu"))
    assert len(encoder.calls) == 3


def test_calls_that_cannot_be_cached_are_passed_on() -> None:
    encoder = Encoder()
    PromptCache(encoder)
    for _ in range(2):
        encoder.encode_prompt(["a", "b"])
        encoder.encode_prompt(["a"], negative_prompt=torch.zeros(1))
    assert len(encoder.calls) == 4
    assert encoder.calls[0] == (["a", "b"], None)


def test_the_cache_is_bounded() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder)
    for number in range(20):
        encoder.encode_prompt([str(number)])
    assert len(cache) == 8
    encoder.encode_prompt(["19"])
    assert cache.hits == 1
