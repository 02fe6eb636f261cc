"""Seam: how diffusers names the weights of a single file.

`from_single_file` fails on an incomplete file without naming a weight, because it converts values that are not there.
And some classes have no converter, though their files have the layout of another class that has one.

Assumptions, checked by tests/engine/diffusion/seams/test_single_files.py:
- `SINGLE_FILE_LOADABLE_CLASSES` in `diffusers.loaders.single_file_model` has a converter for each class.
- A converter takes `checkpoint` and `config`, and returns the weights by the names of the model.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.loaders.single_file_model import SINGLE_FILE_LOADABLE_CLASSES


def missing_weights(kind: Any, state: dict[str, torch.Tensor], config: dict[str, Any]) -> list[str]:
    """Return the names of the weights that a single file lacks.

    Args:
        kind: The class of the component.
        state: The weights, as `from_single_file` takes them.
        config: The component's configuration.

    Returns:
        Names of the model's state, sorted; [] if all are there, or if the file cannot be converted at all.
    """
    entry = SINGLE_FILE_LOADABLE_CLASSES.get(kind.__name__)
    with torch.device("meta"):
        needed = set(kind.from_config(config).state_dict())
    try:
        found = set(entry["checkpoint_mapping_fn"](checkpoint=dict(state), config=config)) if entry else needed
    except (KeyError, IndexError, RuntimeError, ValueError):
        return []
    return sorted(needed - found)


def is_loadable(kind: Any) -> bool:
    """Return whether `from_single_file` of a class has a converter."""
    return kind.__name__ in SINGLE_FILE_LOADABLE_CLASSES


def converted_like(kind: str, state: dict[str, torch.Tensor], config: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Return the weights of a single file as the converter of a class names them.

    Args:
        kind: The name of the class whose converter is used.
        state: The weights.
        config: The component's configuration.
    """
    converter = SINGLE_FILE_LOADABLE_CLASSES[kind]["checkpoint_mapping_fn"]
    converted: dict[str, torch.Tensor] = converter(checkpoint=dict(state), config=config)
    return converted
