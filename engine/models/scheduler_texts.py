"""A scheduler's settings as the text that `--scheduler` takes: the inverse of `engine.models.schedulers`."""

from __future__ import annotations

from engine.models.schedulers import FRIENDLY
from engine.rendering.settings import SchedulerSettings
from latentpng.record import Json


def scheduler_text(settings: SchedulerSettings) -> str:
    """Return the text that means these settings: a common name where there is one, else the class and its options.

    Args:
        settings: The scheduler.

    Returns:
        "Euler a", "EulerDiscrete, timestep_spacing=trailing, eta=0.5", or "" for the model's own scheduler.
    """
    friendly = next((name for name, known in FRIENDLY.items() if known == settings), "")
    if friendly:
        return friendly
    options = [f"{name}={_written(value)}" for name, value in settings.options.items()]
    eta = [f"eta={settings.eta}"] if settings.eta else []
    return ", ".join([settings.name.removesuffix("Scheduler"), *options, *eta])


def _written(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
