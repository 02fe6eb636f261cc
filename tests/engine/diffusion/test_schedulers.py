"""Schedulers built from a model's configuration run with the requested options."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import diffusers
import numpy as np
import pytest
import torch

from engine.diffusion.load import LoadedModel
from engine.diffusion.schedulers import OwnScheduler
from engine.errors import InvalidRequestError, ModelError
from engine.models.sampler_names import flag_of
from engine.models.schedulers import CLASSES, FRIENDLY, scheduler_settings
from engine.rendering.requests import PictureTask, RenderJob
from engine.rendering.settings import RenderSettings, SchedulerSettings
from latentpng.png.files import read_record, write_picture
from tests.support.engine.families.catalogue import FAMILIES, build_family
from tests.support.engine.matrix import PARENT, loaded_family, pictures_of
from tests.support.engine.tiny import SETTINGS, job_of, load_tiny, save_tiny

MINIMAL = {
    "EulerDiscreteScheduler": '{"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}',
    "DPMSolverMultistepScheduler": "{}",
    "PNDMScheduler": "{}",
    "FlowMatchEulerDiscreteScheduler": "{}",
}
"""Configurations of old repositories: diffusers takes what they omit from its defaults."""


OURS = ("schedule", "discard_next_to_last_sigma", "correct_third_order", "predicted_slopes")
"""Options that are not the classes' own; test_schedules.py and test_samplers_agree.py show what they do."""


def own(folder: Path, kind: str, config: str = "") -> OwnScheduler:
    """Return a scheduler as it is after loading it from a file."""
    (folder / "scheduler_config.json").write_text(config or MINIMAL[kind])
    return OwnScheduler.of(SimpleNamespace(scheduler=getattr(diffusers, kind).from_pretrained(folder)))


def entries(scheduler: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: scheduler.config[name] for name in wanted}


@pytest.mark.parametrize("kind", ["EulerDiscreteScheduler", "DPMSolverMultistepScheduler", "PNDMScheduler"])
@pytest.mark.parametrize("name", [name for name, settings in FRIENDLY.items() if settings.options])
def test_options_replace_defaults_that_the_file_omits(tmp_path: Path, kind: str, name: str) -> None:
    settings = FRIENDLY[name]
    built = own(tmp_path, kind).build(settings)
    assert type(built).__name__ == settings.name
    wanted = {option: value for option, value in settings.options.items() if option not in OURS}
    assert entries(built, wanted) == wanted


def test_karras_changes_the_sigmas_even_if_the_file_omits_the_option(tmp_path: Path) -> None:
    sigmas = {}
    for name in ("Euler", "Euler Karras"):
        scheduler = own(tmp_path, "EulerDiscreteScheduler").build(scheduler_settings(name))
        scheduler.set_timesteps(8)
        sigmas[name] = scheduler.sigmas
    low, high = float(sigmas["Euler"][-2]), float(sigmas["Euler"][0])
    ramp = torch.linspace(high ** (1 / 7), low ** (1 / 7), 8, dtype=torch.float64) ** 7  # Karras et al. 2022, eq. 5
    assert torch.allclose(sigmas["Euler Karras"][:-1].double(), ramp, rtol=1e-4)
    assert not torch.allclose(sigmas["Euler"][:-1].double(), ramp, rtol=1e-2)


@pytest.mark.parametrize("option", ["exponential", "beta"])
def test_sigmas_are_spaced_as_requested(tmp_path: Path, option: str) -> None:
    scheduler = own(tmp_path, "EulerDiscreteScheduler").build(scheduler_settings(f"Euler, {option}"))
    scheduler.set_timesteps(8)
    sigmas = scheduler.sigmas[:-1].double().numpy()
    if option == "exponential":
        places = np.log(sigmas / sigmas[-1]) / np.log(sigmas[0] / sigmas[-1])
    else:
        places = np.array([beta_share(part) for part in (sigmas - sigmas[-1]) / (sigmas[0] - sigmas[-1])])
    np.testing.assert_allclose(places, np.linspace(1.0, 0.0, 8), atol=1e-4)


