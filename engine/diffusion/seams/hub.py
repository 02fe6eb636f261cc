"""Seam: the offline switch of a hub client that is already imported.  Free of torch, since the worker starts with it.

The client reads HF_HUB_OFFLINE from the environment once, at import.  A worker that loads a second model in the same
process may have to change it.

Assumptions, checked by tests/engine/diffusion/seams/test_hub.py:
- `huggingface_hub.constants.HF_HUB_OFFLINE` holds the switch, and is read anew at every request.
- Libraries that copied it at import use their copy for no download of a model.
"""

from __future__ import annotations

import sys


def set_offline(offline: bool) -> None:
    """Apply the switch to the client if it is imported; otherwise it will read the environment."""
    if constants := sys.modules.get("huggingface_hub.constants"):
        constants.HF_HUB_OFFLINE = offline  # type: ignore[attr-defined]  # a module found by its name has no attributes
