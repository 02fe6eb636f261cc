"""Inversions as jobs: what is found and recorded, events, cancelling, refusals, and memory that runs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.diffusion.inversion import inverter
from engine.diffusion.inversion.latents import LatentMap, measure_map
from engine.diffusion.jobs import JobRunner
from engine.diffusion.load import LoadedModel
from engine.errors import InvalidRequestError, ModelError, OutOfMemoryError, RenderCancelled
from engine.photos.quality import noise_statistics, psnr
from engine.rendering.events import Event, JobDone, PhotoInverted, PictureRendered, PreviewRendered, StepDone
from engine.rendering.requests import InversionWay, ModelChoice, RenderJob
from latentpng.png.files import pixel_digest
from tests.support.engine.inversions import calibrate, drawn_photo, events_of, invert_job, inverted, source_in
from tests.support.engine.tiny import SETTINGS, TASKS, job_of, load_tiny

MEASURED = ("psnr", "vae_psnr", "vae_only", "std", "octave_std", "kurtosis", "lag1")


@pytest.fixture(scope="module")
def loaded(tiny: ModelChoice) -> LoadedModel:
    model = load_tiny(tiny)
    calibrate(model, SETTINGS)
    return model


@pytest.fixture(scope="module")
def exact(loaded: LoadedModel) -> list[Event]:
    return events_of(loaded, invert_job(source={"photo": "a lake", "way": "of the caller"}, previews=True))


def result_in(events: list[Event]) -> PhotoInverted:
    return next(event for event in events if isinstance(event, PhotoInverted))


@pytest.mark.parametrize("scheduler", ["ddim", "euler", "dpm++ 2m", "dpmpp_2m, solver_order=3"])
def test_the_noise_repeats_what_the_autoencoder_shows_of_a_photograph(loaded: LoadedModel, scheduler: str) -> None:
    source = source_in(inverted(loaded, invert_job(SETTINGS, scheduler)))
    assert source["vae_psnr"] > 45.0  # type: ignore[operator]
    assert source["evaluations"] <= 4 * 2 * 4  # type: ignore[operator]  # the work of four renderings with guidance


def test_the_picture_of_the_record_renders_again_bit_for_bit(loaded: LoadedModel, exact: list[Event]) -> None:
    result, events = result_in(exact), list[Event]()
    JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False).run(job_of(result.record))
    assert isinstance(events[-2], PictureRendered)
    assert events[-2].picture == result.picture
    assert pixel_digest(result.picture.rgb) == result.record.pixels


def test_the_root_says_how_the_noise_was_found(exact: list[Event]) -> None:
    result = result_in(exact)
    source = dict(source_in(result))
    said = {name: source.pop(name) for name in MEASURED}
    evaluations = sum(isinstance(event, StepDone) for event in exact) - SETTINGS.num_inference_steps
    assert source == {
        "photo": "a lake",
        "method": "inversion",
        "way": "exact",
        "steps": 4,
        "guidance": 1.0,
        "scheduler": "DDIM",
        "evaluations": evaluations,
    }
    statistics = noise_statistics(result.record.tensor, result.record.axes)
    assert said["psnr"] == round(psnr(result.picture.rgb, drawn_photo(32, 32)), 1)
    assert {name: said[name] for name in statistics.to_json()} == statistics.to_json()


def test_guidance_is_turned_off_and_recorded_as_off(exact: list[Event]) -> None:
    record = result_in(exact).record
    assert (SETTINGS.guidance_scale, record.settings["guidance"]) == (3.0, 1.0)
    assert record.settings["slot"] == [1, 0]


def test_steps_are_counted_up_to_the_number_that_is_expected(exact: list[Event]) -> None:
    steps = [event for event in exact if isinstance(event, StepDone)]
    assert [event.step for event in steps] == list(range(1, len(steps) + 1))
    assert all(event.step <= event.steps for event in steps)
    assert steps[-1].step == steps[-1].steps
    assert isinstance(exact[-1], JobDone)
    assert isinstance(exact[-2], PhotoInverted)


@pytest.mark.parametrize("scheduler", ["ddim", "dpm++ 2m karras"])
def test_the_share_that_is_done_never_falls(loaded: LoadedModel, scheduler: str) -> None:
    events = events_of(loaded, invert_job(replace(SETTINGS, num_inference_steps=8), scheduler))
    shares = [event.step / event.steps for event in events if isinstance(event, StepDone)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_previews_show_the_latents_on_their_way(exact: list[Event]) -> None:
    previews = [event.picture for event in exact if isinstance(event, PreviewRendered)]
    assert len(previews) == source_in(result_in(exact))["evaluations"]
    assert {(preview.width, preview.height) for preview in previews} == {(16, 16)}


def test_the_same_job_gives_the_same_bits(loaded: LoadedModel) -> None:
    first, second = (inverted(loaded, invert_job(way=InversionWay.FREE, seed=3)) for _ in range(2))
    assert first == second
    np.testing.assert_array_equal(first.record.tensor, second.record.tensor)


def test_other_work_in_between_changes_no_bit(loaded: LoadedModel) -> None:
    runner_events: list[Event] = []
    runner = JobRunner(loaded, emit=runner_events.append, is_cancelled=lambda _: False)
    for count in (0, 1, 3):
        if count:
            runner.run(RenderJob(job=1, tasks=TASKS[:count], settings=SETTINGS))
            runner.invert(invert_job(replace(SETTINGS, num_inference_steps=6, prompt="a boat"), "dpm++ 2m"))
        runner.invert(invert_job())
    results = [event for event in runner_events if isinstance(event, PhotoInverted)]
    first, again, last = (result for result in results if source_in(result)["steps"] == 4)
    assert first == again == last
    np.testing.assert_array_equal(first.record.tensor, last.record.tensor)


def test_a_second_photograph_of_the_same_size_needs_no_measurement(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[tuple[int, ...]] = []

    def counted(decoded: Callable[[torch.Tensor], torch.Tensor], shape: tuple[int, ...], name: str) -> LatentMap:
        measured.append(shape)
        return measure_map(decoded, shape, name)

    monkeypatch.setattr(inverter, "measure_map", counted)
    runner = JobRunner(loaded, emit=lambda _: None, is_cancelled=lambda _: False)
    for settings in (SETTINGS, replace(SETTINGS, prompt="a boat"), replace(SETTINGS, num_inference_steps=5)):
        runner.invert(invert_job(settings))
    assert measured == [(1, 4, 16, 16)] * 2


def test_a_solver_that_does_not_converge_is_said_with_others_to_choose(loaded: LoadedModel) -> None:
    result = inverted(loaded, invert_job(scheduler="dpm++ 2m karras"))
    repeats = source_in(result)["vae_psnr"]
    sentence = f"the noise repeats the picture only up to {repeats} dB: "
    assert result.warning.startswith(f"{sentence}take more steps, or choose ddim or euler with --scheduler; ")


def test_the_free_way_depends_on_its_seed_and_records_it(loaded: LoadedModel) -> None:
    one, other = (inverted(loaded, invert_job(way=InversionWay.FREE, seed=seed)) for seed in (2**63, 4))
    assert (source_in(one)["way"], source_in(one)["seed"]) == ("free", str(2**63))
    assert one.record.node != other.record.node


def test_a_cancel_takes_effect_within_one_evaluation(loaded: LoadedModel) -> None:
    for most in (1, 5):
        events: list[Event] = []
        runner = JobRunner(loaded, emit=events.append, is_cancelled=lambda _: len(events) >= most)  # noqa: B023
        with pytest.raises(RenderCancelled):
            runner.invert(invert_job())
        assert len(events) == most
    done: list[Event] = []
    JobRunner(loaded, emit=done.append, is_cancelled=lambda _: False).run(
        RenderJob(job=1, tasks=TASKS[:1], settings=SETTINGS)
    )
    assert isinstance(done[-1], JobDone), "the model is usable afterwards"


def test_one_step_cannot_be_freed(loaded: LoadedModel) -> None:
    sentence = "^the free way replaces the last step by noise: take 2 steps or more$"
    job = invert_job(replace(SETTINGS, num_inference_steps=1), way=InversionWay.FREE)
    with pytest.raises(InvalidRequestError, match=sentence):
        inverted(loaded, job)


def test_a_photograph_of_another_size_is_refused(loaded: LoadedModel) -> None:
    sentence = r"^the photograph has to have the size of the settings, 32 x 32 pixels, found 32 x 31$"
    with pytest.raises(InvalidRequestError, match=sentence):
        inverted(loaded, invert_job(height=31))


def test_noise_that_no_file_can_store_is_refused_with_the_largest_size(loaded: LoadedModel) -> None:
    sentence = (
        r"^a picture of 2048 x 1024 pixels has 2097156 values of noise, but a file can store at most 2097152: "
        r"1984 x 960 is the largest size of this shape that works$"
    )
    runner = JobRunner(loaded, emit=lambda _: None, is_cancelled=lambda _: False)
    spec = runner.renderer.noise_spec(SETTINGS)
    runner.renderer.noise_spec = lambda _: replace(spec, shape=(1, 1, 2**21 + 4))  # type: ignore[method-assign, assignment]
    with pytest.raises(InvalidRequestError, match=sentence):
        runner.invert(invert_job(replace(SETTINGS, width=2048, height=1024)))


def test_a_scheduler_that_cannot_be_inverted_is_refused_before_any_work(loaded: LoadedModel) -> None:
    events: list[Event] = []
    sentence = "^the scheduler UniPCMultistep cannot be inverted: choose ddim, dpm\\+\\+ 2m or euler with --scheduler$"
    with pytest.raises(InvalidRequestError, match=sentence):
        JobRunner(loaded, emit=events.append, is_cancelled=lambda _: False).invert(invert_job(scheduler="unipc"))
    assert events == []


def test_a_model_without_an_autoencoder_is_refused(loaded: LoadedModel) -> None:
    part, loaded.pipe.vae = loaded.pipe.vae, None
    try:
        with pytest.raises(ModelError, match=r"^StableDiffusionPipeline cannot be inverted: it has no autoencoder$"):
            JobRunner(loaded, emit=lambda _: None, is_cancelled=lambda _: False).invert(invert_job())
    finally:
        loaded.pipe.vae = part


def test_too_little_memory_fails_with_one_sentence(loaded: LoadedModel) -> None:
    def refuse(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    handle = loaded.pipe.unet.register_forward_pre_hook(refuse)
    sentence = "^there is not enough memory for one picture of 32 x 32 pixels: try a smaller size$"
    try:
        with pytest.raises(OutOfMemoryError, match=sentence):
            inverted(loaded, invert_job())
    finally:
        handle.remove()
