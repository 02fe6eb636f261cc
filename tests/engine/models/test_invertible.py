"""Which schedulers may be inverted by their settings alone; the worker asks the scheduler itself."""

from __future__ import annotations

import inspect
from typing import Any

import diffusers
import pytest

from engine.diffusion.inversion.supported import check_invertible
from engine.errors import InvalidRequestError
from engine.models.invertible import may_be_inverted
from engine.models.schedulers import FRIENDLY, scheduler_settings
from engine.rendering.settings import SchedulerSettings


@pytest.mark.parametrize(
    ("text", "is_invertible"),
    [
        ("", True),
        (", spacing=trailing", True),
        ("ddim", True),
        ("euler", True),
        ("FlowMatchEulerDiscrete", True),
        ("dpm++ 2m karras", True),
        ("unipc", False),
        ("heun", False),
        ("lcm", False),
        ("euler a", False),
        ("ddim, eta=0.5", False),
        ("dpm++ 2m sde", False),
        ("ddim, clip_sample=true", False),
        ("ddim, clip_sample=false", True),
        ("ddim, thresholding=true", False),
        ("FlowMatchEulerDiscrete, stochastic_sampling=true", False),
        ("ipndm", False),
    ],
)
def test_settings_tell_whether_a_scheduler_may_be_inverted(text: str, is_invertible: bool) -> None:
    assert may_be_inverted(scheduler_settings(text)) is is_invertible


@pytest.mark.parametrize("name", FRIENDLY)
def test_the_worker_agrees(name: str) -> None:
    settings = FRIENDLY[name]
    kind: Any = getattr(diffusers, settings.name)
    known = inspect.signature(kind).parameters
    options = {key: value for key, value in {"clip_sample": False, **settings.options}.items() if key in known}
    assert may_be_inverted(settings) is not is_refused(kind(**options), settings)


def is_refused(scheduler: Any, settings: SchedulerSettings) -> bool:
    try:
        check_invertible(scheduler, settings, ())
    except InvalidRequestError:
        return True
    return False
