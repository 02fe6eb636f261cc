"""The familiar names of schedulers, and the settings that they stand for; no torch."""

from __future__ import annotations

import pytest

from engine.errors import EngineError, InvalidRequestError
from engine.models.schedulers import CLASSES, FRIENDLY, scheduler_settings
from engine.rendering.settings import SchedulerSettings


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("", SchedulerSettings()),
        ("euler", SchedulerSettings(name="EulerDiscreteScheduler")),
        ("EULER A", SchedulerSettings(name="EulerAncestralDiscreteScheduler")),
        ("EulerAncestralDiscreteScheduler", SchedulerSettings(name="EulerAncestralDiscreteScheduler")),
        ("eulerancestraldiscrete", SchedulerSettings(name="EulerAncestralDiscreteScheduler")),
        ("ddim  eta 1", SchedulerSettings(name="DDIMScheduler", eta=1.0)),
        ("FlowMatchLCM", SchedulerSettings(name="FlowMatchLCMScheduler")),
        ("Euler, karras", SchedulerSettings(name="EulerDiscreteScheduler", options={"use_karras_sigmas": True})),
        (
            "DPM++ 2M,  spacing = trailing ,shift=3, solver_order=3, euler_at_final=false",
            SchedulerSettings(
                name="DPMSolverMultistepScheduler",
                options={"timestep_spacing": "trailing", "shift": 3, "solver_order": 3, "euler_at_final": False},
            ),
        ),
        ("DDIM eta 1, eta=0.5", SchedulerSettings(name="DDIMScheduler", eta=0.5)),
        (", shift=2.5", SchedulerSettings(options={"shift": 2.5})),
        (
            "dpm++ 2m sde karras",
            SchedulerSettings(
                name="DPMSolverMultistepScheduler",
                options={"algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True},
            ),
        ),
    ],
)
def test_schedulers_have_many_names(text: str, settings: SchedulerSettings) -> None:
    assert scheduler_settings(text) == settings


def test_an_unknown_scheduler_is_reported_with_the_list_of_known_ones() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        scheduler_settings("Eular")
    names = ", ".join(FRIENDLY)
    assert str(caught.value) == (f"there is no scheduler 'Eular'; known are {names}, and the class names of diffusers")
    assert names.startswith("DDIM, DDIM eta 1, DDPM, ")
    assert isinstance(caught.value, EngineError)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Euler, magic", "the scheduler option 'magic' is not supported"),
        ("Euler, karras=2", "the scheduler option 'use_karras_sigmas' is true or false"),
        ("Euler, ", "the scheduler option '' is not supported"),
        ("DDIM, eta=much", "the scheduler's eta is a number from 0 to 1, found 'much'"),
        ("DDIM, eta", "the scheduler's eta is a number from 0 to 1, found True"),
        ("DDIM, eta=2", "the scheduler's eta is a number from 0 to 1, found 2.0"),
    ],
)
def test_an_impossible_option_is_reported_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        scheduler_settings(text)
    assert str(caught.value) == sentence


def test_every_name_and_every_class_is_found_in_any_case() -> None:
    for name, settings in FRIENDLY.items():
        assert scheduler_settings(name.upper()) == scheduler_settings(name.lower()) == settings
    for name in CLASSES:
        short = name.removesuffix("Scheduler")
        assert scheduler_settings(name) == scheduler_settings(short.lower()) == SchedulerSettings(name=name)
