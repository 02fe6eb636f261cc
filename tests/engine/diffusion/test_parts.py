"""The small parts: batches, the memory for prompts, previews, conditions that differ, the seams themselves."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.compare import PixelDifference, compare_pixels, differing_conditions
from engine.diffusion.batches import batch_size, next_batch
from engine.diffusion.previews import Previewer
from engine.diffusion.prompts import PromptCache
from engine.diffusion.seams.latents import unpack_latents
from engine.diffusion.seams.noise import initial_noise, noise_globals, requested_noise_shape
from engine.diffusion.seams.randomness import isolated_randomness
from engine.diffusion.seams.steps import Step, controlled_steps
from engine.errors import InvalidRequestError, ModelError, RenderError
from engine.rendering.requests import PictureTask
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


def tasks_of(count: int, slot: tuple[int, int] = (0, 0)) -> list[PictureTask]:
    return [PictureTask(index=index, lineage=LINEAGE, slot=slot) for index in range(count)]


@given(count=st.integers(1, 70), most=st.integers(1, 64))
def test_batches_hold_every_task_once_in_order_and_have_one_size(count: int, most: int) -> None:
    todo = tasks_of(count)
    size = batch_size(todo, most)
    seen: list[int] = []
    while todo:
        batch = next_batch(todo, size)
        assert batch.size == size <= most
        seen += batch.indices
        todo = todo[len(batch.used) :]
    assert seen == list(range(count))


def test_the_last_batch_is_filled_with_its_last_noise() -> None:
    batch = next_batch(tasks_of(2), 4)
    assert [task.index for task in batch.tasks] == [0, 1, 1, 1]
    assert batch.indices == (0, 1)


@pytest.mark.parametrize(
    ("slot", "largest", "size", "kept"),
    [((8, 5), 64, 8, 5), ((8, 5), 4, 4, 1), ((1, 0), 64, 1, 0), ((10**6, 10**5), 64, 61, 21), ((4, -3), 64, 4, 0)],
)
def test_a_recorded_slot_is_kept_or_halved(slot: tuple[int, int], largest: int, size: int, kept: int) -> None:
    batch = next_batch(tasks_of(3, slot), 2, largest)
    assert (batch.size, batch.used, batch.indices) == (size, (kept,), (0,))


class Encoder:
    """Counts how often it encodes."""

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


def test_what_cannot_be_remembered_goes_through() -> None:
    encoder = Encoder()
    PromptCache(encoder)
    for _ in range(2):
        encoder.encode_prompt(["a", "b"])
        encoder.encode_prompt(["a"], negative_prompt=torch.zeros(1))
    assert len(encoder.calls) == 4
    assert encoder.calls[0] == (["a", "b"], None)


def test_the_memory_for_prompts_is_bounded() -> None:
    encoder = Encoder()
    cache = PromptCache(encoder)
    for number in range(20):
        encoder.encode_prompt([str(number)])
    assert len(cache) == 8
    encoder.encode_prompt(["19"])
    assert cache.hits == 1


def test_a_preview_learns_the_colours_of_finished_pictures() -> None:
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((2, 4, 8, 8)).astype(np.float32)
    colours = np.clip(latents[:, :3] * 30 + 120, 0, 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    large = colours.repeat(8, axis=1).repeat(8, axis=2)
    previewer = Previewer((4, 8, 8), "CHW")
    rough = previewer.pictures(latents)
    assert [(picture.width, picture.height, len(picture.rgb)) for picture in rough] == [(8, 8, 192)] * 2
    previewer.fit(latents, large)
    assert previewer.fitted
    seen = np.frombuffer(previewer.pictures(latents)[1].rgb, dtype=np.uint8).reshape(8, 8, 3)
    assert np.abs(seen.astype(int) - colours[1]).max() <= 3


@pytest.mark.parametrize(
    ("axes", "shape"), [("LC", (16, 4)), ("1HWC", (1, 6, 8, 4)), ("1CHW", (1, 4, 6, 8)), ("CHW", (2, 6, 8))]
)
def test_previews_of_every_layout_have_their_size_or_are_none(axes: str, shape: tuple[int, ...]) -> None:
    previewer = Previewer(shape, axes)
    latents = np.random.default_rng(0).standard_normal((3, *shape)).astype(np.float32)
    previewer.fit(latents, np.zeros((3, 48, 64, 3), dtype=np.uint8))
    sizes = [(picture.width, picture.height) for picture in previewer.pictures(latents)]
    assert sizes == ([] if axes == "LC" else [(8, 6)] * 3)
    assert previewer.pictures(latents[:, :, :-1]) == ()


def test_a_model_may_bring_its_colours() -> None:
    colours = ((10.0, 0.0, 0.0), (0.0, 20.0, 0.0), (1.0, 2.0, 3.0))
    latents = np.array([[[[1.0]], [[2.0]]]], dtype=np.float32)
    brought = Previewer((2, 1, 1), "CHW", colours)
    assert brought.fitted
    assert [picture.rgb for picture in brought.pictures(latents)] == [bytes([11, 42, 3])]
    assert not Previewer((3, 1, 1), "CHW", colours).fitted, "they belong to other latents"


def test_a_picture_of_no_number_is_still_a_preview() -> None:
    latents = np.full((1, 4, 2, 2), np.nan, dtype=np.float32)
    assert len(Previewer((4, 2, 2), "CHW").pictures(latents)) == 1


def test_packed_latents_stay_as_they_are_where_nobody_can_unpack_them() -> None:
    assert unpack_latents(SimpleNamespace(), torch.zeros(2, 16, 5), (4, 4, 4), 32, 32).shape == (2, 16, 5)


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
    scheduler: Json = {"name": "DDIMScheduler", "options": {"use_karras_sigmas": True}, "eta": 1.0}
    assert differing(settings=with_setting("scheduler", scheduler)) == (
        "scheduler DDIM then, DDIM (use_karras_sigmas=True), eta 1.0 now",
    )


def test_pixels_are_compared_in_numbers() -> None:
    one = np.array([[0, 10], [200, 255]], dtype=np.uint8)
    other = np.array([[3, 10], [200, 0]], dtype=np.uint8)
    assert compare_pixels(one, other) == PixelDifference(largest=255, mean=64.5)
    assert compare_pixels(one.tobytes(), one) == PixelDifference(largest=0, mean=0.0)
    assert compare_pixels(b"", b"") == PixelDifference(largest=0, mean=0.0)
    with pytest.raises(InvalidRequestError, match=r"^pictures of different sizes cannot be compared: 4 and 3 values$"):
        compare_pixels(one, b"123")


def randn_tensor(shape: Any, **_: Any) -> Any:
    """Stands where a pipeline's module has it."""
    return ("original", shape)


