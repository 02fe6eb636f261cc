"""Comparison of the colour values of two variants."""

from __future__ import annotations

import numpy as np


def differing_values(pixels: bytes, baseline: bytes) -> str:
    """Say how many colour values of a variant differ from those of the baseline, and by how much at most."""
    values, others = (np.frombuffer(each, dtype=np.uint8).astype(int) for each in (pixels, baseline))
    apart = np.abs(values - others)
    return f"{int((apart > 0).sum())} of {apart.size} colour values differ, by {apart.max()} of 255 at most"
