"""Schedules of A1111 and ComfyUI: the schedulers step at the sigmas that these tools compute.

Each schedule is derived a second time here, step by step as the tools describe it, and compared with the sigmas of the
scheduler of diffusers after `set_timesteps`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import diffusers
import numpy as np
import pytest

from engine.diffusion.schedulers import OwnScheduler
from engine.errors import InvalidRequestError
from engine.models.sampler_names import SAMPLERS, with_schedule
from engine.models.schedulers import scheduler_settings
from engine.rendering.settings import SCHEDULES, SchedulerSettings
from tests.engine.diffusion.test_schedulers import beta_share

STABLE_DIFFUSION = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
BETAS = [(math.sqrt(0.00085) + (math.sqrt(0.012) - math.sqrt(0.00085)) * step / 999) ** 2 for step in range(1000)]
REMAINING = np.cumprod([1.0 - beta for beta in BETAS])
TABLE = [math.sqrt((1.0 - share) / share) for share in REMAINING]
LOW, HIGH = TABLE[0], TABLE[-1]
SDXL_LEVELS = (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029)
SD_LEVELS = (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029)
"""The levels of Align Your Steps, as its authors publish them."""


class StableDiffusionPipeline:
    """Stands for a pipeline of Stable Diffusion 1."""

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler


class StableDiffusionXLPipeline(StableDiffusionPipeline):
    """Stands for one of SDXL."""


class FluxPipeline(StableDiffusionPipeline):
    """Stands for one of a flow model."""


SD = OwnScheduler.of(StableDiffusionPipeline(diffusers.DDIMScheduler.from_config(STABLE_DIFFUSION)))
SDXL = OwnScheduler.of(StableDiffusionXLPipeline(diffusers.EulerDiscreteScheduler.from_config(STABLE_DIFFUSION)))


def at(place: float) -> float:
    """Return the sigma between two timesteps, even on the logarithm, as k-diffusion's `t_to_sigma`."""
    below = min(int(place), 998)
    share = place - below
    return math.exp((1 - share) * math.log(TABLE[below]) + share * math.log(TABLE[below + 1]))


