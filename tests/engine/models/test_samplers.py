"""The samplers of other tools, in the spellings of their files."""

from __future__ import annotations

import pytest

from engine.errors import InvalidRequestError
from engine.models.samplers import draws_noise, recorded_scheduler
from engine.models.schedulers import scheduler_settings
from latentpng.record import Json


@pytest.mark.parametrize(
    ("name", "schedule", "meant"),
    [
        ("Euler a", "", "Euler a"),
        ("Euler a", "Automatic", "Euler a"),
        ("Euler", "Karras", "Euler Karras"),
        ("DPM++ 2M Karras", "", "DPM++ 2M Karras"),
        ("DPM++ 2M", "Karras", "DPM++ 2M Karras"),
        ("DPM++ 2M", "Automatic", "DPM++ 2M Karras"),
        ("DPM++ 2M Karras", "Karras", "DPM++ 2M Karras"),
        ("DPM++ 2M SDE", "Automatic", "DPM++ 2M SDE, exponential"),
        ("UniPC", "Automatic", "UniPC"),
        ("k_euler_ancestral", "", "Euler a"),
        ("euler_a", "", "Euler a"),
        ("k_lms", "", "LMS"),
        ("dpmpp_2m", "karras", "DPM++ 2M Karras"),
        ("dpmpp_2m_k", "", "DPM++ 2M Karras"),
        ("dpmpp_2m_sde_gpu", "exponential", "DPM++ 2M SDE, exponential"),
        ("dpmpp_sde", "normal", "DPM++ SDE"),
        ("dpm++2m", "karras", "DPM++ 2M Karras"),
        ("dpm_2_ancestral", "normal", "DPM2 a"),
        ("uni_pc", "beta", "UniPC, beta"),
        ("heun", "discrete", "Heun"),
        ("ddim", "uniform", "DDIM"),
    ],
)
def test_names_of_other_tools_are_understood(name: str, schedule: str, meant: str) -> None:
    assert recorded_scheduler({"name": name, "schedule": schedule}) == scheduler_settings(meant).to_json()


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ({"name": "restart"}, "restart"),
        ({"name": "euler", "schedule": "simple"}, "euler with the schedule simple"),
        ({"name": "DPM adaptive", "schedule": "Karras"}, "DPM adaptive with the schedule Karras"),
    ],
)
def test_an_unknown_sampler_is_refused(value: Json, asked: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        recorded_scheduler(value)
    assert str(caught.value) == f"no scheduler is known to be the sampler {asked!r}: choose one with --scheduler"


@pytest.mark.parametrize(
    "value", [None, {}, "x", {"name": "EulerDiscreteScheduler", "eta": 0.5}, {"name": 3}, {"options": {}}]
)
def test_our_own_settings_and_values_of_a_wrong_type_stay_as_they_are(value: Json) -> None:
    assert recorded_scheduler(value) == value


@pytest.mark.parametrize(
    ("name", "draws"),
    [
        ("", False),
        ("DDIM", False),
        ("DDIM eta 1", True),
        ("Euler", False),
        ("Euler a", True),
        ("DPM++ 2M Karras", False),
        ("DPM++ 2M SDE", True),
        ("DPM++ SDE", True),
        ("LCM", True),
        ("UniPC", False),
    ],
)
def test_some_schedulers_draw_noise_at_every_step(name: str, draws: bool) -> None:
    assert draws_noise(scheduler_settings(name)) is draws
