"""Seam: the guidance scale of pipelines whose guidance is a component.

HunyuanImage has no argument for the guidance scale: its components "guider" and "ocr_guider", the second for prompts
with words in quotes, hold it.

Assumptions, checked by tests/engine/diffusion/seams/test_guidance.py:
- A guider reads its attribute `guidance_scale` at every step; 1 turns guidance off.
- Without a guider (a distilled model) the pipeline does not guide away from a negative prompt.
"""

from __future__ import annotations

from typing import Any

_GUIDERS = ("guider", "ocr_guider")


def has_guider_slot(pipe: Any) -> bool:
    """Return whether guidance is a component of this pipeline, which may be missing."""
    return _GUIDERS[0] in getattr(pipe, "components", {})


def guiders_of(pipe: Any) -> list[Any]:
    """Return the components that guide; empty if there are none."""
    components = getattr(pipe, "components", {})
    return [part for name in _GUIDERS if (part := components.get(name)) is not None]


def set_guider_scale(pipe: Any, guidance_scale: float) -> None:
    """Set the guidance scale of all guiders."""
    for guider in guiders_of(pipe):
        guider.guidance_scale = guidance_scale
