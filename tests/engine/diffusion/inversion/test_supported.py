"""Which schedulers can be inverted, and what is said of the others."""

from __future__ import annotations

from typing import Any

import diffusers
import pytest

from engine.diffusion.inversion.supported import check_invertible, steadier_choice
from engine.errors import InvalidRequestError
from engine.models.schedulers import scheduler_settings
from engine.rendering.settings import SchedulerSettings

USABLE = ("DDIMScheduler", "DPMSolverMultistepScheduler", "EulerDiscreteScheduler", "UniPCMultistepScheduler")
FLOW = ("FlowMatchEulerDiscreteScheduler", "FlowMatchHeunDiscreteScheduler")
ANY = "choose ddim, dpm++ 2m or euler with --scheduler"


def refusal(name: str, settings: SchedulerSettings, usable: tuple[str, ...] = USABLE, **options: Any) -> str:
    """Return why a scheduler cannot be inverted; "" if it can."""
    scheduler = getattr(diffusers, name)(**options)
    try:
        check_invertible(scheduler, settings, usable)
    except InvalidRequestError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "text", ["ddim", "euler", "dpm++ 2m", "dpm++ 2m karras", "dpmpp_2m + simple", "FlowMatchEulerDiscrete"]
)
def test_deterministic_schedulers_of_one_evaluation_a_step_can_be_inverted(text: str) -> None:
    settings = scheduler_settings(text)
    options: dict[str, Any] = {"clip_sample": False} if text == "ddim" else {}
    assert refusal(settings.name, settings, **options) == ""


@pytest.mark.parametrize(
    "name", ["UniPCMultistepScheduler", "HeunDiscreteScheduler", "EulerAncestralDiscreteScheduler"]
)
def test_another_scheduler_is_refused_with_those_to_choose(name: str) -> None:
    short = name.removesuffix("Scheduler")
    assert refusal(name, SchedulerSettings(name=name)) == f"the scheduler {short} cannot be inverted: {ANY}"


def test_the_scheduler_of_the_model_is_named_as_such() -> None:
    assert refusal("PNDMScheduler", SchedulerSettings()) == f"the model's own scheduler PNDM cannot be inverted: {ANY}"


def test_a_flow_model_has_fewer_to_choose() -> None:
    sentence = "the model's own scheduler FlowMatchHeunDiscrete cannot be inverted: choose euler with --scheduler"
    assert refusal("FlowMatchHeunDiscreteScheduler", SchedulerSettings(), FLOW) == sentence


def test_a_model_may_have_none_to_choose() -> None:
    sentence = "the model's own scheduler SCM cannot be inverted: this model can use no scheduler that can be inverted"
    assert refusal("SCMScheduler", SchedulerSettings(), ("SCMScheduler",)) == sentence


@pytest.mark.parametrize(
    ("name", "option", "does", "choice"),
    [
        ("DDIM", "clip_sample", "clips its estimates", "ddim"),
        ("DPMSolverMultistep", "thresholding", "clips its estimates", "dpm++ 2m"),
        ("FlowMatchEulerDiscrete", "stochastic_sampling", "draws noise at every step", "euler"),
    ],
)
def test_an_option_that_stands_in_the_way_can_be_turned_off(name: str, option: str, does: str, choice: str) -> None:
    options: dict[str, Any] = {option: True}
    assert refusal(f"{name}Scheduler", SchedulerSettings(), **options) == (
        f"the model's own scheduler {name} cannot be inverted, because with {option} it {does}: "
        f"choose '{choice}, {option}=false' with --scheduler"
    )


def test_an_option_of_another_class_does_not_stand_in_the_way() -> None:
    scheduler = diffusers.EulerDiscreteScheduler.from_config({"clip_sample": True, "thresholding": True})
    check_invertible(scheduler, SchedulerSettings(), USABLE)


@pytest.mark.parametrize(
    ("name", "settings", "options", "why"),
    [
        ("DDIM", SchedulerSettings(eta=0.5), {"clip_sample": False}, "with eta 0.5 it draws noise at every step"),
        (
            "DPMSolverMultistep",
            SchedulerSettings(),
            {"algorithm_type": "sde-dpmsolver++"},
            "as an SDE solver it draws noise at every step",
        ),
        (
            "EulerDiscrete",
            SchedulerSettings(options={"predicted_slopes": 4}),
            {},
            "it predicts slopes from those of earlier steps",
        ),
    ],
)
def test_noise_and_histories_of_other_kinds_stand_in_the_way(
    name: str, settings: SchedulerSettings, options: dict[str, Any], why: str
) -> None:
    sentence = f"the model's own scheduler {name} cannot be inverted, because {why}: {ANY}"
    assert refusal(f"{name}Scheduler", settings, **options) == sentence


def test_a_solver_with_a_memory_has_steadier_ones_beside_it() -> None:
    solver = "DPMSolverMultistepScheduler"
    assert steadier_choice(solver, USABLE) == "ddim or euler"
    assert steadier_choice(solver, (*FLOW, solver)) == "euler"
    assert steadier_choice("DDIMScheduler", USABLE) == ""
