"""The names of A1111, ComfyUI, InvokeAI and others for samplers and schedules, as settings of diffusers.  No torch.

This is the one table: `--scheduler` and the settings of imported pictures both use it.  A *sampler* is the method that
takes the steps, a *schedule* is how their noise levels are spaced.  docs/schedulers.md says how each pair was checked.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.errors import InvalidRequestError
from engine.rendering.settings import SchedulerSettings
from latentpng.record import Json, JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampler:
    """A sampler of other tools.

    Attributes:
        settings: What it is in diffusers.
        with_schedule: Options that the tools add as soon as a schedule is named.
        automatic: The schedule that A1111 1.9 and later takes for "Automatic"; "" for the sampler's own timesteps.
        webui: Options for a picture of A1111, where they differ from those for a name on the command line.
        makes_timesteps: A1111 ignores the schedule; the sampler chooses its timesteps itself.
    """

    settings: SchedulerSettings
    with_schedule: JsonObject = field(default_factory=dict)
    automatic: str = "normal"
    webui: JsonObject = field(default_factory=dict)
    makes_timesteps: bool = False


def _settings(name: str, eta: float = 0.0, **options: Json) -> SchedulerSettings:
    return SchedulerSettings(name=f"{name}Scheduler", options=options, eta=eta)


_MULTISTEP, _SDE = "DPMSolverMultistep", "sde-dpmsolver++"
_DISCARD: JsonObject = {"discard_next_to_last_sigma": True}
_LEADING: JsonObject = {"timestep_spacing": "leading", "steps_offset": 1}

SAMPLERS: Mapping[str, Sampler] = MappingProxyType(
    {
        "DDIM": Sampler(settings=_settings("DDIM"), webui=_LEADING, makes_timesteps=True),
        "DDIM eta 1": Sampler(settings=_settings("DDIM", eta=1.0), webui=_LEADING, makes_timesteps=True),
        "DDPM": Sampler(settings=_settings("DDPM")),
        "DEIS": Sampler(settings=_settings("DEISMultistep")),
        "DPM++ 2M": Sampler(settings=_settings(_MULTISTEP), automatic="karras"),
        "DPM++ 2M SDE": Sampler(settings=_settings(_MULTISTEP, algorithm_type=_SDE), automatic="exponential"),
        "DPM++ 2M SDE Heun": Sampler(
            settings=_settings(_MULTISTEP, algorithm_type=_SDE, solver_type="heun"), automatic="exponential"
        ),
        "DPM++ 2S": Sampler(settings=_settings("DPMSolverSinglestep")),
        "DPM++ 3M": Sampler(settings=_settings(_MULTISTEP, solver_order=3)),
        "DPM++ 3M SDE": Sampler(
            settings=_settings(
                _MULTISTEP,
                algorithm_type=_SDE,
                solver_order=3,
                solver_type="heun",
                lower_order_final=False,
                correct_third_order=True,
            ),
            automatic="exponential",
            webui=_DISCARD,
        ),
        "DPM++ SDE": Sampler(settings=_settings("DPMSolverSDE"), automatic="karras"),
        "DPM2": Sampler(settings=_settings("KDPM2Discrete"), with_schedule=_DISCARD, automatic="karras"),
        "DPM2 a": Sampler(settings=_settings("KDPM2AncestralDiscrete"), with_schedule=_DISCARD, automatic="karras"),
        "Euler": Sampler(settings=_settings("EulerDiscrete")),
        "Euler a": Sampler(settings=_settings("EulerAncestralDiscrete")),
        "Heun": Sampler(settings=_settings("HeunDiscrete")),
        "IPNDM": Sampler(settings=_settings("EulerDiscrete", predicted_slopes=4)),
        "LCM": Sampler(settings=_settings("LCM"), automatic=""),
        "LMS": Sampler(settings=_settings("LMSDiscrete")),
        "PLMS": Sampler(settings=_settings("PNDM"), webui=_LEADING, makes_timesteps=True),
        "PNDM": Sampler(settings=_settings("PNDM")),
        "SA Solver": Sampler(settings=_settings("SASolver", predictor_order=3, corrector_order=4)),
        "TCD": Sampler(settings=_settings("TCD")),
        "UniPC": Sampler(
            settings=_settings("UniPCMultistep"),
            webui={
                "solver_type": "bh1",
                "solver_order": 3,
                "schedule": "sgm_uniform",
                "final_sigmas_type": "sigma_min",
            },
            makes_timesteps=True,
        ),
        "UniPC bh1": Sampler(
            settings=_settings("UniPCMultistep", solver_type="bh1", solver_order=3, schedule="normal"),
            with_schedule=_DISCARD,
        ),
        "UniPC bh2": Sampler(
            settings=_settings("UniPCMultistep", solver_type="bh2", solver_order=3, schedule="normal"),
            with_schedule=_DISCARD,
        ),
    }
)
"""Samplers by the names of A1111, which most people know; `_SPELLINGS` turns the names of other tools into these."""

SCHEDULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "align_your_steps": ("align your steps", "ays", "alignyourstepsscheduler"),
        "beta": ("beta",),
        "ddim_uniform": ("ddim uniform", "ddim"),
        "exponential": ("exponential", "polyexponential"),
        "karras": ("karras",),
        "kl_optimal": ("kl optimal",),
        "linear_quadratic": ("linear quadratic",),
        "normal": ("normal", "uniform", "discrete", "native"),
        "sgm_uniform": ("sgm uniform", "sgmuniform"),
        "simple": ("simple",),
        "turbo": ("turbo", "trailing"),
    }
)
"""Schedules as files record them, each with its spellings in lower case.  Polyexponential is exponential: A1111 sets
its exponent rho to 1.  "native" is of NovelAI, "discrete" of stable-diffusion.cpp, "trailing" of Draw Things."""

AUTOMATIC = "automatic"
"""What A1111 writes where the sampler chooses its schedule."""

_OF_WEBUI = {"beta": "beta_sigmas", "kl_optimal": "kl_optimal_webui", "align_your_steps": "align_your_steps_webui"}
"""Schedules for which A1111 computes other noise levels than ComfyUI does under the same name."""
_FLAGS = {"karras": "use_karras_sigmas", "exponential": "use_exponential_sigmas", "beta": "use_beta_sigmas"}
"""Schedules that schedulers of diffusers have themselves, over the range of the model's own spacing."""
_WITHOUT_FLAGS = frozenset(
    {
        "DDIM",
        "DDIMParallel",
        "DDPM",
        "DDPMParallel",
        "DDPMWuerstchen",
        "EDMDPMSolverMultistep",
        "EDMEuler",
        "EulerAncestralDiscrete",
        "FlowMatchHeunDiscrete",
        "LCM",
        "PNDM",
        "SCM",
        "TCD",
    }
)
"""Classes that lack these options."""

