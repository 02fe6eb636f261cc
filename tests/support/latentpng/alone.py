"""An environment in which Python finds only what the distribution `latentpng` brings along."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import latentpng

# Every finder is wrapped: an editable install may have brought its own.  Absent packages are reported the way that
# Python does, by finding nothing, so that importlib.util.find_spec sees no difference either.
_SITECUSTOMIZE = """\
import sys

INSTALLED = {"latentpng", "numpy", "PIL", "zstandard", "_cffi_backend", *sys.stdlib_module_names}


class Filter:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return self.finder.find_spec(name, path, target) if name.partition(".")[0] in INSTALLED else None


sys.meta_path[:] = [Filter(finder) for finder in sys.meta_path]
"""


def environment_alone(folder: Path) -> dict[str, str]:
    """Return environment variables for a Python that has `latentpng`, numpy, Pillow and zstandard alone.

    Args:
        folder: An empty folder for the module that hides all other packages.
    """
    (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    root = Path(latentpng.__file__).parents[1]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(root)])}


def python_alone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run that Python in the current folder; `folder` is the one that `environment_alone` takes."""
    return subprocess.run(
        [sys.executable, "-P", *arguments],
        env=environment_alone(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
