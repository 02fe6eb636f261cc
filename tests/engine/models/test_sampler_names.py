"""Every sampler and schedule of A1111, ComfyUI and InvokeAI: each is understood, or refused with the nearest."""

from __future__ import annotations

import re

import pytest

from engine.errors import InvalidRequestError
from engine.models.sampler_names import SCHEDULES, find_schedule
from engine.models.samplers import recorded_scheduler
from engine.models.schedulers import FRIENDLY, scheduler_settings
from engine.rendering import settings

A1111 = """Euler a, Euler, LMS, Heun, DPM2, DPM2 a, DPM++ 2S a, DPM++ 2M, DPM++ SDE, DPM++ 2M SDE, DPM++ 2M SDE Heun,
    DPM++ 3M SDE, DPM fast, DPM adaptive, Restart, DDIM, DDIM CFG++, PLMS, UniPC, LCM, HeunPP2, IPNDM, IPNDM_V, DEIS"""
BEFORE_1_9 = """LMS Karras, DPM2 Karras, DPM2 a Karras, DPM++ 2S a Karras, DPM++ 2M Karras, DPM++ SDE Karras,
    DPM++ 2M SDE Karras, DPM++ 2M SDE Exponential, DPM++ 2M SDE Heun Karras, DPM++ 2M SDE Heun Exponential,
    DPM++ 3M SDE Karras, DPM++ 3M SDE Exponential, Euler SGMUniform, Euler a Turbo, DPM++ 2M Turbo, DPM++ 2M SDE Turbo,
    DPM++ SDE Turbo"""
COMFYUI = """euler, euler_cfg_pp, euler_ancestral, euler_ancestral_cfg_pp, heun, heunpp2, exp_heun_2_x0,
    exp_heun_2_x0_sde, dpm_2, dpm_2_ancestral, lms, dpm_fast, dpm_adaptive, dpmpp_2s_ancestral,
    dpmpp_2s_ancestral_cfg_pp, dpmpp_sde, dpmpp_sde_gpu, dpmpp_2m, dpmpp_2m_cfg_pp, dpmpp_2m_sde, dpmpp_2m_sde_gpu,
    dpmpp_2m_sde_heun, dpmpp_2m_sde_heun_gpu, dpmpp_3m_sde, dpmpp_3m_sde_gpu, ddpm, lcm, ipndm, ipndm_v, deis,
    res_multistep, res_multistep_cfg_pp, res_multistep_ancestral, res_multistep_ancestral_cfg_pp, gradient_estimation,
    gradient_estimation_cfg_pp, er_sde, seeds_2, seeds_3, sa_solver, sa_solver_pece, ddim, uni_pc, uni_pc_bh2"""
INVOKEAI = """ddim, ddpm, deis, deis_k, lms, lms_k, pndm, heun, heun_k, euler, euler_k, euler_a, kdpm_2, kdpm_2_k,
    kdpm_2_a, kdpm_2_a_k, dpmpp_2s, dpmpp_2s_k, dpmpp_2m, dpmpp_2m_k, dpmpp_2m_sde, dpmpp_2m_sde_k, dpmpp_3m,
    dpmpp_3m_k, dpmpp_sde, dpmpp_sde_k, er_sde, unipc, unipc_k, lcm, tcd"""
SCHEDULE_NAMES = """Automatic, Uniform, Karras, Exponential, Polyexponential, SGM Uniform, KL Optimal, Align Your Steps,
    Simple, Normal, DDIM, Beta, Turbo, simple, sgm_uniform, karras, exponential, ddim_uniform, beta, normal,
    linear_quadratic, kl_optimal"""
"""The names as these tools write them: A1111 1.10 and Forge, ComfyUI 0.3, InvokeAI 6.14."""

NO_COUNTERPART = (
    r"^the sampler '.*' has no counterpart in diffusers; the nearest is '(.*)': choose one with --scheduler$"
)


def names(text: str) -> list[str]:
    return [name.strip() for name in " ".join(text.split()).split(",")]


def nearest_of(name: str) -> str:
    """Return the scheduler that a refused name is referred to; "" if it is understood."""
    try:
        scheduler_settings(name)
    except InvalidRequestError as error:
        sentence = str(error)
    else:
        return ""
    match = re.match(NO_COUNTERPART, sentence)
    assert match, sentence
    return match[1]


