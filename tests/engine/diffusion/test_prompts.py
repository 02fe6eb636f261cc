"""The cache of encoded prompts."""

from __future__ import annotations

from typing import Any

import pytest
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


def embedding(text: str) -> torch.Tensor:
    """Return (1, 2, 3), another for each text."""
    return torch.full((1, 2, 3), float(sum(text.encode())))


class WithBatchSize:
    """As HunyuanImage: it is told how many prompts there are, and a prompt may be None."""

    def encode_prompt(self, prompt: Any, device: Any = None, batch_size: int = 1) -> Any:  # noqa: ARG002
        embeds = torch.cat([embedding(one) for one in (prompt or [""] * batch_size)])
        return embeds.view(batch_size, 2, -1), torch.ones(len(embeds), 2, dtype=torch.int64)


class ForSeveralPictures:
    """As most families: a prompt is for several pictures."""

    def encode_prompt(self, prompt: Any, /, device: Any, num_images_per_prompt: int = 1, **more: Any) -> Any:  # noqa: ARG002
        embeds = torch.cat([embedding(one) for one in prompt]).repeat_interleave(num_images_per_prompt, dim=0)
        return embeds, embeds.new_ones(len(embeds), 2).bool()


class InLayers:
    """As Bria FIBO: an embedding for each layer of the text encoder, in lists and tuples, beside ids of tokens."""

    def encode_prompt(self, prompt: Any, negative_prompt: Any = None) -> Any:  # noqa: ARG002
        embeds = torch.cat([embedding(one) for one in prompt])
        layers = [embeds + 1, embeds + 2, embeds + 3]
        pooled = (embeds[:, 0], embeds[:, 1])
        return embeds, None, torch.zeros(7, 3), layers, (layers, pooled), {"layers": layers, "none": None}


class AListForEachPicture:
    """As Z-Image: a list with the embedding of each picture, one token in each of them, and nested lists."""

    def encode_prompt(self, prompt: Any) -> Any:
        return [embedding(one)[0, :1] for one in prompt], [[embedding(one)[0], None] for one in prompt]


class InARow:
    """As Kandinsky 5: the places at which each text begins, and the end of the last one."""

    def encode_prompt(self, prompt: Any) -> Any:
        embeds = torch.cat([embedding(one) for one in prompt])
        return embeds, torch.arange(len(prompt) + 1) * embeds.shape[1]


def same(one: Any, other: Any) -> bool:
    """Return whether two nested results are the same, values and types."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return type(one) is type(other) and all(same(one[key], other[key]) for key in {*one, *other})
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return one is other


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    ("kind", "arguments", "keywords"),
    [
        (WithBatchSize, (["a"],), {"batch_size": 1}),
        (WithBatchSize, (None, "cpu", 1), {}),
        (ForSeveralPictures, (["a"], torch.device("cpu")), {"clean": True}),
        (ForSeveralPictures, (["a"], "cpu", 2), {}),
        (ForSeveralPictures, (["a"],), {"device": "cpu", "num_images_per_prompt": 3}),
        (InLayers, (["a"], ["b"]), {}),
        (InLayers, (["a"],), {"negative_prompt": [None]}),
        (InLayers, (("a",),), {}),
        (AListForEachPicture, (["a"],), {}),
        (InARow, (["a"],), {}),
    ],
)
def test_a_batch_gets_what_the_pipeline_encodes_for_it(
    kind: type[Any], arguments: tuple[Any, ...], keywords: dict[str, Any], count: int
) -> None:
    """The original is asked for the whole batch, and the cache for the same; and both for one picture."""
    known = {"batch_size": count}
    many = [one * count if isinstance(one, list | tuple) else one for one in arguments]
    if kind is WithBatchSize and len(many) == 3:
        many[2] = count
    more = {name: one * count if isinstance(one, list) else known.get(name, one) for name, one in keywords.items()}
    expected = kind().encode_prompt(*many, **more)
    cached = kind()
    cache = PromptCache(cached)
    assert same(cached.encode_prompt(*many, **more), expected)
    assert same(cached.encode_prompt(*many, **more), expected)
    assert cache.hits == 1
    assert same(cached.encode_prompt(*arguments, **keywords), kind().encode_prompt(*arguments, **keywords))
    assert cache.hits == 2, "one picture and many share what was encoded"


def test_batches_that_contradict_themselves_are_passed_on() -> None:
    encoder = WithBatchSize()
    cache = PromptCache(encoder)
    assert encoder.encode_prompt(["a", "a", "b", "b"], batch_size=4)[0].shape == (4, 2, 3)
    with pytest.raises(RuntimeError, match=r"^shape '\[4, 2, -1\]' is invalid for input of size 12$"):
        encoder.encode_prompt(["a", "a"], batch_size=4)
    assert len(cache) == 0
