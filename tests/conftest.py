"""What every test stands on: one thread a process, and nothing remembered on the machine that runs the tests.

Tiny models gain nothing from more threads, and two runs at once would spin against each other.
"""

import os
from pathlib import Path

import pytest

os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the test run folders of its own for caches and settings; worker processes inherit them."""
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HF_HOME"):
        folder = Path(home) / name.lower()
        folder.mkdir()
        patch.setenv(name, str(folder))


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a state folder of its own: a model that one test remembered is not found by the next."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
