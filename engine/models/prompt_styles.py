"""Which models take prompts with weights, and the style in which a new prompt is read.  No torch."""

from __future__ import annotations

from engine.models.index_file import pipeline_of
from engine.models.model_root import has_index
from engine.models.resolve import EMBEDDED
from engine.rendering.requests import ModelChoice
from engine.rendering.settings import PromptStyle

_ONLY_CLIP = frozenset(
    {
        "LatentConsistencyModelPipeline",
        "StableDiffusionPAGPipeline",
        "StableDiffusionPipeline",
        "StableDiffusionXLPAGPipeline",
        "StableDiffusionXLPipeline",
    }
)
"""Pipelines all of whose text encoders are CLIP, whose prompts A1111 and ComfyUI weigh by published arithmetic."""


def takes_weights(pipeline: str) -> bool:
    """Return whether the prompts of a pipeline can be read with weights and chunks.

    Args:
        pipeline: The name of its class.
    """
    return pipeline in _ONLY_CLIP


def may_take_weights(choice: ModelChoice) -> bool:
    """Return whether the prompts of a model can be read with weights; True if that is unknown before its download."""
    return not has_index(choice.folder) or takes_weights(pipeline_of(choice.folder))


def default_style(choice: ModelChoice) -> PromptStyle:
    """Return the style in which a new prompt is read, unless the user names one.

    The model that ships with warmer was trained on short captions without brackets, so its prompts are plain.
    """
    if choice.name == EMBEDDED or not has_index(choice.folder):
        return PromptStyle.PLAIN
    return PromptStyle.A1111 if takes_weights(pipeline_of(choice.folder)) else PromptStyle.PLAIN