def beta_share(below: float) -> float:
    """Return the quantile of a beta distribution (0.6, 0.6), as in "Beta sampling is all you need" (Lee et al. 2024).

    With t = sin(a) ** 2 its density is (sin(a) * cos(a)) ** 0.2, which is integrated by the midpoint rule.
    """

    def area(end: float) -> float:
        angles = (np.arange(100_000) + 0.5) * end / 100_000
        return float(((np.sin(angles) * np.cos(angles)) ** 0.2).mean() * end)

    return area(float(np.arcsin(np.sqrt(below)))) / area(np.pi / 2)


@pytest.mark.parametrize(
    ("spacing", "timesteps"),
    [("leading", [751, 501, 251, 1]), ("trailing", [999, 749, 499, 249]), ("linspace", [999, 666, 333, 0])],
)
def test_timesteps_are_spaced_as_requested(tmp_path: Path, spacing: str, timesteps: list[int]) -> None:
    """Four of 1000, with an offset of 1 for "leading" (Lin et al. 2023, table 2)."""
    built = own(tmp_path, "PNDMScheduler").build(scheduler_settings(f"DDIM, spacing={spacing}, steps_offset=1"))
    built.set_timesteps(4)
    assert built.timesteps.tolist() == timesteps


def test_the_shift_is_applied_to_the_times_of_a_flow(tmp_path: Path) -> None:
    """As in SD 3: s * x / (1 + (s - 1) * x).  A shift that is given replaces the dynamic one of the model."""
    x = np.linspace(1.0, 0.25, 4)
    wanted = 2.5 * x / (1.0 + 1.5 * x)
    for config in ("{}", '{"use_dynamic_shifting": true}'):
        flow = own(tmp_path, "FlowMatchEulerDiscreteScheduler", config)
        for name in ("", "FlowMatchLCM", "UniPC", "DPM++ 2M", "Heun"):
            scheduler = flow.build(scheduler_settings(f"{name}, shift=2.5"))
            scheduler.set_timesteps(sigmas=x, mu=1.0)
            if name in ("", "FlowMatchLCM"):
                np.testing.assert_allclose(scheduler.sigmas[:-1], wanted, rtol=1e-6)
            else:
                assert scheduler.config["shift" if name == "Heun" else "flow_shift"] == 2.5


DYNAMIC = '{"use_dynamic_shifting": true, "time_shift_type": "%s"}'


@pytest.mark.parametrize(("kind", "shift"), [("exponential", np.exp(0.9)), ("linear", 0.9)])
@pytest.mark.parametrize("name", ["DPM++ 2M", "DPM++ 2S", "Heun", "UniPC"])
def test_solvers_apply_the_dynamic_shift(tmp_path: Path, name: str, kind: str, shift: float) -> None:
    """They ignore the pipeline's own times, and shift evenly spaced ones."""
    flow = own(tmp_path, "FlowMatchEulerDiscreteScheduler", DYNAMIC % kind)
    scheduler = flow.build(scheduler_settings(name))
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 0.25, 4), mu=0.9)
    sigmas = np.unique(scheduler.sigmas.double().numpy())[::-1]
    assert len(sigmas) == 5
    before = sigmas / (shift - (shift - 1.0) * sigmas)  # the shift undone
    assert np.allclose(np.diff(before[:-1]), before[1] - before[0], atol=2e-3)
    assert before[0] == pytest.approx(1.0, abs=2e-3)
    assert before[-1] == 0.0


