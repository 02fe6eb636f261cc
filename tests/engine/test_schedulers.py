"""Schedulers built from a model's configuration: what was asked for is what runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import diffusers
import pytest
import torch

from engine.diffusion.schedulers import OwnScheduler
from engine.errors import InvalidRequest
from engine.schedulers import FRIENDLY, scheduler_settings
from engine.settings import SchedulerSettings

MINIMAL = {
    "EulerDiscreteScheduler": '{"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}',
    "DPMSolverMultistepScheduler": "{}",
    "PNDMScheduler": "{}",
    "FlowMatchEulerDiscreteScheduler": "{}",
}
"""Configurations as old repositories have them: what they do not spell out, diffusers takes from its defaults."""


def own(folder: Path, kind: str, config: str = "") -> OwnScheduler:
    """As it is after loading from a file."""
    (folder / "scheduler_config.json").write_text(config or MINIMAL[kind])
    return OwnScheduler.of(SimpleNamespace(scheduler=getattr(diffusers, kind).from_pretrained(folder)))


def entries(scheduler: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: scheduler.config[name] for name in wanted}


@pytest.mark.parametrize("kind", ["EulerDiscreteScheduler", "DPMSolverMultistepScheduler", "PNDMScheduler"])
@pytest.mark.parametrize("name", [name for name, settings in FRIENDLY.items() if settings.options])
def test_options_win_over_what_the_file_does_not_say(tmp_path: Path, kind: str, name: str) -> None:
    settings = FRIENDLY[name]
    built = own(tmp_path, kind).build(settings)
    assert type(built).__name__ == settings.name
    assert entries(built, settings.options) == dict(settings.options)


def test_karras_changes_the_sigmas_whatever_the_file_spells_out(tmp_path: Path) -> None:
    sigmas = {}
    for name in ("Euler", "Euler Karras"):
        scheduler = own(tmp_path, "EulerDiscreteScheduler").build(scheduler_settings(name))
        scheduler.set_timesteps(8)
        sigmas[name] = scheduler.sigmas
    low, high = float(sigmas["Euler"][-2]), float(sigmas["Euler"][0])
    ramp = torch.linspace(high ** (1 / 7), low ** (1 / 7), 8, dtype=torch.float64) ** 7  # Karras et al. 2022, eq. 5
    assert torch.allclose(sigmas["Euler Karras"][:-1].double(), ramp, rtol=1e-4)
    assert not torch.allclose(sigmas["Euler"][:-1].double(), ramp, rtol=1e-2)


def test_a_flow_model_tells_other_solvers_that_it_is_one(tmp_path: Path) -> None:
    flow = own(tmp_path, "FlowMatchEulerDiscreteScheduler", '{"shift": 3.0}')
    built = flow.build(SchedulerSettings(name="DPMSolverMultistepScheduler"))
    wanted = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 3.0}
    assert entries(built, wanted) == wanted
    solver = own(tmp_path, "DPMSolverMultistepScheduler", '{"prediction_type": "flow_prediction", "flow_shift": 2.0}')
    assert solver.build(SchedulerSettings(name="EulerDiscreteScheduler")).config["shift"] == 2.0
    multistep = own(tmp_path, "UniPCMultistepScheduler", '{"prediction_type": "flow_prediction", "flow_shift": 2.0}')
    assert entries(multistep.build(SchedulerSettings(name="DPMSolverMultistepScheduler")), wanted)["use_flow_sigmas"]


def test_a_value_that_a_scheduler_refuses_is_one_sentence(tmp_path: Path) -> None:
    odd = SchedulerSettings(name="DPMSolverMultistepScheduler", options={"algorithm_type": "magic"})
    with pytest.raises(InvalidRequest) as caught:
        own(tmp_path, "DPMSolverMultistepScheduler").build(odd)
    assert str(caught.value) == (
        "the scheduler DPMSolverMultistep refuses these options: "
        "magic is not implemented for <class 'diffusers.schedulers.scheduling_dpmsolver_multistep."
        "DPMSolverMultistepScheduler'>"
    )
