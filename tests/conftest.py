"""What every test stands on: one thread a process, a home of its own, and no torch where none is installed.

Tiny models gain nothing from more threads, and two runs at once would spin against each other.
"""

from __future__ import annotations

import os
import sys
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["OMP_NUM_THREADS"] = "1"

# a deadline measures the machine: where other processes take the cores, any example can be late
settings.register_profile("warmer", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("warmer")


class _SkipsWithoutTorch(MetaPathFinder):
    """Skips each test module whose imports lead to torch, however many modules are between."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:  # noqa: ARG002
        if name in {"torch", "diffusers", "transformers"}:
            pytest.skip("torch is not installed", allow_module_level=True)


HAS_TORCH = find_spec("torch") is not None
if not HAS_TORCH:
    sys.meta_path.append(_SkipsWithoutTorch())


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked `torch`: it asks a process or a report that needs torch, but imports none itself."""
    if not HAS_TORCH and item.get_closest_marker("torch"):
        pytest.skip("torch is not installed")


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the test run folders of its own for caches and settings; worker processes inherit them.

    The home directory too: models are looked for in it.
    """
    home = tmp_path_factory.mktemp("home")
    patch = pytest.MonkeyPatch()
    patch.setenv("HOME", str(home))
    for name in ("WARMER_CONFIG", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "INVOKEAI_ROOT"):
        patch.delenv(name, raising=False)
    # no test may find the worker that stays of whoever runs it, nor leave one in their folder
    patch.setenv("WARMER_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HF_HOME"):
        folder = Path(home) / name.lower()
        folder.mkdir()
        patch.setenv(name, str(folder))


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a state folder of its own: a model that one test remembered is not found by the next."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
