"""Settings from a file that a stranger made: every value is checked, and every mistake is one sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.errors import InvalidRequestError
from engine.models.schedulers import FRIENDLY
from engine.rendering.settings import RenderSettings, SchedulerSettings

SETTINGS = RenderSettings(prompt="a lake", width=32, height=32, num_inference_steps=4, guidance_scale=3.0)
OPTION = "the scheduler option"


@pytest.mark.parametrize("settings", FRIENDLY.values(), ids=FRIENDLY)
def test_what_people_choose_comes_through_a_file(settings: SchedulerSettings) -> None:
    assert SchedulerSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("use_beta_sigmas", True),
        ("timestep_spacing", "trailing"),
        ("final_sigmas_type", "sigma_min"),
        ("solver_order", 3),
        ("steps_offset", 1),
        ("shift", 3),
        ("shift", 1.15),
    ],
)
def test_options_that_people_use_come_through_a_file(name: str, value: Any) -> None:
    assert SchedulerSettings.from_json({"name": "X", "options": {name: value}}).options == {name: value}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"num_train_timesteps": 10**13}, f"{OPTION} 'num_train_timesteps' is not supported"),
        ({"beta_schedule": "squaredcos_cap_v2"}, f"{OPTION} 'beta_schedule' is not supported"),
        ({"self": 1}, f"{OPTION} 'self' is not supported"),
        ({"x" * 5000: 1}, f"{OPTION} {'x' * 100!r} is not supported"),
        ({"use_karras_sigmas": 1}, f"{OPTION} 'use_karras_sigmas' is true or false"),
        ({"algorithm_type": "x" * 101}, f"{OPTION} 'algorithm_type' is a short text"),
        ({"algorithm_type": []}, f"{OPTION} 'algorithm_type' is a short text"),
        ({"solver_order": 10**9}, f"{OPTION} 'solver_order' is a whole number from 1 to 3"),
        ({"solver_order": True}, f"{OPTION} 'solver_order' is a whole number from 1 to 3"),
        ({"steps_offset": -1}, f"{OPTION} 'steps_offset' is a whole number from 0 to 1000"),
        ({"steps_offset": 1.5}, f"{OPTION} 'steps_offset' is a whole number from 0 to 1000"),
        ({"shift": float("nan")}, f"{OPTION} 'shift' is a number from 0.01 to 100"),
        ({"shift": float("inf")}, f"{OPTION} 'shift' is a number from 0.01 to 100"),
        ({"shift": 10**400}, f"{OPTION} 'shift' is a number from 0.01 to 100"),
        ({"shift": False}, f"{OPTION} 'shift' is a number from 0.01 to 100"),
        ({"shift": None}, f"{OPTION} 'shift' is a number from 0.01 to 100"),
    ],
)
def test_other_options_are_refused_in_one_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        SchedulerSettings.from_json({"name": "DDIMScheduler", "options": options})
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"eta": 1.5}, "the scheduler's eta is a number from 0 to 1, found 1.5"),
        ({"eta": float("nan")}, "settings: scheduler eta is a finite number, found nan"),
        (
            {"eta": 10**400},
            "settings: scheduler eta is a number in the range of 64-bit floats, found 1" + "0" * 78 + "…",
        ),
        ({"name": "x" * 101}, "a scheduler's name is at most 100 characters, found 101"),
    ],
)
def test_a_name_and_an_eta_are_checked(entries: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        SchedulerSettings.from_json(entries)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(("field", "words"), [("prompt", "prompt"), ("negative_prompt", "negative prompt")])
def test_texts_have_a_limit(field: str, words: str) -> None:
    longest: dict[str, Any] = {field: "x" * 100_000}
    assert RenderSettings.from_json(longest, defaults=SETTINGS) == replace(SETTINGS, **{"prompt": "", **longest})
    with pytest.raises(InvalidRequestError) as caught:
        RenderSettings.from_json({field: "x" * 100_001}, defaults=SETTINGS)
    assert str(caught.value) == f"the {words} is at most 100,000 characters, found 100,001"
