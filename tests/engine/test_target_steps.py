"""Scheduler and steps: the defaults of the model for a new prompt, what a picture records for an old one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.models.find import model_identity, remember_model
from engine.models.resolve import resolve_model
from engine.models.schedulers import FRIENDLY
from engine.options import Options
from engine.rendering.settings import SchedulerSettings
from engine.target import Target, target_for_prompt, target_for_record
from latentpng.record import Json
from tests.support.engine.folders import empty_home
from tests.support.latentpng.pictures import altered, seeded_record

OWN = SchedulerSettings()
DDIM: dict[str, Json] = {"scheduler": {"name": "DDIMScheduler"}}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, with nothing else in the environment."""
    return empty_home(tmp_path, monkeypatch)


def chosen(target: Target) -> tuple[SchedulerSettings, int]:
    return target.settings.scheduler, target.settings.num_inference_steps


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(), (FRIENDLY["UniPC"], 6)),
        (Options(scheduler="unipc"), (FRIENDLY["UniPC"], 6)),
        (Options(num_inference_steps=12), (FRIENDLY["UniPC"], 12)),
        (Options(scheduler="ddim"), (FRIENDLY["DDIM"], 12)),
        (Options(scheduler=""), (OWN, 12)),
        (Options(scheduler="ddim", num_inference_steps=3), (FRIENDLY["DDIM"], 3)),
        (Options(prompt_defaults=(("scheduler", "ddim"),)), (FRIENDLY["DDIM"], 12)),
    ],
)
def test_a_new_prompt_has_the_steps_that_its_scheduler_needs(
    options: Options, expected: tuple[SchedulerSettings, int]
) -> None:
    assert chosen(target_for_prompt(options, "a lake")) == expected


@pytest.mark.parametrize(
    ("recorded", "options", "expected"),
    [
        ({**DDIM, "steps": 12}, Options(), (FRIENDLY["DDIM"], 12)),
        ({"steps": 12}, Options(), (OWN, 12)),
        (DDIM, Options(), (FRIENDLY["DDIM"], 12)),
        ({}, Options(), (OWN, 12)),
        ({"steps": 4}, Options(scheduler="unipc"), (FRIENDLY["UniPC"], 4)),
    ],
)
def test_a_picture_keeps_its_scheduler_and_its_steps_whatever_the_defaults_are(
    recorded: dict[str, Json], options: Options, expected: tuple[SchedulerSettings, int]
) -> None:
    model = resolve_model("")
    identity = model_identity(model)
    remember_model(model, identity)
    record = altered(seeded_record(), settings={"prompt": "a lake", "model": identity, **recorded})
    assert chosen(target_for_record(options, record)) == expected
