"""Fixtures of the tests of other tools' pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latentpng.foreign.noise.torch_cpu import ARITHMETICS

if TYPE_CHECKING:
    from tests.support.foreign.torch_paths import TorchPath


@pytest.fixture(scope="session", params=[pytest.param(name, marks=pytest.mark.slow) for name in ARITHMETICS])
def path(request: pytest.FixtureRequest) -> TorchPath:
    """Each code path of torch's CPU noise in turn, drawn by torch itself in seconds; slow."""
    from tests.support.foreign.torch_paths import torch_path  # imports torch, which other tests here do not need

    return torch_path(request.param)
