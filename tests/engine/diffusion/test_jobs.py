"""Jobs: batches, events, records that are rendered again, cancelled jobs, and too little memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.compare import compare_pixels, differing_conditions
from engine.diffusion.jobs import JobRunner, default_batch_size
from engine.diffusion.load import LoadedModel
from engine.diffusion.main import failure_event
from engine.diffusion.out_of_memory import is_out_of_memory
from engine.errors import OutOfMemoryError, RenderCancelled, RenderError
from engine.models.schedulers import scheduler_settings
from engine.rendering.events import Event, Failure, JobDone, PictureRendered, PreviewRendered, StepDone
from engine.rendering.requests import PictureTask, RenderJob
from latentpng.png.files import pixel_digest, read_record, write_picture
from latentpng.record import Lineage, Round, SeedRoot, TensorRoot
from tests.support.engine.schedulers import SCHEDULERS
from tests.support.engine.tiny import SETTINGS, job_of, load_tiny, save_tiny, slow_clock

PARENT = Lineage(root=SeedRoot(seed=7))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(save_tiny(tmp_path_factory.mktemp("models") / "tiny"))


def tasks_of(count: int) -> tuple[PictureTask, ...]:
    return tuple(
        PictureTask(index=mark, lineage=PARENT.child(Round(seed=1, scale=0.7, of=9, marks=(mark,))))
        for mark in range(count)
    )


def run(loaded: LoadedModel, job: RenderJob, *, micro_batch: int = 4, step_takes: float = 1.0) -> list[Event]:
    """Run a job; a step takes `step_takes` seconds on the clock that paces the previews."""
    events: list[Event] = []
    clock = slow_clock(events, step_takes)
    JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False, micro_batch=micro_batch, clock=clock).run(job)
    return events


def pictures_in(events: list[Event]) -> list[PictureRendered]:
    return [event for event in events if isinstance(event, PictureRendered)]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_written_file_renders_again_bit_for_bit(loaded: LoadedModel, tmp_path: Path, scheduler: str) -> None:
    job = RenderJob(job=1, tasks=tasks_of(3), settings=replace(SETTINGS, scheduler=scheduler_settings(scheduler)))
    rendered = pictures_in(run(loaded, job))[1]
    file = tmp_path / "picture.png"
    picture = rendered.picture
    write_picture(file, picture.width, picture.height, picture.rgb, rendered.record)
    record = read_record(file)
    (fresh,) = pictures_in(run(loaded, job_of(record)))
    assert fresh.picture.rgb == picture.rgb
    assert record.pixels == pixel_digest(fresh.picture.rgb)
    assert differing_conditions(record, fresh.record) == ()


def test_pictures_are_rendered_in_order_in_batches_of_one_size(loaded: LoadedModel) -> None:
    events = run(loaded, RenderJob(job=1, tasks=tasks_of(5), settings=SETTINGS), micro_batch=2)
    assert [event.index for event in pictures_in(events)] == [0, 1, 2, 3, 4]
    assert [event.record.settings["slot"] for event in pictures_in(events)] == [[2, 0], [2, 1], [2, 0], [2, 1], [2, 0]]
    assert isinstance(events[-1], JobDone)


@pytest.mark.parametrize("known", [(0,), (1, 2), (0, 1, 3, 4)])
def test_the_rest_of_a_grid_has_the_bits_that_it_has_in_the_whole_grid(
    loaded: LoadedModel, known: tuple[int, ...]
) -> None:
    tasks = tuple(replace(task, among=(5, task.index)) for task in tasks_of(5))
    rest = tuple(task for task in tasks if task.index not in known)
    whole, part = (
        {event.index: event for event in pictures_in(run(loaded, RenderJob(job=1, tasks=some, settings=SETTINGS)))}
        for some in (tasks, rest)
    )
    assert part.keys() == {task.index for task in rest}
    for index, event in part.items():
        assert event.picture == whole[index].picture
        assert event.record == whole[index].record


def test_fewer_pictures_than_fit_are_one_batch(loaded: LoadedModel) -> None:
    events = run(loaded, RenderJob(job=1, tasks=tasks_of(3), settings=SETTINGS), micro_batch=8)
    assert [event.record.settings["slot"] for event in pictures_in(events)] == [[3, 0], [3, 1], [3, 2]]
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [(event.step, event.steps, event.indices) for event in steps] == [(n, 4, (0, 1, 2)) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("scheduler", ["DDIM", "Euler a"])
def test_recorded_slots_rendered_together_have_the_bits_of_each_alone(loaded: LoadedModel, scheduler: str) -> None:
    settings = replace(SETTINGS, scheduler=scheduler_settings(scheduler))
    slots = ((4, 2), (4, 0), (2, 1), (4, 3), (4, 0))
    tasks = tuple(replace(task, slot=slot) for task, slot in zip(tasks_of(5), slots, strict=True))
    events = run(loaded, RenderJob(job=1, tasks=tasks, settings=settings))
    together = {event.index: event for event in pictures_in(events)}
    assert [event.record.settings["slot"] for _, event in sorted(together.items())] == [list(slot) for slot in slots]
    batches = [event.indices for event in events if isinstance(event, StepDone) and event.step == 1]
    assert batches == [(1, 0, 3), (2,), (4,)]
    for task in tasks:
        (alone,) = pictures_in(run(loaded, RenderJob(job=2, tasks=(task,), settings=settings)))
        assert together[task.index].picture.rgb == alone.picture.rgb


def test_a_neighbour_whose_prompt_moves_changes_no_bit(loaded: LoadedModel) -> None:
    moving = PARENT.child(Round(seed=1, scale=0.4, of=9, marks=(1,), prompt_scale=0.5))
    tasks = (replace(tasks_of(1)[0], slot=(2, 0)), PictureTask(index=1, lineage=moving, slot=(2, 1)))
    together = pictures_in(run(loaded, RenderJob(job=1, tasks=tasks, settings=SETTINGS)))
    for task, event in zip(tasks, together, strict=True):
        (alone,) = pictures_in(run(loaded, RenderJob(job=2, tasks=(task,), settings=SETTINGS)))
        assert event.picture.rgb == alone.picture.rgb
        assert event.record == alone.record


def test_the_record_contains_everything_that_decides_the_picture(loaded: LoadedModel) -> None:
    (rendered,) = pictures_in(run(loaded, RenderJob(job=1, tasks=tasks_of(1), settings=SETTINGS)))
    settings, software = rendered.record.settings, rendered.record.software
    model = settings["model"]
    assert isinstance(model, dict)
    assert model == loaded.identity
    assert (model["name"], model["pipeline"]) == ("tiny", "StableDiffusionPipeline")
    assert {**SETTINGS.to_json(), "model": model, "slot": [1, 0], "dtype": "float32"} == settings
    assert software["torch"] == torch.__version__
    assert software["threads"] == torch.get_num_threads()
    assert {"warmer", "python", "diffusers", "transformers", "torchsde", "numpy", "device", "device_name"} < set(
        software
    )


def test_previews_are_as_small_as_the_latents_and_come_before_the_last_step(loaded: LoadedModel) -> None:
    job = RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS, previews=True)
    previews = [event for event in run(loaded, job) if isinstance(event, PreviewRendered)]
    assert [event.index for event in previews] == [0, 1] * 3
    assert all(
        (event.picture.width, event.picture.height, len(event.picture.rgb)) == (16, 16, 768) for event in previews
    )


def test_quick_steps_have_only_one_preview(loaded: LoadedModel) -> None:
    job = RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS, previews=True)
    events = run(loaded, job, step_takes=0.01)
    kinds = [type(event).__name__ for event in events[:4]]
    assert kinds == ["StepDone", "PreviewRendered", "PreviewRendered", "StepDone"]
    assert sum(isinstance(event, PreviewRendered) for event in events) == 2


def test_previews_do_not_change_the_pictures(loaded: LoadedModel) -> None:
    job = RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS)
    plain, previewed = (pictures_in(run(loaded, one)) for one in (job, replace(job, previews=True)))
    assert [event.picture for event in plain] == [event.picture for event in previewed]


def test_a_tensor_root_renders_from_its_stored_noise(loaded: LoadedModel) -> None:
    tensor = np.random.default_rng(1).standard_normal((4, 16, 16)).astype(np.float16)
    task = PictureTask(index=0, lineage=Lineage(root=TensorRoot()))
    (first,) = pictures_in(run(loaded, RenderJob(job=1, tasks=(task,), settings=SETTINGS, root_tensor=tensor)))
    np.testing.assert_array_equal(first.record.tensor, tensor)
    (fresh,) = pictures_in(run(loaded, job_of(first.record)))
    assert fresh.picture == first.picture


def test_stored_noise_of_another_size_fails_with_one_sentence(loaded: LoadedModel) -> None:
    task = PictureTask(index=0, lineage=Lineage(root=TensorRoot()))
    tensor = np.zeros((4, 64, 64), dtype=np.float16)
    sentence = (
        r"^the stored noise has the shape 4 x 64 x 64, but this model needs 4 x 16 x 16 at 32 x 32 pixels: "
        r"it belongs to another model or size$"
    )
    with pytest.raises(RenderError, match=sentence):
        run(loaded, RenderJob(job=1, tasks=(task,), settings=SETTINGS, root_tensor=tensor))


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_cancel_takes_effect_within_one_step(loaded: LoadedModel, step: int) -> None:
    events: list[Event] = []
    runner = JobRunner(loaded, emit=events.append, is_cancelled=lambda _: len(events) >= step, micro_batch=2)
    job = RenderJob(job=1, tasks=tasks_of(4), settings=SETTINGS)
    with pytest.raises(RenderCancelled):
        runner.run(job)
    assert len(events) == step
    assert all(isinstance(event, StepDone) for event in events)


def test_decoding_can_be_cancelled_before_every_picture(loaded: LoadedModel) -> None:
    decoded: list[object] = []
    runner = JobRunner(loaded, emit=lambda _: None, is_cancelled=lambda _: len(decoded) >= 2, micro_batch=4)
    handle = loaded.pipe.vae.decoder.register_forward_hook(lambda *_: decoded.append(1))
    try:
        with pytest.raises(RenderCancelled):
            runner.run(RenderJob(job=1, tasks=tasks_of(4), settings=SETTINGS))
    finally:
        handle.remove()
    assert len(decoded) == 2
    pictures = pictures_in(run(loaded, RenderJob(job=2, tasks=tasks_of(4), settings=SETTINGS)))
    assert [event.index for event in pictures] == [0, 1, 2, 3], "the check is gone with its job"


def test_a_long_replay_can_be_cancelled(loaded: LoadedModel) -> None:
    asked: list[int] = []
    rounds = tuple(Round(seed=seed, scale=0.5, of=9, marks=(1,)) for seed in range(1000, 1040))
    tasks = (PictureTask(index=0, lineage=Lineage(root=SeedRoot(seed=991), rounds=rounds)),)

    def is_cancelled(job: int) -> bool:
        asked.append(job)
        return len(asked) > 5

    runner = JobRunner(loaded, emit=lambda _: None, is_cancelled=is_cancelled)
    with pytest.raises(RenderCancelled):
        runner.run(RenderJob(job=1, tasks=tasks, settings=SETTINGS))
    assert len(asked) == 6, "once before the noise, then after each of five rounds"


def test_warnings_are_in_the_record_and_in_the_event(loaded: LoadedModel) -> None:
    odd = replace(SETTINGS, scheduler=replace(scheduler_settings("Euler"), eta=1.0))
    (rendered,) = pictures_in(run(loaded, RenderJob(job=1, tasks=tasks_of(1), settings=odd)))
    sentence = "this scheduler takes no eta: it was ignored"
    assert rendered.warning == sentence
    assert rendered.record.settings["warnings"] == [sentence]


@pytest.mark.slow
@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_batches_get_smaller_when_memory_runs_out(loaded: LoadedModel, error: Exception) -> None:
    def refuse(_: object, inputs: tuple[torch.Tensor, ...]) -> None:
        if len(inputs[0]) > 4:  # two pictures, with and without guidance
            raise error

    handle = loaded.pipe.unet.register_forward_pre_hook(refuse)
    try:
        events = run(loaded, RenderJob(job=1, tasks=tasks_of(5), settings=SETTINGS), micro_batch=8)
    finally:
        handle.remove()
    rendered = pictures_in(events)
    assert [event.index for event in rendered] == [0, 1, 2, 3, 4]
    assert [event.record.settings["slot"] for event in rendered] == [[2, 0], [2, 1], [2, 0], [2, 1], [2, 0]]
    sentence = "memory ran out with a batch of 5: later batches are smaller"
    assert {event.warning for event in rendered} == {sentence}
    assert rendered[0].record.settings["warnings"] == [sentence]
    (fresh,) = pictures_in(run(loaded, job_of(rendered[4].record)))
    assert fresh.picture == rendered[4].picture
    assert fresh.warning == ""


@pytest.mark.slow
def test_too_little_memory_for_one_picture_fails_with_one_sentence(loaded: LoadedModel) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")

    handle = loaded.pipe.unet.register_forward_pre_hook(refuse)
    sentence = "there is not enough memory for one picture of 32 x 32 pixels: try a smaller size"
    try:
        with pytest.raises(OutOfMemoryError, match=f"^{sentence}$") as caught:
            run(loaded, RenderJob(job=1, tasks=tasks_of(3), settings=SETTINGS))
    finally:
        handle.remove()
    assert failure_event(1, caught.value, Failure.CRASH).failure is Failure.MEMORY


def test_a_recorded_slot_may_be_in_a_larger_batch(loaded: LoadedModel) -> None:
    task = replace(tasks_of(1)[0], slot=(6, 5))
    (rendered,) = pictures_in(run(loaded, RenderJob(job=1, tasks=(task,), settings=SETTINGS), micro_batch=2))
    assert rendered.record.settings["slot"] == [6, 5]


def test_a_size_that_the_pipeline_refuses_fails_with_one_sentence(loaded: LoadedModel) -> None:
    job = RenderJob(job=1, tasks=tasks_of(1), settings=replace(SETTINGS, width=33))
    with pytest.raises(ValueError, match="divisible by 8") as caught:
        run(loaded, job)
    event = failure_event(1, caught.value, Failure.CRASH)
    assert event.failure is Failure.SETTINGS
    assert event.sentence.startswith("the model refuses these settings: `height` and `width` have to be divisible by 8")


def test_other_errors_are_not_taken_for_too_little_memory() -> None:
    assert not is_out_of_memory(RuntimeError("shape mismatch"))


def test_the_default_batch_size_is_smaller_for_larger_pictures() -> None:
    sizes = [replace(SETTINGS, width=side, height=side) for side in (128, 512, 1024, 2048)]
    assert [default_batch_size("cpu", settings) for settings in sizes] == [8, 1, 1, 1]
    assert [default_batch_size("cuda:1", settings) for settings in sizes] == [8, 8, 4, 2]


def test_pixels_of_one_picture_do_not_differ(loaded: LoadedModel) -> None:
    one, other = pictures_in(run(loaded, RenderJob(job=1, tasks=tasks_of(2), settings=SETTINGS)))
    assert compare_pixels(one.picture.rgb, one.picture.rgb).largest == 0
    assert compare_pixels(one.picture.rgb, other.picture.rgb).largest > 0