_NEAREST: Mapping[str, str] = MappingProxyType(
    {
        "ddim cfg pp": "DDIM",
        "dpm adaptive": "DPM++ 2M",
        "dpm fast": "DPM++ 2S",
        "dpm++ 2m alt": "DPM++ 2M",
        "dpm++ 2m cfg pp": "DPM++ 2M",
        "dpm++ 2m v2": "DPM++ 2M",
        "dpm++ 2mv2": "DPM++ 2M",
        "dpm++ 2s a": "DPM++ SDE",
        "dpm++ 2s a cfg pp": "DPM++ SDE",
        "dpm++ sde substep": "DPM++ SDE",
        "er sde": "DPM++ 3M SDE",
        "euler a cfg pp": "Euler a",
        "euler a substep": "Euler a",
        "euler cfg pp": "Euler",
        "euler dy": "Euler",
        "euler dy negative": "Euler",
        "euler max": "Euler",
        "euler negative": "Euler",
        "euler smea": "Euler",
        "euler smea dy": "Euler",
        "exp heun 2 x0": "Heun",
        "exp heun 2 x0 sde": "DPM++ SDE",
        "flux realistic": "Euler",
        "flux realistic slow": "Euler",
        "gradient estimation": "Euler",
        "gradient estimation cfg pp": "Euler",
        "heunpp2": "Heun",
        "ipndm v": "IPNDM",
        "res 2m": "DPM++ 2M",
        "res 2s": "DPM++ 2S",
        "res multistep": "DPM++ 2M",
        "res multistep a": "DPM++ 2M SDE",
        "res multistep a cfg pp": "DPM++ 2M SDE",
        "res multistep cfg pp": "DPM++ 2M",
        "restart": "Heun",
        "sa solver pece": "SA Solver",
        "seeds 2": "DPM++ SDE",
        "seeds 3": "DPM++ SDE",
    }
)
"""Samplers without a counterpart in diffusers 0.42, and the one that comes nearest: of the same order, and with or
without fresh noise at each step."""

_SPELLINGS = (
    (r"[_\s()\[\]-]+", " "),
    (r"^ | $", ""),
    (r"^(sample|k|forge) ", ""),
    (r"dpmpp ?", "dpm++ "),
    (r"dpm\+\+(?=\w)", "dpm++ "),
    (r"^k?dpm 2\b", "dpm2"),
    (r" gpu\b", ""),
    (r" cfg\+\+", " cfg pp"),
    (r"^heun\+\+ ?2\b", "heunpp2"),
    (r"^ddim v3\b", "ddim"),
    (r" k$", " karras"),
    (r" ancestral\b", " a"),
    (r"^uni pc$", "unipc bh1"),
    (r"^uni pc bh2$", "unipc bh2"),
)
_BY_SPELLING = {spelling: schedule for schedule, spellings in SCHEDULES.items() for spelling in spellings}
_BY_NAME = {name.casefold(): name for name in SAMPLERS}


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedSampler:
    """A sampler, and the schedule that stood in its name: "DPM++ 2M Karras", "dpmpp_2m_k".

    Attributes:
        name: A key of `SAMPLERS`.
        schedule: A key of `SCHEDULES`, or "".
    """

    name: str
    schedule: str = ""


