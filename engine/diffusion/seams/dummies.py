"""Seam: what stands in diffusers for a class whose dependencies are not installed.

diffusers exports a dummy of the same name, whose signature tells nothing, and raises only when it is used.

Assumptions, checked by tests/engine/diffusion/seams/test_dummies.py:
- A dummy has the metaclass `diffusers.utils.DummyObject`, and names what it needs in `_backends`, as packages or as
  diffusers calls them.
"""

from __future__ import annotations

from typing import Any

from diffusers.utils import DummyObject

_PACKAGES = {"opencv": "opencv-python"}


def needed_packages(kind: Any) -> tuple[str, ...]:
    """Return the packages that a class of diffusers needs, if it is a dummy because some are missing; else ()."""
    if not isinstance(kind, DummyObject):
        return ()
    return tuple(_PACKAGES.get(name, name) for name in kind._backends)
