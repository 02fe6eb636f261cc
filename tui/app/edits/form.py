"""What the edit panel holds, as texts, and the edit that they mean: pure functions, without the names of files.

A text that was not touched asks for nothing, whatever it would mean if it were typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from engine.edit import Edit
from engine.errors import InvalidRequestError
from engine.models.scheduler_texts import scheduler_text
from engine.models.schedulers import scheduler_settings
from engine.options import parse_size
from engine.rendering.requests import LoraChoice, ModelChoice
from engine.rendering.settings import RenderSettings
from latentpng.text import plain

NO_LORAS = ("none",)
"""Means no LoRA at all in an `Edit`."""
_Number = TypeVar("_Number", int, float)
_WEIGHT = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """The texts of the panel.

    Attributes:
        prompt: Several lines.
        negative: Several lines.
        steps: A number.
        guidance: A number.
        size: Width and height.
        scheduler: As `--scheduler`; "" for the model's own.
        model: As `--model`.
        loras: A line for each LoRA: its name and its weight.
    """

    prompt: str
    negative: str
    steps: str
    guidance: str
    size: str
    scheduler: str
    model: str
    loras: tuple[str, ...]


def typed_of(settings: RenderSettings, model: ModelChoice) -> Typed:
    """Return the texts that stand for the settings of a picture, safe to show."""
    return Typed(
        prompt=plain_lines(settings.prompt),
        negative=plain_lines(settings.negative_prompt),
        steps=str(settings.num_inference_steps),
        guidance=f"{settings.guidance_scale:.10g}",
        size=f"{settings.width}x{settings.height}",
        scheduler=plain(scheduler_text(settings.scheduler)),
        model=plain(model.name),
        loras=tuple(f"{lora_name(lora, model)} {lora.weight:.10g}" for lora in model.loras),
    )


def plain_lines(text: str) -> str:
    """Return a text with its line breaks, and without characters that a terminal would act on."""
    return "\n".join(plain(line) for line in text.split("\n"))


def lora_name(lora: LoraChoice, model: ModelChoice) -> str:
    """Return the name of one of a model's LoRA files: its path where another one of them has the same name."""
    same = [each for each in model.loras if each.name == lora.name]
    return plain(lora.name if len(same) == 1 else lora.path)


def lora_line(line: str) -> tuple[str, str]:
    """Return the name and the weight in a line; the weight is "" where none is written.

    The last word is the weight if it is a number.  `NAME:WEIGHT` stays one name, which the engine reads.
    """
    name, _, last = line.strip().rpartition(" ")
    return (name.strip(), last) if name and _WEIGHT.fullmatch(last) else (line.strip(), "")


def lora_option(line: str, model: ModelChoice) -> str:
    """Return a line as `--lora` takes it.  A name that the picture's own model has means its very file."""
    name, weight = lora_line(line)
    own = {lora_name(lora, model): lora.path for lora in model.loras}
    if name in own:
        return f"{own[name]}:{weight or 1}"
    return f"{name}:{weight}" if weight else name


def changed_fields(typed: Typed, settings: RenderSettings, model: ModelChoice) -> tuple[str, ...]:
    """Return the names of the fields that differ from the picture, in the order of the panel."""
    before = typed_of(settings, model)
    names = [name for name in Typed.__slots__ if name != "loras" and _differs(name, typed, before)]
    return (*names, *(["loras"] if _lines(typed) != before.loras else []))


def problems(typed: Typed, settings: RenderSettings, model: ModelChoice) -> Mapping[str, str]:
    """Return what is wrong with the texts, as sentences by the names of the fields.

    Names of models and of LoRA files are not looked up here.
    """
    found: dict[str, str] = {}
    for name in changed_fields(typed, settings, model):
        try:
            _checked(name, typed, settings)
        except InvalidRequestError as error:
            found[name] = str(error)
    return found


def edit_of(typed: Typed, settings: RenderSettings, model: ModelChoice) -> Edit:
    """Return the edit that the texts mean; it is `Edit()` when nothing differs.

    Args:
        typed: The texts.
        settings: The settings of the picture.
        model: The model of the picture.

    Raises:
        InvalidRequestError: A text is out of range or means nothing.
    """
    changed = changed_fields(typed, settings, model)
    after = settings
    for name in changed:
        after = _checked(name, typed, after)
    size, steps = (after.width, after.height), after.num_inference_steps
    loras = tuple(lora_option(line, model) for line in _lines(typed)) or NO_LORAS
    is_other_scheduler = after.scheduler != settings.scheduler
    return Edit(
        prompt=after.prompt if after.prompt != settings.prompt else None,
        negative_prompt=after.negative_prompt if after.negative_prompt != settings.negative_prompt else None,
        num_inference_steps=steps if steps != settings.num_inference_steps else None,
        guidance_scale=after.guidance_scale if after.guidance_scale != settings.guidance_scale else None,
        scheduler=typed.scheduler.strip() if is_other_scheduler else None,
        size=size if size != (settings.width, settings.height) else (),
        loras=loras if "loras" in changed else (),
        model=typed.model.strip() if "model" in changed else "",
    )


def _checked(name: str, typed: Typed, settings: RenderSettings) -> RenderSettings:
    """Return settings with the value of one field; the engine refuses what cannot be."""
    match name:
        case "prompt":
            return replace(settings, prompt=typed.prompt.strip())
        case "negative":
            return replace(settings, negative_prompt=typed.negative.strip())
        case "steps":
            return replace(settings, num_inference_steps=_number(int, "steps", "1 to 1000", typed.steps))
        case "guidance":
            return replace(settings, guidance_scale=_number(float, "guidance", "0 to 100", typed.guidance))
        case "size":
            width, height = parse_size(typed.size)
            return replace(settings, width=width, height=height)
        case "scheduler":
            return replace(settings, scheduler=scheduler_settings(typed.scheduler))
        case "model" if not typed.model.strip():
            raise InvalidRequestError("no model is named; 'embedded' is the small one that comes with warmer")
        case _:
            return settings


def _number(kind: Callable[[str], _Number], name: str, limits: str, text: str) -> _Number:
    """Return the number that a text is; the settings check its range, in the same words."""
    try:
        return kind(text.strip())
    except ValueError:
        raise InvalidRequestError(f"{name} is a number from {limits}, found {text.strip()!r}") from None


def _differs(name: str, typed: Typed, before: Typed) -> bool:
    after = str(getattr(typed, name)).strip()
    return after != str(getattr(before, name)).strip()


def _lines(typed: Typed) -> tuple[str, ...]:
    return tuple(line.strip() for line in typed.loras if line.strip())