class Pipe:
    """A pipeline as far as the seams know one."""

    freed = 0

    def prepare_latents(self) -> Any:
        return randn_tensor((2, 4, 1, 1), device="cpu", dtype=torch.float32), randn_tensor((9,))

    def silent(self) -> None: ...

    def maybe_free_model_hooks(self) -> None:
        self.freed += 1


def test_only_the_first_request_for_noise_is_answered() -> None:
    noise = torch.ones(2, 4, 1, 1)
    pipe = Pipe()
    with initial_noise(pipe, noise):
        first, second = pipe.prepare_latents()
    assert torch.equal(first, noise)
    assert second == ("original", (9,))
    assert pipe.prepare_latents()[0] == ("original", (2, 4, 1, 1)), "everything is back in place"


def test_the_wanted_noise_is_asked_for_and_not_made() -> None:
    pipe = Pipe()
    assert requested_noise_shape(pipe, pipe.prepare_latents) == (2, 4, 1, 1)
    assert pipe.freed == 1
    assert pipe.prepare_latents()[0] == ("original", (2, 4, 1, 1))
    with pytest.raises(ModelError, match=r"^Pipe never asked for initial noise, so it cannot be used$"):
        requested_noise_shape(pipe, pipe.silent)
    with (
        pytest.raises(RenderError, match=r"^Pipe never asked for initial noise$"),
        initial_noise(pipe, torch.ones(1)),
    ):
        pipe.silent()


def test_the_seam_is_closed_after_an_error_too() -> None:
    pipe = Pipe()
    with pytest.raises(RenderError), initial_noise(pipe, torch.ones(1, 4, 1, 1)):
        pipe.prepare_latents()
    assert pipe.prepare_latents()[1] == ("original", (9,))


def test_a_class_without_a_place_for_noise_is_known() -> None:
    assert noise_globals(SimpleNamespace) == []
    with pytest.raises(ModelError), initial_noise(SimpleNamespace(), torch.ones(1)):
        pass


class Scheduler:
    """A scheduler as far as the seams know one."""

    timesteps = (3, 2, 1)
    config: dict[str, Any] = {}  # noqa: RUF012 (never changed)

    def step(self, model_output: Any, sample: Any, generator: Any = None, eta: float = 0.0) -> Any:  # noqa: ARG002
        return (sample + eta, [one.initial_seed() for one in generator])


def test_steps_get_generators_of_their_own_and_are_counted() -> None:
    scheduler = Scheduler()
    steps: list[Step] = []
    with controlled_steps(scheduler, seed=7, count=2, eta=1.0, on_step=steps.append):
        _, seeds = scheduler.step(torch.zeros(2), torch.zeros(2), generator="the pipeline's")
        scheduler.step(torch.zeros(2), sample=torch.zeros(2))
    assert seeds == [7, 7]
    assert [(step.step, step.steps, step.latents.tolist()) for step in steps] == [
        (1, 3, [1.0, 1.0]),
        (2, 3, [1.0, 1.0]),
    ]
    assert "step" not in scheduler.__dict__


def test_what_draws_from_the_global_generators_is_named() -> None:
    before = torch.get_rng_state()
    with isolated_randomness(3) as watch:
        first = torch.rand(1), np.random.rand()
    assert watch.drawn_from == ("torch", "numpy")
    with isolated_randomness(3) as watch:
        assert (torch.rand(1), np.random.rand()) == first
    with isolated_randomness(3) as watch:
        torch.rand(1, generator=torch.Generator().manual_seed(1))
    assert watch.drawn_from == ()
    assert torch.equal(torch.get_rng_state(), before)
