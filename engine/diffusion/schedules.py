"""The noise levels of A1111 and ComfyUI, computed as these tools publish them: one function for each schedule.

Models that predict noise or v have a table of sigmas, one for each training timestep.  Flow models have sigmas from 1
to 0, which a shift bends.  Each schedule gives n levels above zero, from high to low, and the level at which it ends.

Sources: k-diffusion (Crowson), ComfyUI `comfy/samplers.py`, A1111 `modules/sd_schedulers.py`; Karras et al. 2022
(karras), Lee et al. 2024 (beta), Sabour et al. 2024 (Align Your Steps).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from engine.errors import InvalidRequestError

Floats = NDArray[np.float64]
_RHO = 7.0
"""The exponent of Karras et al. 2022."""
_BETA = 0.6
"""Both parameters of the beta distribution, as in Lee et al. 2024."""
_LINEAR_PART = 0.025
"""The noise that ComfyUI's linear_quadratic removes in its linear half."""

_ALIGN_YOUR_STEPS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "SD": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
        "SDXL": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
    }
)
"""The levels that Sabour et al. 2024 publish for 10 steps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseLevels:
    """What a schedule is computed from.

    Attributes:
        table: The sigma of each training timestep, from low to high.
        family: "SDXL", "SD" for Stable Diffusion 1 and 2, or "" for other models.
        is_flow: Whether the model follows a flow.
        shift: Of a flow, the shift that bends its times; 1 is none.
    """

    table: Floats
    family: str = ""
    is_flow: bool = False
    shift: float = 1.0

    @property
    def low(self) -> float:
        """The lowest sigma above zero."""
        return float(self.table[0])

    @property
    def high(self) -> float:
        """The highest sigma."""
        return float(self.table[-1])

    def at(self, times: Floats) -> Floats:
        """Return the sigmas at training timesteps that need not be whole, interpolated on the logarithm."""
        return np.exp(np.interp(times, np.arange(len(self.table)), np.log(self.table)))

    def times_of(self, sigmas: Floats) -> Floats:
        """Return the training timesteps of sigmas, the inverse of `at`."""
        return np.interp(np.log(sigmas), np.log(self.table), np.arange(len(self.table), dtype=np.float64))


def flow_levels(shift: float, count: int) -> NoiseLevels:
    """Return the noise levels of a flow model.

    Args:
        shift: The shift s of its times: t becomes s * t / (1 + (s - 1) * t), as in Esser et al. 2024.
        count: The number of training timesteps.
    """
    return NoiseLevels(table=shifted(np.arange(1, count + 1) / count, shift), is_flow=True, shift=shift)


def shifted(times: Floats, shift: float) -> Floats:
    """Return the sigmas of a flow at times from 0 to 1."""
    return shift * times / (1.0 + (shift - 1.0) * times)


def before_shift(sigmas: Floats, shift: float) -> Floats:
    """Return the times from 0 to 1 that the shift turns into these sigmas."""
    return sigmas / (shift - (shift - 1.0) * sigmas)


def sigmas_of(schedule: str, steps: int, levels: NoiseLevels, *, discard_next_to_last: bool = False) -> Floats:
    """Return the noise levels of a schedule.

    Args:
        schedule: One of `engine.rendering.settings.SCHEDULES`.
        steps: The number of steps that was asked for.
        levels: Those of the model.
        discard_next_to_last: Compute one more step, and leave out the lowest level above the end, as the tools do for
            some samplers.

    Returns:
        float64, from high to low, the level at the end last; "ddim_uniform" and "beta" may have a step more or less
        than was asked for, as in ComfyUI.

    Raises:
        InvalidRequestError: The schedule is not known for this model.
    """
    count = steps + 1 if discard_next_to_last else steps
    sigmas = _SCHEDULES[schedule](count, levels)
    return np.concatenate([sigmas[:-2], sigmas[-1:]]) if discard_next_to_last and len(sigmas) > 2 else sigmas


def _ending(sigmas: Floats, end: float = 0.0) -> Floats:
    return np.concatenate([sigmas, [end]])


def _evenly(count: int, levels: NoiseLevels, *, with_last: bool) -> Floats:
    """Evenly spaced timesteps from the highest to the lowest; the lowest itself is left out if the end follows it."""
    number = count if with_last else count + 1
    if levels.is_flow:  # ComfyUI takes the sigma for the timestep, and shifts it again
        return shifted(np.linspace(1.0, levels.low, number)[:count], levels.shift)
    return levels.at(np.linspace(len(levels.table) - 1, 0, number)[:count])


def _normal(count: int, levels: NoiseLevels) -> Floats:
    return _ending(_evenly(count, levels, with_last=True))


def _sgm_uniform(count: int, levels: NoiseLevels) -> Floats:
    return _ending(_evenly(count, levels, with_last=False))


def _simple(count: int, levels: NoiseLevels) -> Floats:
    if levels.is_flow:  # the same without the rounding to whole timesteps, as the pipelines of flow models do it
        return _ending(shifted(np.linspace(1.0, 1.0 / count, count), levels.shift))
    size = len(levels.table)
    return _ending(levels.table[[size - 1 - int(step * size / count) for step in range(count)]])


def _ddim_uniform(count: int, levels: NoiseLevels) -> Floats:
    stride = max(len(levels.table) // count, 1)
    return _ending(levels.table[1::stride][::-1])


def _turbo(count: int, levels: NoiseLevels) -> Floats:
    size = len(levels.table)
    places = np.round(np.arange(count, 0, -1) * (size / count) - 1).astype(int)
    return _ending(levels.table[places.clip(0, size - 1)])


def _karras(count: int, levels: NoiseLevels) -> Floats:
    return _ending(np.linspace(levels.high ** (1 / _RHO), levels.low ** (1 / _RHO), count) ** _RHO)


def _exponential(count: int, levels: NoiseLevels) -> Floats:
    return _ending(np.exp(np.linspace(np.log(levels.high), np.log(levels.low), count)))


def _beta(count: int, levels: NoiseLevels) -> Floats:
    """Places in the table by the quantiles of a beta distribution, as the paper and ComfyUI do."""
    shares = stats.beta.ppf(1.0 - np.linspace(0.0, 1.0, count, endpoint=False), _BETA, _BETA)
    places = np.rint(shares * (len(levels.table) - 1)).astype(int)
    return _ending(levels.table[list(dict.fromkeys(places.tolist()))])


def _beta_sigmas(count: int, levels: NoiseLevels) -> Floats:
    """Sigmas by these quantiles, as A1111 and diffusers do."""
    shares = stats.beta.ppf(1.0 - np.linspace(0.0, 1.0, count), _BETA, _BETA)
    return _ending(levels.low + shares * (levels.high - levels.low))


def _kl_optimal(count: int, levels: NoiseLevels) -> Floats:
    return _ending(np.tan(np.linspace(np.arctan(levels.high), np.arctan(levels.low), count)))


def _kl_optimal_webui(count: int, levels: NoiseLevels) -> Floats:
    """As A1111: one level more on the same curve instead of zero at the end."""
    return np.tan(np.linspace(np.arctan(levels.high), np.arctan(levels.low), count + 1))


# Of the share of noise that is removed, the first half of the steps removes 2.5 % evenly; a parabola that continues it
# with the same slope removes the rest.
def _linear_quadratic(count: int, levels: NoiseLevels) -> Floats:
    linear, steps = count // 2, np.arange(count)
    if not linear:
        return _ending(np.array([levels.high]))
    slope = _LINEAR_PART / linear
    beyond = np.maximum(steps - linear, 0)
    rest = 1.0 - slope * count  # what the straight line would leave
    removed = slope * steps + rest * (beyond / (count - linear)) ** 2
    return _ending((1.0 - removed) * levels.high)


def _align_your_steps(count: int, levels: NoiseLevels) -> Floats:
    """The 11 published levels, interpolated on the logarithm; the last is replaced by zero, as its authors do."""
    sigmas = _interpolated(_published(levels), count + 1)
    return _ending(sigmas[:-1])


def _align_your_steps_webui(count: int, levels: NoiseLevels) -> Floats:
    """As A1111: the last published level is a step of its own before zero."""
    return _ending(_interpolated(_published(levels), count))


def _published(levels: NoiseLevels) -> Floats:
    if levels.family not in _ALIGN_YOUR_STEPS:
        raise InvalidRequestError(
            "the schedule 'align_your_steps' is published for Stable Diffusion 1 and SDXL only: choose another, for "
            "example karras"
        )
    return np.array(_ALIGN_YOUR_STEPS[levels.family])


def _interpolated(sigmas: Floats, count: int) -> Floats:
    places = np.linspace(0.0, 1.0, len(sigmas))
    return np.exp(np.interp(np.linspace(0.0, 1.0, count), places, np.log(sigmas)))


_SCHEDULES: Mapping[str, Callable[[int, NoiseLevels], Floats]] = MappingProxyType(
    {
        "align_your_steps": _align_your_steps,
        "align_your_steps_webui": _align_your_steps_webui,
        "beta": _beta,
        "beta_sigmas": _beta_sigmas,
        "ddim_uniform": _ddim_uniform,
        "exponential": _exponential,
        "karras": _karras,
        "kl_optimal": _kl_optimal,
        "kl_optimal_webui": _kl_optimal_webui,
        "linear_quadratic": _linear_quadratic,
        "normal": _normal,
        "sgm_uniform": _sgm_uniform,
        "simple": _simple,
        "turbo": _turbo,
    }
)
