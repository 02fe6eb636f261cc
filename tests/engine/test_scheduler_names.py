"""The names that people know for schedulers, and what they mean; no torch."""

from __future__ import annotations

import pytest

from engine.errors import EngineError, InvalidRequest
from engine.schedulers import CLASSES, FRIENDLY, scheduler_settings
from engine.settings import SchedulerSettings


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


def test_an_unknown_scheduler_is_told_with_all_there_are() -> None:
    with pytest.raises(InvalidRequest) as caught:
        scheduler_settings("Eular")
    assert str(caught.value).startswith("there is no scheduler 'Eular'; known are DDIM, DDIM eta 1, DDPM, ")
    assert isinstance(caught.value, EngineError)


def test_every_name_and_every_class_is_found_in_any_case() -> None:
    for name, settings in FRIENDLY.items():
        assert scheduler_settings(name.upper()) == scheduler_settings(name.lower()) == settings
    for name in CLASSES:
        short = name.removesuffix("Scheduler")
        assert scheduler_settings(name) == scheduler_settings(short.lower()) == SchedulerSettings(name=name)