@pytest.mark.parametrize("name", ["", "DPM++ 2M", "DPM++ 2S", "Heun", "UniPC"])
def test_a_model_that_sets_timesteps_gets_those_before_the_shift(tmp_path: Path, name: str) -> None:
    """CogView 4's own scheduler pairs a shifted sigma with a time that is not shifted; so do all others."""
    flow = own(tmp_path, "FlowMatchEulerDiscreteScheduler", DYNAMIC % "linear")
    scheduler = flow.build(scheduler_settings(name))
    steps = np.linspace(1000.0, 1.0, 4).astype(np.int64).astype(np.float32)
    scheduler.set_timesteps(timesteps=steps, sigmas=steps / 1000.0, mu=0.6)
    sigma = np.unique(scheduler.sigmas[:-1].double().numpy())[::-1]
    times = np.unique(scheduler.timesteps.double().numpy())[::-1]
    np.testing.assert_allclose(0.6 / (0.6 + 1000.0 / times - 1.0), sigma, atol=2e-3)


def test_solvers_are_configured_for_a_flow_model(tmp_path: Path) -> None:
    flow = own(tmp_path, "FlowMatchEulerDiscreteScheduler", '{"shift": 3.0}')
    built = flow.build(SchedulerSettings(name="DPMSolverMultistepScheduler"))
    wanted = {"prediction_type": "flow_prediction", "use_flow_sigmas": True, "flow_shift": 3.0}
    assert entries(built, wanted) == wanted
    solver = own(tmp_path, "DPMSolverMultistepScheduler", '{"prediction_type": "flow_prediction", "flow_shift": 2.0}')
    assert solver.build(SchedulerSettings(name="EulerDiscreteScheduler")).config["shift"] == 2.0
    multistep = own(tmp_path, "UniPCMultistepScheduler", '{"prediction_type": "flow_prediction", "flow_shift": 2.0}')
    assert entries(multistep.build(SchedulerSettings(name="DPMSolverMultistepScheduler")), wanted)["use_flow_sigmas"]


@pytest.mark.parametrize(
    ("text", "option"),
    [("DPM++ 2M Karras", "use_karras_sigmas"), ("UniPC, exponential", "use_exponential_sigmas")],
)
def test_spacings_that_a_flow_cannot_use_are_refused(tmp_path: Path, text: str, option: str) -> None:
    flow = own(tmp_path, "FlowMatchEulerDiscreteScheduler")
    with pytest.raises(InvalidRequestError) as caught:
        flow.build(scheduler_settings(text))
    name = scheduler_settings(text).name.removesuffix("Scheduler")
    word = option.split("_")[1]
    assert str(caught.value) == (
        f"the scheduler {name} cannot use {option} with a flow model: write + instead, as in 'dpmpp_2m + {word}', or "
        "take FlowMatchEulerDiscrete"
    )
    flow.build(scheduler_settings(f"dpmpp_2m + {word}"))
    built = flow.build(SchedulerSettings(name="FlowMatchEulerDiscreteScheduler", options={option: True}))
    built.set_timesteps(8)
    assert float(built.sigmas.max()) <= 1.0


@pytest.mark.parametrize("name", ["DEIS", "SASolver"])
def test_solvers_that_leave_noise_in_a_flow_are_not_offered(tmp_path: Path, name: str) -> None:
    """When this fails, they go to 0 in diffusers and can be offered."""
    kind = scheduler_settings(name).name
    assert kind not in own(tmp_path, "FlowMatchEulerDiscreteScheduler").usable
    scheduler = getattr(diffusers, kind)(prediction_type="flow_prediction", use_flow_sigmas=True)
    scheduler.set_timesteps(4)
    assert float(scheduler.sigmas[-1]) > 0.2


def test_the_algorithm_type_of_another_class_is_replaced(tmp_path: Path) -> None:
    solver = own(tmp_path, "DPMSolverMultistepScheduler", '{"algorithm_type": "dpmsolver++"}')
    assert solver.build(scheduler_settings("SASolver")).config["algorithm_type"] == "data_prediction"


