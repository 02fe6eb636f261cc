"""A scheduler as text: what is written means the same settings again."""

from __future__ import annotations

import pytest

from engine.models.scheduler_texts import scheduler_text
from engine.models.schedulers import CLASSES, FRIENDLY, scheduler_settings
from engine.rendering.settings import SchedulerSettings


@pytest.mark.parametrize("name", FRIENDLY)
def test_common_names_come_back(name: str) -> None:
    assert scheduler_settings(scheduler_text(FRIENDLY[name])) == FRIENDLY[name]
    assert "=" not in scheduler_text(FRIENDLY[name])


@pytest.mark.parametrize("name", CLASSES)
def test_classes_come_back(name: str) -> None:
    settings = SchedulerSettings(name=name, options={"timestep_spacing": "trailing", "shift": 3}, eta=0.25)
    assert scheduler_settings(scheduler_text(settings)) == settings


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (SchedulerSettings(), ""),
        (SchedulerSettings(name="EulerAncestralDiscreteScheduler"), "Euler a"),
        (SchedulerSettings(options={"shift": 3}), ", shift=3"),
        (
            SchedulerSettings(
                name="EulerDiscreteScheduler", options={"schedule": "beta", "use_karras_sigmas": False}, eta=0.3
            ),
            "EulerDiscrete, schedule=beta, use_karras_sigmas=false, eta=0.3",
        ),
        (SchedulerSettings(name="DDIMScheduler", eta=0.1234567890123), "DDIM, eta=0.1234567890123"),
    ],
)
def test_texts(settings: SchedulerSettings, text: str) -> None:
    assert scheduler_text(settings) == text
    assert scheduler_settings(text) == settings
