"""Textual inversions told from the headers of their files.  No torch."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelError
from engine.models.weights import read_weights

MAX_VECTORS = 75
"""What a chunk of a prompt has room for."""
_MAX_TENSORS, _MAX_WIDTH, _MAX_ROWS = 4, 8192, 1024


def is_embedding(path: Path) -> bool:
    """Return whether a `.safetensors` file holds a few vectors, as textual inversions do, and nothing else."""
    try:
        shapes = tuple(read_weights(path).tensors.values())
    except ModelError:
        return False
    return 0 < len(shapes) <= _MAX_TENSORS and all(
        1 <= len(shape) <= 2 and 1 < shape[-1] <= _MAX_WIDTH and shape[0] > 0 and shape[:-1] <= (_MAX_ROWS,)
        for shape in shapes
    )
