"""The models, LoRA files, VAEs and embeddings in the folders of this machine, found by name.  No torch.

The folders are those of the configuration file, and those of other programs: A1111, Forge, ComfyUI, InvokeAI, and the
cache of the Hugging Face hub.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Shelf(StrEnum):
    """What a folder of the library holds; the values are the keys of the configuration file."""

    MODELS = "models"
    LORAS = "loras"
    VAES = "vaes"
    TEXT_ENCODERS = "text_encoders"
    EMBEDDINGS = "embeddings"
    PREVIEWS = "preview_vaes"


def find_by_name(shelf: Shelf, name: str) -> Path | None:
    """Return the file or folder that has a name.

    Args:
        shelf: What is searched for.
        name: With or without its suffix, with or without the folders above it; upper and lower case are alike.

    Returns:
        The file or folder; None when there is none of this name.

    Raises:
        ModelError: Several different files have this name; the message lists them.
    """
    del shelf, name
    return None


def near_names(shelf: Shelf, name: str) -> tuple[str, ...]:
    """Return the names that are most similar to a name, the nearest first."""
    del shelf, name
    return ()
