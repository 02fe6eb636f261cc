"""Warnings of other libraries."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings that other libraries raise about themselves are not ours to mend; all others are errors."""
    for item in items:
        for module in ("diffusers", "transformers", "torch", "torchsde"):
            item.add_marker(pytest.mark.filterwarnings(f"ignore:::{module}"))
        item.add_marker(pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning"))  # KDPM2 and numpy 2
