"""Nothing that these tests do is remembered on the machine that runs them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """State and logs go to a folder of the test run; worker processes inherit it."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HF_HOME"):
        folder = Path(home) / name.lower()
        folder.mkdir()
        patch.setenv(name, str(folder))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings that other libraries raise about themselves are not ours to mend; all others are errors."""
    for item in items:
        for module in ("diffusers", "transformers", "torch", "torchsde"):
            item.add_marker(pytest.mark.filterwarnings(f"ignore:::{module}"))
        item.add_marker(pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning"))  # KDPM2 and numpy 2