def find_sampler(text: str) -> NamedSampler | None:
    """Return the sampler that a name of any tool means, in upper or lower case; None if there is no such name.

    Raises:
        InvalidRequestError: The sampler is known, but diffusers has none like it; the message says what is nearest.
    """
    spelled = _spelled(text)
    if spelled in _BY_NAME:
        return NamedSampler(name=_BY_NAME[spelled])
    words = spelled.split() if spelled not in _BY_SPELLING else []  # "ddim_uniform" is a schedule
    for count in range(len(words) - 1, 0, -1):
        name, schedule = " ".join(words[:count]), " ".join(words[count:])
        if schedule in _BY_SPELLING and name in _BY_NAME:
            return NamedSampler(name=_BY_NAME[name], schedule=_BY_SPELLING[schedule])
        if schedule in _BY_SPELLING:
            _refuse_unmatched(text, name)
    _refuse_unmatched(text, spelled)
    return None


def find_schedule(text: str, sampler: str = "") -> str:
    """Return the schedule that a word of any tool means; "" if there is none.

    Args:
        text: The word, in upper or lower case.
        sampler: The sampler that it stands beside, a key of `SAMPLERS`; it decides what "Automatic" means.

    Returns:
        A key of `SCHEDULES`.
    """
    word = " ".join(text.replace("_", " ").casefold().split())
    if sampler and word == AUTOMATIC:
        return "" if SAMPLERS[sampler].makes_timesteps else SAMPLERS[sampler].automatic
    if word in ("lcm", "tcd") and word == sampler.casefold():
        return "sgm_uniform"  # Fooocus names the schedule of these like the sampler
    return _BY_SPELLING.get(word, "")


def flag_of(schedule: str, scheduler: str) -> str:
    """Return the option by which diffusers makes a schedule over the range of the model's own spacing.

    Args:
        schedule: A key of `SCHEDULES`.
        scheduler: The class of the scheduler; "" for the model's own.

    Returns:
        Its name; "" if diffusers, or this class, has none.
    """
    return "" if scheduler.removesuffix("Scheduler") in _WITHOUT_FLAGS else _FLAGS.get(schedule, "")


def own_range(sampler: NamedSampler) -> SchedulerSettings:
    """Return a sampler whose schedule, if it has one, is that of diffusers, over the range of the model's own spacing.

    This is what "DPM++ 2M Karras" means on the command line.
    """
    settings = SAMPLERS[sampler.name].settings
    schedule = sampler.schedule or str(settings.options.get("schedule", ""))
    flag = flag_of(schedule, settings.name)
    if flag and "schedule" not in settings.options:
        return _with_options(settings, {flag: True})
    return with_schedule(sampler.name, schedule) if schedule else settings


def with_schedule(name: str, schedule: str, *, webui: bool = False) -> SchedulerSettings:
    """Return a sampler with a schedule, with exactly the noise levels that ComfyUI or A1111 computes.

    Args:
        name: A key of `SAMPLERS`.
        schedule: A key of `SCHEDULES`.
        webui: Compute as A1111 does, where the two differ.
    """
    sampler = SAMPLERS[name]
    if webui and sampler.makes_timesteps:
        return _with_options(sampler.settings, sampler.webui)
    if name.startswith("DDIM"):  # ComfyUI's "ddim" is its Euler sampler
        sampler = SAMPLERS["Euler"]
    more: dict[str, Json] = {"schedule": schedule, **sampler.with_schedule}
    if webui:
        # A1111 starts from noise times the first sigma, ComfyUI from noise times sqrt(1 + sigma ** 2)
        more |= {"schedule": _OF_WEBUI.get(schedule, schedule), "timestep_spacing": "linspace", **sampler.webui}
    return _with_options(sampler.settings, more)


def similar_names(text: str, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return up to three names that a misspelled one may have meant.

    Args:
        text: What was written.
        more: Further names that are known, beside those of the samplers.
    """
    known = {_spelled(name): name for name in (*more, *SAMPLERS)}
    found = difflib.get_close_matches(_spelled(text), known, n=3, cutoff=0.6)
    return tuple(known[name] for name in found)


def _refuse_unmatched(text: str, spelled: str) -> None:
    if spelled in _NEAREST:
        raise InvalidRequestError(
            f"the sampler {text[:100]!r} has no counterpart in diffusers; the nearest is {_NEAREST[spelled]!r}: "
            "choose one with --scheduler"
        )


def _with_options(settings: SchedulerSettings, more: JsonObject) -> SchedulerSettings:
    return SchedulerSettings(name=settings.name, options={**settings.options, **more}, eta=settings.eta)


def _spelled(text: str) -> str:
    spelled = text.casefold().strip()
    for pattern, replacement in _SPELLINGS:
        spelled = re.sub(pattern, replacement, spelled)
    return spelled.strip()