def test_a_scheduler_without_steps_is_refused() -> None:
    scheduler = diffusers.ScoreSdeVeScheduler()
    with pytest.raises(ModelError) as caught:
        OwnScheduler.of(SimpleNamespace(scheduler=scheduler))
    assert str(caught.value) == "the model's scheduler ScoreSdeVe has no step method, so its steps cannot be controlled"


def test_a_value_that_a_scheduler_refuses_fails_with_one_sentence(tmp_path: Path) -> None:
    odd = SchedulerSettings(name="DPMSolverMultistepScheduler", options={"algorithm_type": "magic"})
    with pytest.raises(InvalidRequestError) as caught:
        own(tmp_path, "DPMSolverMultistepScheduler").build(odd)
    assert str(caught.value) == (
        "the scheduler DPMSolverMultistep refuses these options: "
        "magic is not implemented for <class 'diffusers.schedulers.scheduling_dpmsolver_multistep."
        "DPMSolverMultistepScheduler'>"
    )


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_tiny(save_tiny(tmp_path_factory.mktemp("models") / "tiny"))


def one_picture(settings: RenderSettings) -> RenderJob:
    return RenderJob(job=1, tasks=(PictureTask(index=0, lineage=PARENT),), settings=settings)


@pytest.mark.parametrize(
    "changed",
    [
        replace(SETTINGS, scheduler=scheduler_settings("Euler, karras")),
        replace(SETTINGS, scheduler=scheduler_settings("Euler, exponential")),
        replace(SETTINGS, scheduler=scheduler_settings("Euler, beta")),
        replace(SETTINGS, scheduler=scheduler_settings("Euler, spacing=trailing")),
        replace(SETTINGS, scheduler=scheduler_settings("DDIM, eta=0.5")),
        replace(SETTINGS, scheduler=scheduler_settings("DPM++ 2M, algorithm_type=sde-dpmsolver++")),
        replace(SETTINGS, scheduler=scheduler_settings("DPM++ 2M, euler_at_final, final_sigmas_type=sigma_min")),
        replace(SETTINGS, scheduler=scheduler_settings("DPM++ 2M, solver_type=heun")),
        *(
            replace(SETTINGS, scheduler=scheduler_settings(name))
            for name in (
                "euler + simple",
                "Euler, SGM Uniform",
                "Euler, Align Your Steps",
                "euler_ancestral + karras",
                "heun + turbo",
                "dpm_2_ancestral + exponential",
                "lms + kl_optimal",
                "dpmpp_2m + beta",
                "DPM++ 2M SDE Heun Exponential",
                "dpmpp_3m_k",
                "dpmpp_3m_sde + karras",
                "dpmpp_sde_gpu + karras",
                "dpmpp_2s + karras",
                "deis + linear_quadratic",
                "sa_solver + karras",
                "ipndm + simple",
                "uni_pc",
                "uni_pc_bh2 + simple",
                "lcm + simple",
                "ddpm + sgm_uniform",
            )
        ),
        replace(SETTINGS, guidance_rescale=0.7),
    ],
    ids=lambda settings: repr(settings.scheduler.to_json() or settings.guidance_rescale),
)
def test_an_option_changes_the_picture_and_is_read_from_its_file(
    loaded: LoadedModel, tmp_path: Path, changed: RenderSettings
) -> None:
    plain = replace(changed, scheduler=SchedulerSettings(name=changed.scheduler.name), guidance_rescale=0.0)
    (without,) = pictures_of(loaded, one_picture(plain))
    (first,) = pictures_of(loaded, one_picture(changed))
    assert first.picture != without.picture, "it changes the picture"
    assert first.warning == ""
    write_picture(tmp_path / "a.png", first.picture.width, first.picture.height, first.picture.rgb, first.record)
    job = job_of(read_record(tmp_path / "a.png"))
    assert job.settings == changed
    (again,) = pictures_of(loaded, job)
    assert again.picture == first.picture


