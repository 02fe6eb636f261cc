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
        ("Euler a", "", "Euler a, normal, spacing=linspace"),
        ("Euler a", "Automatic", "Euler a, normal, spacing=linspace"),
        ("Euler", "Karras", "Euler + karras, spacing=linspace"),
        ("Euler", "SGM Uniform", "Euler + SGM Uniform, spacing=linspace"),
        ("Euler", "Beta", "Euler, schedule=beta_sigmas, spacing=linspace"),
        ("Euler", "KL Optimal", "Euler, schedule=kl_optimal_webui, spacing=linspace"),
        ("Euler", "Align Your Steps", "Euler, schedule=align_your_steps_webui, spacing=linspace"),
        ("Euler", "Polyexponential", "Euler + exponential, spacing=linspace"),
        ("Euler SGMUniform", "", "Euler + sgm_uniform, spacing=linspace"),
        ("DPM2", "Automatic", "DPM2 + karras, spacing=linspace"),
        ("DPM++ 2M Karras", "", "DPM++ 2M + karras, spacing=linspace"),
        ("DPM++ 2M", "Karras", "DPM++ 2M + karras, spacing=linspace"),
        ("DPM++ 2M", "Automatic", "DPM++ 2M + karras, spacing=linspace"),
        ("DPM++ 2M Karras", "Karras", "DPM++ 2M + karras, spacing=linspace"),
        ("DPM++ 2M SDE", "Automatic", "DPM++ 2M SDE + exponential, spacing=linspace"),
        ("DPM++ 3M SDE", "", "DPM++ 3M SDE + normal, spacing=linspace, discard_next_to_last_sigma"),
        ("DDIM", "", "DDIM, spacing=leading, steps_offset=1"),
        ("DDIM", "Karras", "DDIM, spacing=leading, steps_offset=1"),
        (
            "UniPC",
            "Automatic",
            "UniPC, solver_type=bh1, solver_order=3, schedule=sgm_uniform, final_sigmas_type=sigma_min",
        ),
        ("LCM", "Automatic", "LCM"),
        ("LCM", "", "LCM"),
        ("LCM", "SGM Uniform", "LCM + sgm_uniform, spacing=linspace"),
        ("lcm", "lcm", "LCM + sgm_uniform"),
        ("tcd", "tcd", "TCD + sgm_uniform"),
        ("k_dpmpp_2m_sde", "native", "DPM++ 2M SDE + normal"),
        ("ddim_v3", "native", "DDIM + normal"),
        ("ddim_trailing", "", "DDIM + trailing"),
        ("Euler A Trailing", "", "Euler a + trailing, spacing=linspace"),
        ("DDIM Trailing", "", "DDIM + trailing"),
        ("UniPC Trailing", "", "UniPC + trailing"),
        ("k_euler_ancestral", "", "Euler a"),
        ("euler_a", "", "Euler a"),
        ("k_lms", "", "LMS"),
        ("ddim", "", "DDIM"),
        ("unipc", "", "UniPC"),
        ("dpmpp_2m", "karras", "DPM++ 2M + karras"),
        ("dpmpp_2m_k", "", "DPM++ 2M Karras"),
        ("dpmpp_3m_k", "", "DPM++ 3M, karras"),
        ("kdpm_2_a_k", "", "DPM2 a, karras"),
        ("dpmpp_2m_sde_gpu", "exponential", "DPM++ 2M SDE + exponential"),
        ("dpmpp_2m_sde_heun_gpu", "karras", "DPM++ 2M SDE Heun + karras"),
        ("dpmpp_sde", "normal", "DPM++ SDE + normal"),
        ("dpm++2m", "karras", "DPM++ 2M + karras"),
        ("dpm_2_ancestral", "normal", "DPM2 a + normal"),
        ("uni_pc", "beta", "UniPC bh1 + beta"),
        ("uni_pc_bh2", "simple", "uni_pc_bh2 + simple"),
        ("heun", "discrete", "Heun + normal"),
        ("euler", "simple", "Euler + simple"),
        ("euler", "beta", "Euler + beta"),
        ("euler", "AlignYourStepsScheduler", "Euler, Align Your Steps"),
        ("ddim", "ddim_uniform", "Euler + ddim_uniform"),
        ("sa_solver", "karras", "SA Solver + karras"),
    ],
)
def test_names_of_other_tools_are_understood(name: str, schedule: str, meant: str) -> None:
    assert recorded_scheduler({"name": name, "schedule": schedule}) == scheduler_settings(meant).to_json()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (
            {"name": "my_own", "schedule": "karras"},
            "no scheduler is known to be the sampler 'my_own with the schedule karras': choose one with --scheduler",
        ),
        (
            {"name": "euler", "schedule": "bong"},
            "no scheduler is known to be the sampler 'euler with the schedule bong': choose one with --scheduler",
        ),
        (
            {"name": "euler", "schedule": "lcm"},
            "no scheduler is known to be the sampler 'euler with the schedule lcm': choose one with --scheduler",
        ),
        (
            {"name": "restart"},
            "the sampler 'restart' has no counterpart in diffusers; the nearest is 'Heun': choose one with --scheduler",
        ),
        (
            {"name": "DPM++ 2S a Karras"},
            "the sampler 'DPM++ 2S a Karras' has no counterpart in diffusers; the nearest is 'DPM++ SDE': "
            "choose one with --scheduler",
        ),
    ],
)
def test_an_unknown_sampler_is_refused(value: Json, sentence: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        recorded_scheduler(value)
    assert str(caught.value) == sentence


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
        ("DPM++ 3M SDE", True),
        ("sa_solver", True),
        ("DPM++ SDE", True),
        ("LCM", True),
        ("UniPC", False),
    ],
)
def test_some_schedulers_draw_noise_at_every_step(name: str, draws: bool) -> None:
    assert draws_noise(scheduler_settings(name)) is draws
