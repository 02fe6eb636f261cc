"""The options of `warmer` and its scripts, and what they mean: frozen requests, checked before anything is loaded."""

from __future__ import annotations

import argparse
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InvalidRequest, ModelProblem
from engine.families import ModelDefaults
from engine.models import NO_MODEL, defaults_of, find_model, resolve_model
from engine.plan import ModelChoice
from engine.schedulers import scheduler_settings
from engine.session import Bands
from engine.settings import RenderSettings
from latentpng.record import LatentRecord
from latentpng.text import plain

BAND_NAMES = tuple(str(bands) for bands in Bands if bands is not Bands.CUSTOM)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What renders, and how: the model, its defaults, the settings, where it runs."""

    model: ModelChoice
    defaults: ModelDefaults
    settings: RenderSettings
    device: str
    dtype: str
    micro_batch: int


def add_render_options(parser: argparse.ArgumentParser) -> None:
    """How pictures are rendered: as in `warmer new`, everywhere."""
    group = parser.add_argument_group("pictures")
    group.add_argument("--negative", metavar="TEXT", help="what the picture should not show")
    group.add_argument("--size", type=size, metavar="WxH", help="pixels, for example 1024x768")
    group.add_argument("--steps", type=int, metavar="N", help="denoising steps")
    group.add_argument(
        "--guidance", type=float, metavar="G", help="guidance scale: how strictly the prompt is followed"
    )
    group.add_argument("--scheduler", metavar="S", help='for example "Euler a", "DPM++ 2M Karras", or a class name')
    group.add_argument("--seed", type=whole_number, metavar="N", help="0 to 2^64 - 1; drawn by chance when left out")
    add_model_options(parser)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which model, and where it runs."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model", default="", metavar="M", help="a diffusers folder or a .safetensors file; else built in"
    )
    group.add_argument(
        "--config", default="", metavar="DIR", help="a diffusers folder that describes a .safetensors file"
    )
    group.add_argument("--download", action="store_true", help="let --model be a hub id, and fetch it")
    group.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:1 or mps (default: auto)")
    group.add_argument("--dtype", default="auto", choices=("auto", "float32", "float16", "bfloat16"))
    group.add_argument("--batch", type=int, default=0, metavar="N", help="most pictures rendered at once")


def add_bands_option(parser: argparse._ActionsContainer) -> None:
    """Which octaves move."""
    parser.add_argument(
        "--bands", choices=BAND_NAMES, help="what moves: everything, coarse more than fine, or one half"
    )


def target_for_prompt(options: argparse.Namespace, prompt: str) -> Target:
    """What renders a new prompt.  ModelProblem, InvalidRequest."""
    model = resolve_model(options.model, config=options.config, download=options.download)
    defaults = defaults_of(model)
    return _target(options, model, defaults, defaults.settings(prompt))


def target_for_record(options: argparse.Namespace, record: LatentRecord) -> Target:
    """What renders a picture again, with what the options change.  ModelProblem, InvalidRequest."""
    if options.model:
        model = resolve_model(options.model, config=options.config, download=options.download)
    else:
        model = _recorded_model(record)
    defaults = defaults_of(model)
    settings = RenderSettings.from_json(record.settings, defaults=defaults.settings(""))
    return _target(options, model, defaults, settings)


def draw_seed() -> int:
    """A seed by chance, short enough to type."""
    return secrets.randbits(32)


def size(text: str) -> tuple[int, int]:
    """argparse type of --size."""
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text.strip())
    if not match:
        raise argparse.ArgumentTypeError(f"a size is WIDTHxHEIGHT, for example 512x512, found {text!r}")
    return int(match[1]), int(match[2])


def whole_number(text: str) -> int:
    """argparse type of --seed."""
    if not re.fullmatch(r"\d{1,20}", text.strip()) or int(text) >= 2**64:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to 2^64 - 1, found {text!r}")
    return int(text)


def fraction(text: str) -> float:
    """argparse type of --scale."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1.0:
        raise argparse.ArgumentTypeError(f"a scale is a number above 0 and at most 1, found {text!r}")
    return value


def count(text: str) -> int:
    """argparse type of --count."""
    if not re.fullmatch(r"\d{1,5}", text.strip()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a count is a whole number from 1, found {text!r}")
    return int(text)


def check_path(path: Path) -> Path:
    """A picture to open: InvalidRequest early when it is not there."""
    if path.is_dir():
        raise InvalidRequest(f"{path}: this is a folder, a PNG file is needed")
    if not path.exists():
        raise InvalidRequest(f"{path}: there is no such file")
    return path


def _recorded_model(record: LatentRecord) -> ModelChoice:
    """The model that made a picture, where this machine has it."""
    model = record.settings.get("model")
    found = find_model(model)
    if found == NO_MODEL:
        name = model.get("name") if isinstance(model, Mapping) else None
        made = f"this picture was made with the model {plain(str(name), 80)!r}" if name else "no model is recorded"
        raise ModelProblem(f"{made}, which is not known on this machine: say which one to use with --model")
    return found


def _target(
    options: argparse.Namespace, model: ModelChoice, defaults: ModelDefaults, settings: RenderSettings
) -> Target:
    width, height = options.size if getattr(options, "size", None) else (settings.width, settings.height)
    chosen = {name: getattr(options, name, None) for name in ("negative", "steps", "guidance", "scheduler")}
    settings = RenderSettings(
        prompt=settings.prompt,
        negative_prompt=settings.negative_prompt if chosen["negative"] is None else chosen["negative"],
        width=width,
        height=height,
        steps=settings.steps if chosen["steps"] is None else chosen["steps"],
        guidance=settings.guidance if chosen["guidance"] is None else chosen["guidance"],
        scheduler=settings.scheduler if chosen["scheduler"] is None else scheduler_settings(chosen["scheduler"]),
        step_seed=settings.step_seed,
    )
    return Target(
        model=model,
        defaults=defaults,
        settings=settings,
        device=options.device,
        dtype=options.dtype,
        micro_batch=options.batch,
    )
