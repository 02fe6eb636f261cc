"""The attention back-end of a pipeline."""

from __future__ import annotations

from typing import Any

from engine.diffusion.components import DENOISERS
from engine.diffusion.messages import first_line
from engine.diffusion.seams.attention import NATIVE, has_selectable_attention, local_backends
from engine.errors import ModelError


def set_attention(pipe: Any, requested: str, recorded: str = "") -> str:
    """Set the attention back-end of a pipeline.

    Args:
        pipe: The pipeline.
        requested: The name of a back-end, or "auto": `recorded` if it can be used, else torch's own.
        recorded: The back-end that the picture to continue from was rendered with; "" for torch's own.

    Returns:
        The name of the back-end; "" for torch's own, which is not recorded, and for models that know no other.

    Raises:
        ModelError: The requested back-end is unknown or cannot be used here.
    """
    if requested != "auto":
        return _set(pipe, requested)
    try:
        return _set(pipe, recorded or NATIVE)
    except ModelError:
        return _set(pipe, NATIVE)


def _set(pipe: Any, name: str) -> str:
    names = local_backends()
    if name not in names:
        raise ModelError(f"--attention must be one of {', '.join(names)}, found {name!r}")
    denoisers: list[Any] = [getattr(pipe, each, None) for each in DENOISERS]
    parts = [part for part in denoisers if has_selectable_attention(part)]
    if not parts:
        if name == NATIVE:
            return ""
        raise ModelError(f"this model ({type(pipe).__name__}) has only one attention: leave out --attention")
    try:
        for part in parts:
            part.set_attention_backend(name)  # torch's own too: diffusers keeps the last one for all later models
    except (RuntimeError, ValueError, ImportError) as error:
        raise ModelError(f"the attention {name!r} cannot be used here: {first_line(error)}") from error
    return "" if name == NATIVE else name
