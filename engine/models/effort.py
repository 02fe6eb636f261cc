"""How much work a picture from a stranger may ask for before a person is asked.

A file can record any size and any number of steps.  Within these limits is whatever people render in one go, enlarged
pictures too; beyond them a first step can take minutes that nothing interrupts, and memory that the machine lacks.
"""

from __future__ import annotations

from engine.errors import InvalidRequestError
from engine.models.defaults import ModelDefaults
from engine.models.memory import GIB, working_bytes
from engine.rendering.settings import RenderSettings

MAX_PIXELS = 1 << 22
"""2048 x 2048; a model that is made for more may be asked for twice that."""
MAX_STEPS_UNASKED = 150
"""More than the sliders of other tools offer; a model that is made for more may be asked for twice that."""
MAX_PIXEL_STEPS = 1 << 28
"""Pixels times steps: 2048 x 2048 in 64 steps."""
_VALUE_BYTES = 4


def check_effort(settings: RenderSettings, defaults: ModelDefaults, *, has_size: bool, has_steps: bool) -> None:
    """Refuse to render what a file asks for if that is far more than pictures are.

    Args:
        settings: What would be rendered.
        defaults: Of the model.
        has_size: Whether a person chose the size, and not the file.
        has_steps: Whether a person chose the steps.

    Raises:
        InvalidRequestError: It is too much; the message says what would allow it.
    """
    own_pixels, own_steps = defaults.width * defaults.height, defaults.num_inference_steps
    pixels, steps = settings.width * settings.height, settings.num_inference_steps
    is_large = not has_size and pixels > max(MAX_PIXELS, 2 * own_pixels)
    is_long = not has_steps and steps > max(MAX_STEPS_UNASKED, 2 * own_steps)
    most = max(MAX_PIXEL_STEPS, 4 * own_pixels * own_steps)
    is_much = not has_size and not has_steps and pixels * steps > most
    if not (is_large or is_long or is_much):
        return
    memory = working_bytes(settings.width, settings.height, _VALUE_BYTES) / GIB
    raise InvalidRequestError(
        f"the picture asks for {settings.width}x{settings.height} pixels in {steps} steps, which can take hours and "
        f"{memory:.0f} GiB of memory, and its model is made for {defaults.width}x{defaults.height} in {own_steps}: "
        "choose with --size and --steps, or add --allow-large to render what it asks for"
    )
