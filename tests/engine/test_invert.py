"""From a photograph and choices to the job that inverts it, and to the search that begins with what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InvalidRequestError
from engine.fake import FakeRenderer
from engine.invert import InversionChoices, Keep, PreparedPhoto, prepare_photo, refuse_guidance
from engine.models.invertible import may_be_inverted
from engine.models.schedulers import FRIENDLY
from engine.open import Opening, folder_for, open_file, open_inverted
from engine.options import Options
from engine.photos.fit import Fit
from engine.records import photograph_of
from engine.rendering.events import Event, JobDone, JobFailed, PhotoInverted, PreviewRendered, StepDone
from engine.rendering.requests import InversionWay
from engine.rendering.settings import SchedulerSettings
from engine.search.bands import Bands, factors_of
from engine.search.seeds import fresh_seed_of, grid_seed, step_seed_of
from engine.target import target_for_prompt
from latentpng.errors import UnreadableFileError
from latentpng.noise.replay import replay
from latentpng.record import TensorRoot
from tests.support.engine.folders import model_folder
from tests.support.photos.making import photo_file

VECTORS = Path(__file__).parents[1] / "vectors"
OPTIONS = Options(seed=5)


def prepared(folder: Path, choices: InversionChoices | None = None, options: Options = OPTIONS) -> PreparedPhoto:
    path = photo_file(folder / "beach.png", 64, 48)
    return prepare_photo(options, photograph_of(path), choices or InversionChoices(prompt="a beach"))


def inverted(it: PreparedPhoto, noise_shape: tuple[int, ...] = (4, 16, 16), axes: str = "CHW") -> list[Event]:
    events: list[Event] = []
    renderer = FakeRenderer(threaded=False, noise_shape=noise_shape, axes=axes)
    renderer.start(events.append)
    renderer.load(it.target.load)
    renderer.render(it.job(3))
    renderer.close()
    return events[2:]


def found(it: PreparedPhoto, noise_shape: tuple[int, ...] = (4, 16, 16), axes: str = "CHW") -> PhotoInverted:
    (event,) = [event for event in inverted(it, noise_shape, axes) if isinstance(event, PhotoInverted)]
    return event


def test_a_photograph_is_prepared_at_the_size_of_the_model_and_guidance_1(tmp_path: Path) -> None:
    it = prepared(tmp_path)
    settings = it.target.settings
    assert (settings.prompt, settings.guidance_scale, settings.step_seed) == ("a beach", 1.0, step_seed_of(5))
    assert (settings.width, settings.height) == (it.picture.width, it.picture.height) == (128, 128)
    assert len(it.picture.rgb) == 3 * 128 * 128
    job = it.job(3)
    assert (job.job, job.width, job.height, job.rgb, job.seed) == (3, 128, 128, it.picture.rgb, 5)
    assert job.settings == settings
    assert job.source == {"photo": {"width": 64, "height": 48, "fit": "crop"}}


def test_the_shape_of_the_photograph_is_that_of_the_load_too(tmp_path: Path) -> None:
    it = prepared(tmp_path, InversionChoices(fit=Fit.SHAPE))
    assert (it.target.load.settings.width, it.target.load.settings.height) == (144, 112)
    assert len(it.picture.rgb) == 3 * 144 * 112


def test_a_size_that_was_asked_for_is_used(tmp_path: Path) -> None:
    it = prepared(tmp_path, options=Options(size=(64, 32)))
    assert (it.picture.width, it.picture.height) == (64, 32)


def test_the_guidance_of_the_configuration_file_is_left_out(tmp_path: Path) -> None:
    options = Options(seed=5, prompt_defaults=(("guidance_scale", 7.0), ("num_inference_steps", 9)))
    settings = prepared(tmp_path, options=options).target.settings
    assert (settings.guidance_scale, settings.num_inference_steps) == (1.0, 9)


def test_a_default_that_cannot_be_inverted_gives_way_to_the_model_s_own_scheduler(tmp_path: Path) -> None:
    assert not may_be_inverted(target_for_prompt(OPTIONS, "a beach").settings.scheduler)
    settings = prepared(tmp_path).target.settings
    assert (settings.scheduler, settings.num_inference_steps) == (SchedulerSettings(), 12)
    fewer = prepared(tmp_path, options=Options(seed=5, num_inference_steps=9)).target.settings
    assert (fewer.scheduler, fewer.num_inference_steps) == (SchedulerSettings(), 9)


def test_a_default_that_can_be_inverted_stays(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "lakes")
    (folder / "warmer.json").write_text('{"scheduler": "euler", "steps": 8, "other_steps": 20}')
    settings = prepared(tmp_path, options=Options(seed=5, model=str(folder), size=(64, 64))).target.settings
    assert (settings.scheduler, settings.num_inference_steps) == (FRIENDLY["Euler"], 8)


def test_the_default_of_any_model_gives_way(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "xl_lcm")
    options = Options(seed=5, model=str(folder), size=(64, 64))
    usual, settings = (
        target_for_prompt(options, "a beach").settings,
        prepared(tmp_path, options=options).target.settings,
    )
    assert (usual.scheduler, settings.scheduler) == (FRIENDLY["LCM"], SchedulerSettings())
    assert settings.num_inference_steps == usual.num_inference_steps


@pytest.mark.parametrize(
    "options", [Options(scheduler="unipc"), Options(prompt_defaults=(("scheduler", "unipc"),))], ids=["typed", "file"]
)
def test_a_scheduler_that_was_asked_for_stays_and_the_worker_judges_it(tmp_path: Path, options: Options) -> None:
    assert prepared(tmp_path, options=options).target.settings.scheduler == FRIENDLY["UniPC"]


def test_only_a_guidance_that_was_typed_is_refused() -> None:
    refuse_guidance(Options(guidance_scale=2.5))
    refuse_guidance(Options(guidance_scale=1.0, given=frozenset({"guidance_scale"})))
    with pytest.raises(InvalidRequestError) as caught:
        refuse_guidance(Options(guidance_scale=2.5, given=frozenset({"guidance_scale"})))
    assert str(caught.value) == (
        "at guidance 2.5 the noise that is found is not Gaussian and cannot be varied: leave out --guidance, "
        "photographs are inverted at guidance 1"
    )


def test_the_fake_answers_with_steps_previews_and_the_photograph(tmp_path: Path) -> None:
    it = prepared(tmp_path, InversionChoices(way=InversionWay.FREE))
    events = inverted(it)
    kinds = [type(event) for event in events]
    assert kinds == [StepDone, PreviewRendered, StepDone, PreviewRendered, StepDone, PhotoInverted, JobDone]
    event = found(it)
    assert event.picture == it.picture
    assert isinstance(event.record.lineage.root, TensorRoot)
    source = event.record.lineage.root.source
    assert (source["way"], source["photo"]) == ("free", {"width": 64, "height": 48, "fit": "crop"})


def test_a_failure_of_the_fake_is_the_last_event(tmp_path: Path) -> None:
    it, events = prepared(tmp_path), list[Event]()
    renderer = FakeRenderer(threaded=False)
    renderer.fail_next("this scheduler cannot be inverted")
    renderer.start(events.append)
    renderer.render(it.job(3))
    renderer.close()
    assert [type(event) for event in events] == [JobFailed]


def test_everything_kept_begins_with_the_inverted_picture(tmp_path: Path) -> None:
    it = prepared(tmp_path)
    event = found(it)
    opening = open_inverted(it, event)
    beginning = opening.beginning
    assert beginning.known is not None
    assert (beginning.known.picture, beginning.known.record) == (event.picture, event.record)
    assert beginning.root == beginning.known
    assert beginning.lineage == event.record.lineage
    assert beginning.root_record is event.record
    assert (beginning.settings, opening.title) == (it.target.settings, "beach")


@pytest.mark.parametrize(("keep", "moved"), [(Keep.LAYOUT, Bands.DETAIL), (Keep.DETAIL, Bands.LAYOUT)])
def test_what_is_not_kept_is_drawn_anew_by_one_round(tmp_path: Path, keep: Keep, moved: Bands) -> None:
    it = prepared(tmp_path, InversionChoices(keep=keep))
    event = found(it)
    opening = open_inverted(it, event)
    (round_,) = opening.beginning.lineage.rounds
    assert (round_.seed, round_.scale, round_.of, round_.bands) == (fresh_seed_of(5), 1.0, 1, factors_of(moved, 3))
    assert opening.beginning.known is None
    assert opening.beginning.root is not None


def test_the_layout_is_the_coarse_half_of_the_octaves(tmp_path: Path) -> None:
    it = prepared(tmp_path, InversionChoices(keep=Keep.LAYOUT))
    record = found(it).record
    before = record.tensor.astype(float)
    after = replay(it.lineage(record), (4, 16, 16), "CHW", record.root_tensor).astype(float)
    # factors of three octaves are (0, 0, 1): means of 2 x 2 cells hold both coarse ones
    means = [each.reshape(4, 8, 2, 8, 2).mean((2, 4)) for each in (before, after)]
    assert abs(means[0] - means[1]).max() < 0.01
    assert abs(before - after).max() > 1.0


def test_the_seed_of_fresh_noise_is_that_of_no_grid() -> None:
    assert fresh_seed_of(5) not in {5, step_seed_of(5), *(grid_seed(5, index) for index in range(100))}


def test_noise_without_octaves_has_no_layout(tmp_path: Path) -> None:
    it = prepared(tmp_path, InversionChoices(keep=Keep.LAYOUT))
    event = found(it, (1024, 4), "LC")
    with pytest.raises(InvalidRequestError) as caught:
        open_inverted(it, event)
    assert str(caught.value) == (
        "the noise of 'embedded' has no layout and detail that could be told apart: keep everything"
    )


def test_the_notice_says_how_well_it_repeats_and_what_to_mind(tmp_path: Path) -> None:
    it = prepared(tmp_path)
    event = found(it)
    notice = open_inverted(it, event).target.notice
    assert notice.startswith(
        "repeats the photograph at 27.9 dB (the VAE alone: 28.7), the VAE's picture at 60.3 dB; noise: std "
    )


def test_the_folder_is_named_after_the_photograph(tmp_path: Path) -> None:
    it = prepared(tmp_path)
    assert folder_for(open_inverted(it, found(it)), None, tmp_path / "sessions").folder.name.endswith(" beach")


def test_opening_any_file(tmp_path: Path) -> None:
    photo = photo_file(tmp_path / "beach.jpg")
    for_photos = Options(seed=9)
    it = open_file(OPTIONS, for_photos, photo, None)
    assert isinstance(it, PreparedPhoto)
    assert (it.choices, it.seed) == (InversionChoices(), 9)
    described = open_file(OPTIONS, for_photos, photo, "a beach")
    assert isinstance(described, PreparedPhoto)
    assert (described.photograph.prompt, described.choices) == ("a beach", InversionChoices())
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UnreadableFileError):
        open_file(OPTIONS, for_photos, tmp_path / "a.txt", None)


def test_a_prompt_for_a_picture_with_noise_changes_its_words(tmp_path: Path) -> None:
    it = prepared(tmp_path)
    event = found(it)
    from latentpng.png.files import write_picture

    path = tmp_path / "noise.png"
    write_picture(path, event.picture.width, event.picture.height, event.picture.rgb, event.record)
    assert isinstance(open_file(OPTIONS, OPTIONS, path, None), Opening)
    changed = open_file(OPTIONS, OPTIONS, path, "a pier")
    assert isinstance(changed, Opening)
    assert changed.beginning.settings.prompt == "a pier"
    assert len(changed.beginning.lineage.rounds) == len(event.record.lineage.rounds) + 1
