"""The first line of a search: its prompt at the left, and the settings in force at the right."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

from engine.rendering.settings import RenderSettings, SchedulerSettings
from latentpng.text import plain

_MIN_PROMPT = 24
"""Columns that the prompt keeps, where it is so long; the settings are shortened before it is."""
_GAP = 3
_MAX_NAME = 24


def scheduler_name(scheduler: SchedulerSettings) -> str:
    """Return the common name of a scheduler, its class where it has none; "" for the model's own."""
    from engine.models.scheduler_texts import scheduler_text

    return plain(scheduler_text(scheduler).partition(",")[0], limit=_MAX_NAME)


def settings_words(settings: RenderSettings, model: str) -> tuple[str, ...]:
    """Return the settings in words, from all of them to none: the first that fits is shown.

    Args:
        settings: The settings in force.
        model: The name of the model.
    """
    name = plain(model, limit=_MAX_NAME)
    scheduler = scheduler_name(settings.scheduler)
    steps = f"{settings.num_inference_steps}" if scheduler else f"{settings.num_inference_steps} steps"
    size = f"{settings.width}x{settings.height}"
    full = (name, " ".join(filter(None, (scheduler, steps))), f"cfg {settings.guidance_scale:g}", size)
    short = (name, f"{settings.num_inference_steps} steps", size)
    return (*(" · ".join(each) for each in (full, short, (name, size), (name,))), "")


def headline(prompt: str, settings: tuple[str, ...], columns: int) -> tuple[str, str]:
    """Return the prompt, cut with "…" where it is too long, and the settings; together they fit.

    Args:
        prompt: The prompt, as a person wrote it.
        settings: What `settings_words` returned.
        columns: Of the line.
    """
    words = " ".join(plain(prompt, limit=max(1, columns)).split())
    least = min(cell_len(words), _MIN_PROMPT)
    right = next((each for each in settings if least + _GAP + cell_len(each) <= columns), "")
    room = columns - (_GAP + cell_len(right) if right else 0)
    fits = cell_len(words) <= room
    return (words if fits else f"{set_cell_size(words, max(0, room - 1)).rstrip()}…"), right
