"""What the user has to know of a model before it is loaded, in whole sentences.  No torch."""

from __future__ import annotations

from engine.models.index_file import pipeline_of
from engine.models.model_root import has_index
from engine.models.prediction import prediction_of
from engine.models.vae_files import vae_notice
from engine.rendering.requests import ModelChoice


def model_notices(choice: ModelChoice) -> tuple[str, ...]:
    """Return what was guessed of a model, and what is probably a mistake.

    Args:
        choice: The model; one that is not downloaded yet has no notices.

    Raises:
        ModelError: The model's files cannot be read.
    """
    if choice.download or not has_index(choice.folder):
        return ()
    vae = vae_notice(choice.vae, choice.name, pipeline_of(choice.folder)) if choice.vae else ""
    return tuple(notice for notice in (prediction_of(choice).notice, vae) if notice)