@pytest.mark.parametrize(
    ("listed", "understood", "of"), [(A1111, 17, 24), (BEFORE_1_9, 16, 17), (COMFYUI, 23, 44), (INVOKEAI, 30, 31)]
)
def test_how_many_names_are_understood(listed: str, understood: int, of: int) -> None:
    """The counts stand in docs/schedulers.md."""
    refused = {name: nearest for name in names(listed) if (nearest := nearest_of(name))}
    assert (len(names(listed)) - len(refused), len(names(listed))) == (understood, of)
    for nearest in refused.values():
        assert nearest in FRIENDLY


@pytest.mark.parametrize("name", names(f"{A1111}, {BEFORE_1_9}, {COMFYUI}, {INVOKEAI}"))
def test_an_import_understands_the_same_names(name: str) -> None:
    for schedule in ("", "karras"):
        if nearest_of(name):
            with pytest.raises(InvalidRequestError, match=NO_COUNTERPART):
                recorded_scheduler({"name": name, "schedule": schedule})
        else:
            recorded = recorded_scheduler({"name": name, "schedule": schedule})
            assert isinstance(recorded, dict)
            assert str(recorded["name"]).endswith("Scheduler")


@pytest.mark.parametrize("name", names(SCHEDULE_NAMES))
def test_every_schedule_is_understood_with_euler(name: str) -> None:
    recorded = recorded_scheduler({"name": "euler" if name == name.casefold() else "Euler", "schedule": name})
    assert settings.SchedulerSettings.from_json(recorded).options["schedule"] in settings.SCHEDULES
    if name != "Automatic":
        assert scheduler_settings(f"euler + {name}").options["schedule"] == find_schedule(name)
        assert find_schedule(name) in SCHEDULES


@pytest.mark.parametrize(
    "name",
    [
        "IPNDM_V",
        "HeunPP2",
        "Heun++ 2",
        "res_multistep",
        "er_sde",
        "DPM++ 2S a Karras",
        "euler_cfg_pp",
        "Euler a CFG++",
        "dpm++2mv2",
        "[Forge] Flux Realistic",
        "Euler SMEA Dy",
        "DPM++ SDE Substep",
    ],
)
def test_a_name_without_a_counterpart_is_refused_with_the_nearest(name: str) -> None:
    assert nearest_of(name)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("dpmpp_2m_sde_gpu karras", "DPM++ 2M SDE, karras"),
        ("dpmpp_3m_sde_gpu exponential", "DPM++ 3M SDE, exponential"),
        ("DPM++ 2M (Karras)", "DPM++ 2M Karras"),
        ("euler-a", "Euler a"),
        ("sa-solver + beta", "sa_solver + beta"),
        ("Euler, Karras", "Euler, karras"),
        ("Euler, SPACING=trailing", "Euler, spacing=trailing"),
        ("Euler a, Automatic", "Euler a, normal"),
        ("Euler a + Automatic", "Euler a + normal"),
        ("DPM++ 2M, automatic", "DPM++ 2M, schedule=karras"),
        ("DPM2 + Automatic", "DPM2 + karras"),
        ("LCM + Automatic", "LCM"),
        ("LCM, Automatic", "LCM"),
        ("DDIM, Automatic", "DDIM"),
        ("UniPC + Automatic", "UniPC"),
        ("lcm + lcm", "LCM + sgm_uniform"),
    ],
)
def test_spellings_that_people_use_mean_the_same(text: str, meant: str) -> None:
    assert scheduler_settings(text) == scheduler_settings(meant)


@pytest.mark.parametrize("name", ["Euler a", "DDPM", "LCM", "TCD"])
@pytest.mark.parametrize("schedule", ["karras", "exponential", "beta"])
def test_a_class_without_the_option_gets_the_schedule_of_the_tools(name: str, schedule: str) -> None:
    for text in (f"{name} {schedule}", f"{name}, {schedule}"):
        assert scheduler_settings(text).options == {"schedule": schedule}


@pytest.mark.parametrize("text", ["karras", "simple", "Align Your Steps", "ddim_uniform", "SGM Uniform"])
def test_a_schedule_alone_is_named_as_one(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        scheduler_settings(text)
    example = f"euler + {find_schedule(text)}"
    assert str(caught.value) == f"{text!r} is a schedule: write a sampler before it, for example {example!r}"
