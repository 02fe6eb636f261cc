"""A picture that asks for far more work than pictures are is refused before loading, unless it is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.edit import Edit, edited
from engine.errors import InvalidRequestError
from engine.models.defaults import FAMILIES, ModelDefaults
from engine.models.effort import check_effort
from engine.models.find import model_identity
from engine.models.resolve import resolve_model
from engine.options import Options
from engine.rendering.settings import RenderSettings
from engine.target import target_for_record
from latentpng.record import LatentRecord
from tests.support.engine.folders import empty_home
from tests.support.latentpng.pictures import altered, seeded_record

SD, SDXL = FAMILIES["StableDiffusionPipeline"], FAMILIES["StableDiffusionXLPipeline"]
HUNYUAN, DEEP_FLOYD = FAMILIES["HunyuanImagePipeline"], FAMILIES["IFPipeline"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, with nothing else in the environment."""
    return empty_home(tmp_path, monkeypatch)


def asked(width: int, height: int, steps: int) -> RenderSettings:
    return RenderSettings(prompt="", width=width, height=height, num_inference_steps=steps, guidance_scale=1.0)


def recorded(**settings: int) -> LatentRecord:
    """A picture of the embedded model."""
    model = model_identity(resolve_model(""))
    return altered(seeded_record(), settings={"prompt": "a red sun", "model": model, **settings})


def is_fine(
    settings: RenderSettings, defaults: ModelDefaults, *, has_size: bool = False, has_steps: bool = False
) -> bool:
    try:
        check_effort(settings, defaults, has_size=has_size, has_steps=has_steps)
    except InvalidRequestError:
        return False
    return True


def test_ordinary_pictures_are_rendered_without_a_question() -> None:
    for width, height, steps in (
        (1536, 1536, 50),
        (2048, 2048, 60),
        (1024, 1536, 150),
        (512, 512, 150),
        (3072, 1024, 40),
    ):
        assert is_fine(asked(width, height, steps), SD)
        assert is_fine(asked(width, height, steps), SDXL)
    assert is_fine(asked(2560, 2560, 50), HUNYUAN), "its own size is 2048"
    assert is_fine(asked(64, 64, 200), DEEP_FLOYD), "its own steps are 100"


def test_each_limit_counts_unless_a_person_chose_the_value() -> None:
    for settings in (asked(4096, 2048, 10), asked(512, 512, 500), asked(2048, 2048, 120)):
        assert not is_fine(settings, SDXL)
        assert is_fine(settings, SDXL, has_size=True, has_steps=True)
    assert is_fine(asked(4096, 2048, 10), SDXL, has_size=True)
    assert not is_fine(asked(4096, 2048, 10), SDXL, has_steps=True)
    assert is_fine(asked(512, 512, 500), SDXL, has_steps=True)
    assert not is_fine(asked(512, 512, 500), SDXL, has_size=True)


def test_a_picture_that_asks_for_hours_says_so_and_what_allows_it() -> None:
    record = recorded(width=5784, height=5784, steps=950)
    with pytest.raises(InvalidRequestError) as caught:
        target_for_record(Options(), record)
    assert str(caught.value) == (
        "the picture asks for 5784x5784 pixels in 950 steps, which can take hours and 128 GiB of memory, and its model "
        "is made for 128x128 in 6: choose with --size and --steps, or add --allow-large to render what it asks for"
    )
    chosen = target_for_record(Options(size=(128, 128), num_inference_steps=6), record)
    assert (chosen.settings.width, chosen.settings.num_inference_steps) == (128, 6)
    assert target_for_record(Options(allow_large=True), record).settings.num_inference_steps == 950


def test_an_edit_of_a_picture_that_is_on_the_screen_is_not_asked_about() -> None:
    record = recorded(width=128, height=128, steps=400)
    edit = edited(Options(), record, Edit(prompt="a lake"))
    assert edit.variant.load.settings.num_inference_steps == 400