def quantile(share: float) -> float:
    """Return the value below which this share of the beta distribution (0.6, 0.6) lies, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle) < share else (low, middle)
    return (low + high) / 2


def on_the_logarithm(levels: tuple[float, ...], count: int) -> list[float]:
    found = []
    for index in range(count):
        place = index * (len(levels) - 1) / (count - 1)
        below = min(int(place), len(levels) - 2)
        share = place - below
        found.append(levels[below] ** (1 - share) * levels[below + 1] ** share)
    return found


def linear_quadratic(steps: int) -> list[float]:
    """The first half removes 2.5 % evenly; then a parabola through (h, 2.5 %) and (n, 100 %) with the same slope."""
    half = steps // 2
    slope = 0.025 / half
    a, b, c = np.linalg.solve(
        [[half**2, half, 1.0], [steps**2, steps, 1.0], [2.0 * half, 1.0, 0.0]], [0.025, 1.0, slope]
    )
    removed = [slope * step if step < half else a * step**2 + b * step + c for step in range(steps)]
    return [(1.0 - share) * HIGH for share in removed]


DERIVED: dict[str, Callable[[int], list[float]]] = {
    "normal": lambda n: [at(999 * (1 - step / (n - 1))) for step in range(n)],
    "sgm_uniform": lambda n: [at(999 * (1 - step / n)) for step in range(n)],
    "simple": lambda n: [TABLE[-(1 + int(step * (1000 / n)))] for step in range(n)],
    "ddim_uniform": lambda n: [TABLE[place] for place in range(1, 1000, 1000 // n)][::-1],
    "turbo": lambda n: [TABLE[round(1000 / n * step - 1)] for step in range(n, 0, -1)],
    "karras": lambda n: [(HIGH ** (1 / 7) + i / (n - 1) * (LOW ** (1 / 7) - HIGH ** (1 / 7))) ** 7 for i in range(n)],
    "exponential": lambda n: [HIGH * (LOW / HIGH) ** (step / (n - 1)) for step in range(n)],
    "kl_optimal": lambda n: [
        math.tan(step / (n - 1) * math.atan(LOW) + (1 - step / (n - 1)) * math.atan(HIGH)) for step in range(n)
    ],
    "kl_optimal_webui": lambda n: [
        math.tan(step / n * math.atan(LOW) + (1 - step / n) * math.atan(HIGH)) for step in range(n)
    ],
    "linear_quadratic": linear_quadratic,
    "beta": lambda n: [TABLE[round(999 * quantile(1 - step / n))] for step in range(n)],
    "beta_sigmas": lambda n: [LOW + (HIGH - LOW) * quantile(1 - step / (n - 1)) for step in range(n)],
    "align_your_steps": lambda n: on_the_logarithm(SD_LEVELS, n + 1)[:-1],
    "align_your_steps_webui": lambda n: on_the_logarithm(SD_LEVELS, n),
}
SINGLE = ("Euler", "Euler a", "LMS", "DPM++ 2M", "DPM++ 2M SDE Heun", "DPM++ 3M SDE", "DPM++ 2S")
TWICE = ("Heun", "DPM2", "DPM2 a", "DPM++ SDE")
ALMOST_ZERO = ("DEIS", "SA Solver", "UniPC bh1", "UniPC bh2")


def settings_of(sampler: str, schedule: str) -> SchedulerSettings:
    """Return a sampler with a schedule, and without leaving out a level, which has a test of its own."""
    settings = with_schedule(sampler, "karras")
    options = {name: value for name, value in settings.options.items() if name != "discard_next_to_last_sigma"}
    return replace(settings, options={**options, "schedule": schedule})


def sigmas_of(own: OwnScheduler, settings: SchedulerSettings, steps: int = 9) -> list[float]:
    """Return the different sigmas of a scheduler, in their order."""
    scheduler = own.build(settings)
    scheduler.set_timesteps(steps, device="cpu")
    return list(dict.fromkeys(scheduler.sigmas.double().tolist()))


def test_every_schedule_is_derived() -> None:
    assert sorted(DERIVED) == sorted(SCHEDULES)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedulers_step_at_the_sigmas_of_the_tools(schedule: str) -> None:
    end = [LOW] if schedule == "kl_optimal_webui" else [0.0]
    for steps in (6, 11):
        wanted = DERIVED[schedule](steps)
        for sampler in (*SINGLE, *(() if end[0] else TWICE)):
            found = sigmas_of(SD, settings_of(sampler, schedule), steps)
            np.testing.assert_allclose(found, [*wanted, *end], rtol=2e-4, atol=1e-6, err_msg=sampler)
        for sampler in ALMOST_ZERO:
            found = sigmas_of(SD, settings_of(sampler, schedule), steps)
            np.testing.assert_allclose(found, [*wanted, end[0] or 0.001], rtol=2e-4, err_msg=sampler)


@pytest.mark.parametrize("sampler", [*SINGLE, *TWICE, *ALMOST_ZERO])
def test_timesteps_belong_to_the_sigmas(sampler: str) -> None:
    scheduler = SD.build(settings_of(sampler, "karras"))
    scheduler.set_timesteps(6, device="cpu")
    levels = [at(time) for time in scheduler.timesteps.double().tolist()]
    for sigma in DERIVED["karras"](6):
        assert min(abs(level - sigma) / sigma for level in levels) < 0.01
    assert len(levels) == (11 if sampler in TWICE else 6)


@pytest.mark.parametrize("sampler", ["LCM", "DDPM", "TCD"])
def test_samplers_without_sigmas_take_the_nearest_whole_timesteps(sampler: str) -> None:
    scheduler = SD.build(settings_of(sampler, "simple"))
    scheduler.set_timesteps(4, device="cpu")
    assert scheduler.timesteps.tolist() == [999, 749, 499, 249]


def test_align_your_steps_has_levels_of_its_own_for_sdxl() -> None:
    for steps in (5, 10, 20):
        found = sigmas_of(SDXL, settings_of("Euler", "align_your_steps"), steps)
        np.testing.assert_allclose(found, [*on_the_logarithm(SDXL_LEVELS, steps + 1)[:-1], 0.0], rtol=1e-5)
    other = OwnScheduler.of(FluxPipeline(diffusers.DDIMScheduler.from_config(STABLE_DIFFUSION)))
    with pytest.raises(InvalidRequestError) as caught:
        other.build(settings_of("Euler", "align_your_steps"))
    assert str(caught.value) == (
        "the schedule 'align_your_steps' is published for Stable Diffusion 1 and SDXL only: choose another, for "
        "example karras"
    )


@pytest.mark.parametrize("sampler", ["DPM2", "DPM2 a", "UniPC bh1"])
def test_some_samplers_leave_out_the_lowest_level(sampler: str) -> None:
    found = sigmas_of(SD, with_schedule(sampler, "karras"), 6)
    np.testing.assert_allclose(found[:-1], DERIVED["karras"](7)[:-1], rtol=2e-4)


def test_the_unipc_of_a1111_ends_at_the_lowest_level() -> None:
    found = sigmas_of(SD, with_schedule("UniPC", "normal", webui=True), 6)
    np.testing.assert_allclose(found, [*DERIVED["sgm_uniform"](6), LOW], rtol=2e-4)


@pytest.mark.parametrize(("webui", "scale"), [(True, HIGH), (False, math.sqrt(1 + HIGH**2))])
@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "Heun", "LMS", "DPM2", "DPM++ SDE"])
def test_noise_begins_at_the_scale_of_the_tool(sampler: str, webui: bool, scale: float) -> None:
    scheduler = SD.build(with_schedule(sampler, "normal", webui=webui))
    scheduler.set_timesteps(6, device="cpu")
    assert float(scheduler.init_noise_sigma) == pytest.approx(scale, rel=1e-5)


ZERO_SNR = OwnScheduler.of(
    StableDiffusionXLPipeline(
        diffusers.EulerDiscreteScheduler.from_config(
            STABLE_DIFFUSION, prediction_type="v_prediction", rescale_betas_zero_snr=True
        )
    )
)


def zero_snr_table() -> list[float]:
    """Return the sigmas after Lin et al. 2023, algorithm 1; the tools leave 4.8973e-8 where no signal is left."""
    roots = [math.sqrt(share) for share in REMAINING]
    moved = [(root - roots[-1]) * roots[0] / (roots[0] - roots[-1]) for root in roots]
    shares = [*(root**2 for root in moved[:-1]), 4.8973451890853435e-08]
    return [math.sqrt((1 - share) / share) for share in shares]


@pytest.mark.parametrize("sampler", [*SINGLE, *TWICE])
def test_a_model_without_signal_at_the_end_begins_where_the_tools_do(sampler: str) -> None:
    table, steps = zero_snr_table(), 6
    low, high = table[0], table[-1]
    karras = [(high ** (1 / 7) + i / (steps - 1) * (low ** (1 / 7) - high ** (1 / 7))) ** 7 for i in range(steps)]
    found = sigmas_of(ZERO_SNR, settings_of(sampler, "karras"), steps)
    np.testing.assert_allclose(found, [*karras, 0.0], rtol=5e-4, atol=1e-6)
    simple = [table[-(1 + int(step * (1000 / steps)))] for step in range(steps)]
    found = sigmas_of(ZERO_SNR, settings_of(sampler, "simple"), steps)
    np.testing.assert_allclose(found, [*simple, 0.0], rtol=5e-4, atol=1e-6)


@pytest.mark.parametrize("sampler", ["LCM", "TCD", "DDPM"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_samplers_with_whole_timesteps_follow_it_to_the_end_without_signal(sampler: str, schedule: str) -> None:
    if schedule == "kl_optimal_webui":
        return  # ends above 0
    scheduler = ZERO_SNR.build(settings_of(sampler, schedule))
    scheduler.set_timesteps(6, device="cpu")
    timesteps = scheduler.timesteps.tolist()
    assert timesteps == sorted(set(timesteps), reverse=True)
    assert 0 <= timesteps[-1] <= timesteps[0] <= 999


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "pndm + karras",
            "the scheduler PNDM chooses its timesteps itself, so it cannot follow the schedule 'karras': "
            "EulerDiscrete can",
        ),
        (
            "DDIM, simple",
            "the scheduler DDIM chooses its timesteps itself, so it cannot follow the schedule 'simple': "
            "EulerDiscrete can",
        ),
        (
            "Euler, karras, simple",
            "the scheduler options 'use_karras_sigmas' and 'schedule' both space the sigmas: choose one of them",
        ),
        (
            "Euler, discard_next_to_last_sigma",
            "the scheduler option 'discard_next_to_last_sigma' needs a schedule",
        ),
        ("Heun, predicted_slopes=4", "the scheduler option 'predicted_slopes' belongs to Euler"),
        ("DPM++ 2M, correct_third_order", "the scheduler option 'correct_third_order' belongs to DPM++ 3M SDE"),
    ],
)
def test_what_no_schedule_can_do_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        SD.build(scheduler_settings(text))
    assert str(caught.value) == sentence


def test_a_scheduler_that_ends_at_zero_refuses_another_end() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        SD.build(settings_of("Heun", "kl_optimal_webui"))
    assert str(caught.value) == "the scheduler HeunDiscrete ends at 0, and this schedule at 0.0292"


def test_one_step_is_possible_or_a_short_schedule() -> None:
    for schedule in SCHEDULES:
        for steps in (1, 2, 3):
            found = sigmas_of(SD, settings_of("Euler", schedule), steps)
            assert len(found) >= 2
            assert all(math.isfinite(sigma) for sigma in found)
            assert found == sorted(found, reverse=True)


def flow(**config: Any) -> OwnScheduler:
    return OwnScheduler.of(FluxPipeline(diffusers.FlowMatchEulerDiscreteScheduler(**config)))


def bent(time: float, shift: float = 3.0) -> float:
    return shift * time / (1 + (shift - 1) * time)


FLOW_DERIVED: dict[str, Callable[[int], list[float]]] = {
    "simple": lambda n: [bent(1 - step / n) for step in range(n)],
    "normal": lambda n: [bent(1 + step / (n - 1) * (bent(0.001) - 1)) for step in range(n)],
    "sgm_uniform": lambda n: [bent(1 + step / n * (bent(0.001) - 1)) for step in range(n)],
    "beta": lambda n: [bent((1 + round(999 * quantile(1 - step / n))) / 1000) for step in range(n)],
    "ddim_uniform": lambda n: [bent((place + 1) / 1000) for place in range(1, 1000, 1000 // n)][::-1],
    "exponential": lambda n: [bent(0.001) ** (step / (n - 1)) for step in range(n)],
}


@pytest.mark.parametrize("schedule", FLOW_DERIVED)
@pytest.mark.parametrize("sampler", ["Euler", "LCM", "Heun", "DPM++ 2M", "DPM++ 2S", "UniPC bh2"])
def test_flow_models_step_at_the_sigmas_of_comfyui(schedule: str, sampler: str) -> None:
    """A shift of the file, and a dynamic one of 3 that the pipeline passes as its logarithm."""
    wanted = [*FLOW_DERIVED[schedule](6), 0.0]
    settings = settings_of(sampler, schedule)
    if sampler in ("DPM++ 2M", "DPM++ 2S", "UniPC bh2"):
        wanted[0] = 0.999  # they compute the logarithm of 1 - sigma
    wanted[-1] = 0.001 if sampler == "UniPC bh2" else 0.0
    for own, more in ((flow(shift=3.0), {}), (flow(use_dynamic_shifting=True), {"mu": math.log(3.0)})):
        for given in ({"num_inference_steps": 6}, {"sigmas": np.linspace(1.0, 1 / 6, 6)}):
            scheduler = own.build(settings)
            scheduler.set_timesteps(device="cpu", **given, **more)
            found = list(dict.fromkeys(scheduler.sigmas.double().tolist()))
            np.testing.assert_allclose(found, wanted, atol=2e-5)
            times = list(dict.fromkeys(scheduler.timesteps.double().tolist()))
            np.testing.assert_allclose(times, 1000 * np.array(wanted[:-1]), atol=0.05)


@pytest.mark.parametrize("mu", [0.5, 1.15])
def test_simple_is_what_the_pipeline_of_flux_does_itself(mu: float) -> None:
    own, sigmas = flow(use_dynamic_shifting=True), np.linspace(1.0, 1 / 7, 7)
    bits = []
    for settings in (SchedulerSettings(), scheduler_settings("euler + simple")):
        scheduler = own.build(settings)
        scheduler.set_timesteps(sigmas=sigmas, mu=mu, device="cpu")
        bits.append((scheduler.sigmas.numpy(), scheduler.timesteps.numpy()))
    np.testing.assert_allclose(bits[0][0], bits[1][0], rtol=1e-6)
    np.testing.assert_allclose(bits[0][1], bits[1][1], rtol=1e-6)


def test_the_published_levels_are_those_that_diffusers_has() -> None:
    assert list(SD_LEVELS[:-1]) == diffusers.schedulers.AysSchedules["StableDiffusionSigmas"][:-1]
    assert list(SDXL_LEVELS[:-1]) == diffusers.schedulers.AysSchedules["StableDiffusionXLSigmas"][:-1]


def test_every_sampler_can_be_built() -> None:
    for name in SAMPLERS:
        if name != "PNDM":
            SD.build(with_schedule(name, "karras", webui=True))
