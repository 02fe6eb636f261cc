"""Fixtures of the tests of other tools' pictures."""

from __future__ import annotations

import pytest

from latentpng.foreign.noise.torch_cpu import ARITHMETICS
from tests.support.foreign.torch_paths import TorchPath, torch_path


@pytest.fixture(scope="session", params=ARITHMETICS)
def path(request: pytest.FixtureRequest) -> TorchPath:
    """Each code path of torch's CPU noise in turn, drawn by torch itself."""
    return torch_path(request.param)
