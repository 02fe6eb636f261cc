"""Offsets of the prompt: which embeddings they change, for each picture, and models that have none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.compare import differing_conditions, prompt_notice
from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel
from engine.diffusion.prompt_offset import PromptOffsets, offset_unit
from engine.diffusion.prompts import PromptCache
from engine.diffusion.seams.prompts import embedding_indices
from engine.errors import RenderCancelled, RenderError
from engine.rendering.events import Event
from engine.rendering.requests import PictureTask, RenderJob
from latentpng.errors import InvalidValueError
from latentpng.record import Lineage, Round, SeedRoot
from tests.support.engine.matrix import pictures_of
from tests.support.engine.tiny import SETTINGS, load_tiny, save_tiny
from tests.support.latentpng.pictures import altered

NO_EMBEDDINGS = "{name} has no prompt embeddings that can be varied: use a variation of the noise alone"
ROOT = Lineage(root=SeedRoot(seed=7))
MOVED = ROOT.child(Round(seed=1, scale=0.0, of=4, marks=(2,), prompt_scale=0.5))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(save_tiny(tmp_path_factory.mktemp("models") / "tiny"))


class Named:
    """Names the embeddings in its return statement."""

    def encode_prompt(self, prompt: Any, negative: bool = False) -> Any:  # noqa: ARG002
        prompt_embeds, negative_prompt_embeds = torch.ones(1, 2, 4), torch.zeros(1, 2, 4)
        prompt_attention_mask, pooled_prompt_embeds = torch.ones(1, 2), torch.arange(6.0).reshape(1, 6)
        if negative:
            return negative_prompt_embeds
        return prompt_embeds, prompt_attention_mask, negative_prompt_embeds, pooled_prompt_embeds


class Nameless:
    """Names no embeddings in its return statement."""

    def encode_prompt(self, prompt: Any) -> Any:
        return torch.ones(1, 2, 4), [prompt]


def test_names_in_the_return_statement_tell_the_embeddings() -> None:
    assert embedding_indices(Named().encode_prompt) == (0, 3)
    assert embedding_indices(Nameless().encode_prompt) == ()
    assert embedding_indices(len) == embedding_indices(None) == ()


def test_only_embeddings_of_the_first_prompt_are_offset() -> None:
    pipe = Named()
    cache, offsets = PromptCache(pipe), PromptOffsets(lineages=(ROOT, MOVED))
    with cache.offset_by(offsets):
        embeds, mask, negative, pooled = pipe.encode_prompt(["a", "a"])
        again = pipe.encode_prompt(["a", "a"])
    assert (embeds.shape, mask.shape, negative.shape, pooled.shape) == ((2, 2, 4), (2, 2), (2, 2, 4), (2, 6))
    assert torch.equal(embeds, again[0]), "a token without any spread has no unit to move by"
    assert torch.equal(pooled[0], again[3][0])
    assert not torch.equal(pooled[1], again[3][1])
    assert torch.equal(mask, again[1])
    assert torch.equal(negative, again[2])
    assert (offsets.shapes, cache.hits) == (((2, 4), (6,)), 1)


def test_the_unit_is_twice_the_standard_deviation_without_outliers() -> None:
    values = np.random.default_rng(0).standard_normal((3, 100_000)) * [[1.0], [5.0], [1.0]] + 7.0
    values[2, :3] = 500.0
    np.testing.assert_allclose(offset_unit(values), [[2.0], [10.0], [2.0]], rtol=0.03)


@pytest.mark.parametrize(("pipe", "name"), [(Nameless(), "Nameless"), (object(), "object")])
def test_a_pipeline_without_named_embeddings_is_refused(pipe: Any, name: str) -> None:
    with pytest.raises(RenderError) as caught, PromptCache(pipe).offset_by(PromptOffsets(lineages=(MOVED,))):
        pass
    assert str(caught.value) == NO_EMBEDDINGS.format(name=name)


def test_a_prompt_that_is_not_encoded_alone_is_refused() -> None:
    pipe = Named()
    cache = PromptCache(pipe)
    for call in (lambda: pipe.encode_prompt(["a", "b"]), lambda: None):
        with pytest.raises(RenderError) as caught, cache.offset_by(PromptOffsets(lineages=(MOVED, MOVED))):
            call()
        assert str(caught.value) == NO_EMBEDDINGS.format(name="Named")
    with pytest.raises(RenderError) as caught:
        PromptOffsets(lineages=(MOVED,)).apply(torch.ones(2, 3, 4), (0,))
    assert str(caught.value) == (
        "this model's prompt embeddings are not separate for each picture: use a variation of the noise alone"
    )


def test_half_precision_has_the_same_offset() -> None:
    whole = torch.linspace(-2.0, 2.0, 24).to(torch.bfloat16).reshape(1, 2, 12)
    half = PromptOffsets(lineages=(MOVED,)).apply(whole, (0,))
    wide = PromptOffsets(lineages=(MOVED,)).apply(whole.to(torch.float32), (0,))
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, wide.to(torch.bfloat16))


def test_the_prompt_is_encoded_once_for_all_offsets(loaded: LoadedModel) -> None:
    loaded.prompt_cache.clear()
    calls: list[int] = []
    hook = loaded.pipe.text_encoder.register_forward_hook(lambda *_: calls.append(1))
    farther = MOVED.child(Round(seed=2, scale=0.3, of=4, marks=(0, 1), prompt_scale=0.5))
    tasks = tuple(PictureTask(index=place, lineage=lineage) for place, lineage in enumerate((ROOT, MOVED, farther)))
    first = pictures_of(loaded, RenderJob(job=1, tasks=tasks, settings=SETTINGS))
    again = pictures_of(loaded, RenderJob(job=2, tasks=tasks, settings=SETTINGS))
    hook.remove()
    assert len(calls) == 2  # the prompt and the empty one
    assert len({event.picture.rgb for event in first}) == 3
    assert [event.picture for event in first] == [event.picture for event in again]


def test_a_replay_of_many_rounds_can_be_cancelled(loaded: LoadedModel) -> None:
    lineage = ROOT
    for seed in range(40):
        lineage = lineage.child(Round(seed=500 + seed, scale=0.0, prompt_scale=0.5))
    task, events, asked = PictureTask(index=0, lineage=lineage), list[Event](), list[int]()

    def is_cancelled(job: int) -> bool:
        asked.append(job)
        return len(asked) > 60  # in the rounds of the offset, after 40 of the noise

    runner = JobRunner(loaded, emit=events.append, is_cancelled=is_cancelled)
    with pytest.raises(RenderCancelled):
        runner.run(RenderJob(job=1, tasks=(task,), settings=SETTINGS))
    assert (events, len(asked)) == ([], 61)


def test_too_many_values_are_refused(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentpng.noise.prompt_offset.MAX_WORK", 1000)
    with pytest.raises(InvalidValueError) as caught:
        pictures_of(loaded, RenderJob(job=1, tasks=(PictureTask(index=0, lineage=MOVED),), settings=SETTINGS))
    assert str(caught.value) == "at most 1000 values in all rounds that move the prompt, found 6144"


def test_a_picture_of_a_program_without_prompt_offsets_is_noticed(loaded: LoadedModel) -> None:
    job = RenderJob(job=1, tasks=(PictureTask(index=0, lineage=MOVED),), settings=SETTINGS)
    (event,) = pictures_of(loaded, job)
    settings = {name: value for name, value in event.record.settings.items() if name != "moved_prompt"}
    older = altered(event.record, settings=settings)
    assert prompt_notice(event.record) == prompt_notice(altered(older, lineage=ROOT)) == ""
    assert prompt_notice(older) == (
        "its rounds move the prompt, but the program that rendered it could not do that: "
        "rendering it again gives a different picture"
    )
    assert differing_conditions(older, event.record) == ("moved prompt embeddings not recorded then, 48x16 now",)