@pytest.mark.slow
@pytest.mark.parametrize("family", ["SD 3", "Flux.1", "Qwen-Image", "Z-Image", "CogView 4"])
def test_flow_models_follow_the_schedules_of_comfyui(family: str, tmp_path: Path) -> None:
    """Each picture is a different one, repeats to the bit, and comes from its file again."""
    model = loaded_family(family, tmp_path)
    seen = set()
    for name in (
        "euler + simple",
        "euler + beta",
        "heun + sgm_uniform",
        "dpmpp_2m + simple",
        "uni_pc + karras",
        "ipndm",
    ):
        settings = replace(FAMILIES[family].settings, scheduler=scheduler_settings(name))
        (first,) = pictures_of(model, one_picture(settings))
        (again,) = pictures_of(model, one_picture(settings))
        assert first.warning == ""
        assert first.picture == again.picture
        picture = first.picture
        write_picture(tmp_path / "a.png", picture.width, picture.height, picture.rgb, first.record)
        assert job_of(read_record(tmp_path / "a.png")).settings == settings
        seen.add(picture.rgb)
    assert len(seen) == 6


def test_a_picture_with_nan_has_a_warning(loaded: LoadedModel) -> None:
    """The solver "bh1" of UniPC divides by zero in its last step."""
    odd = replace(SETTINGS, scheduler=scheduler_settings("UniPC, solver_type=bh1"))
    (rendered,) = pictures_of(loaded, one_picture(odd))
    sentence = "the output contained NaN or infinity, so parts of the picture are black: try another scheduler or dtype"
    assert rendered.warning == sentence
    assert not any(rendered.picture.rgb)


def test_stray_randomness_of_a_scheduler_is_in_the_record_and_in_the_event(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    step = diffusers.DDIMScheduler.step

    def stray(self: Any, model_output: Any, *args: Any, **kwargs: Any) -> Any:
        return step(self, model_output + 0.1 * torch.randn(1), *args, **kwargs)

    monkeypatch.setattr(diffusers.DDIMScheduler, "step", stray)
    (rendered,) = pictures_of(loaded, one_picture(SETTINGS))
    sentence = "something drew from the global random generator (torch), so this picture may not be reproducible"
    assert rendered.warning == sentence
    picture = rendered.picture
    write_picture(tmp_path / "a.png", picture.width, picture.height, picture.rgb, rendered.record)
    assert read_record(tmp_path / "a.png").settings["warnings"] == [sentence]


@pytest.mark.parametrize("name", CLASSES)
def test_the_table_knows_which_classes_space_their_sigmas_themselves(name: str) -> None:
    taken = inspect.signature(getattr(diffusers, name).__init__).parameters
    for schedule in ("karras", "exponential", "beta"):
        assert flag_of(schedule, name) == (f"use_{schedule}_sigmas" if f"use_{schedule}_sigmas" in taken else "")


def test_a_pipeline_with_a_value_for_each_step_takes_no_scheduler_of_two_steps() -> None:
    own = OwnScheduler.of(build_family("Ideogram 4"))
    assert own.has_single_steps
    assert "FlowMatchHeunDiscreteScheduler" not in own.usable
    with pytest.raises(InvalidRequestError, match=r"^this model cannot use the scheduler FlowMatchHeun"):
        own.build(SchedulerSettings(name="FlowMatchHeunDiscreteScheduler"))


@pytest.mark.parametrize("name", ["FlowMatchHeunDiscreteScheduler", "FlowMatchLCMScheduler"])
def test_a_pipeline_that_gives_mu_to_its_own_class_alone_uses_others_with_the_fixed_shift(name: str) -> None:
    own = OwnScheduler.of(build_family("Bria 3.2"))
    scheduler = own.build(SchedulerSettings(name=name))
    scheduler.set_timesteps(4, device="cpu")
    sample = torch.ones(2)
    assert scheduler.scale_model_input(sample, 0) is sample
    assert 0.0 <= float(scheduler.sigmas.min()) < float(scheduler.sigmas.max()) <= 1.0
