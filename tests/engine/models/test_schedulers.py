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
        (", simple", SchedulerSettings(options={"schedule": "simple"})),
        ("euler + simple", SchedulerSettings(name="EulerDiscreteScheduler", options={"schedule": "simple"})),
        ("Euler,  SGM  Uniform", SchedulerSettings(name="EulerDiscreteScheduler", options={"schedule": "sgm_uniform"})),
        ("Euler a, karras", SchedulerSettings(name="EulerAncestralDiscreteScheduler", options={"schedule": "karras"})),
        ("euler_a_k", SchedulerSettings(name="EulerAncestralDiscreteScheduler", options={"schedule": "karras"})),
        (
            "Euler, Polyexponential",
            SchedulerSettings(name="EulerDiscreteScheduler", options={"use_exponential_sigmas": True}),
        ),
        (", Karras", SchedulerSettings(options={"use_karras_sigmas": True})),
        ("Euler, Beta", SchedulerSettings(name="EulerDiscreteScheduler", options={"use_beta_sigmas": True})),
        ("EulerDiscrete+karras", SchedulerSettings(name="EulerDiscreteScheduler", options={"schedule": "karras"})),
        ("ddim + ddim_uniform", SchedulerSettings(name="EulerDiscreteScheduler", options={"schedule": "ddim_uniform"})),
        ("lms_k", SchedulerSettings(name="LMSDiscreteScheduler", options={"use_karras_sigmas": True})),
        (
            "dpm_2_ancestral + karras",
            SchedulerSettings(
                name="KDPM2AncestralDiscreteScheduler",
                options={"schedule": "karras", "discard_next_to_last_sigma": True},
            ),
        ),
        (
            "DPM++ 2M SDE Heun Exponential",
            SchedulerSettings(
                name="DPMSolverMultistepScheduler",
                options={
                    "algorithm_type": "sde-dpmsolver++",
                    "solver_type": "heun",
                    "use_exponential_sigmas": True,
                },
            ),
        ),
        (
            "uni_pc",
            SchedulerSettings(
                name="UniPCMultistepScheduler",
                options={
                    "solver_type": "bh1",
                    "solver_order": 3,
                    "schedule": "normal",
                    "discard_next_to_last_sigma": True,
                },
            ),
        ),
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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Eular", "there is no scheduler 'Eular'; similar names are 'Euler', 'Euler a', 'EDMEuler'"),
        ("dpmpp_2n", "there is no scheduler 'dpmpp_2n'; similar names are 'DPM++ 2S', 'DPM++ 2M', 'DPM++ 3M'"),
        (
            "zzz",
            "there is no scheduler 'zzz'; the names of A1111, ComfyUI and InvokeAI are known, for example 'Euler a', "
            "'dpmpp_2m' and 'unipc'",
        ),
        (
            "euler + magic",
            "there is no schedule 'magic'; known are align_your_steps, beta, ddim_uniform, exponential, karras, "
            "kl_optimal, linear_quadratic, normal, sgm_uniform, simple, turbo",
        ),
        (
            "Euler, schedule=magic",
            "the scheduler option 'schedule' is one of align_your_steps, align_your_steps_webui, beta, beta_sigmas, "
            "ddim_uniform, exponential, karras, kl_optimal, kl_optimal_webui, linear_quadratic, normal, sgm_uniform, "
            "simple, turbo",
        ),
    ],
)
def test_an_unknown_name_is_reported_with_similar_ones(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        scheduler_settings(text)
    assert str(caught.value) == sentence
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
