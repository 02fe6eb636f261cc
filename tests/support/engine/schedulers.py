"""The schedulers that the tiny pipeline can use, as parameters of tests."""

from __future__ import annotations

import pytest

_QUICK = ("", "DDIM", "DDIM eta 1", "DPM++ 2M Karras", "DPM++ 2M SDE", "Euler", "Euler a", "UniPC")
"""One of each kind; the others are marked as slow."""
_SLOW = (
    "DPM++ 2M",
    "DPM++ 2S",
    "DPM++ SDE",
    "DPM2",
    "DPM2 a",
    "DEIS",
    "DDPM",
    "LCM",
    "LMS",
    "TCD",
    "PNDM",
    "Heun",
    "SASolver",
    "DPM++ 3M SDE",
    "dpm_2_ancestral + karras",
    "euler + simple",
    "ipndm",
    "uni_pc",
)
SCHEDULERS = (*_QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in _SLOW))
"""All of them, by the names of `scheduler_settings`."""
STOCHASTIC = (
    "DDIM eta 1",
    "DPM++ 2M SDE",
    "Euler a",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("DPM++ SDE", "DPM2 a", "DDPM", "LCM", "SASolver", "DPM++ 3M SDE", "dpm_2_ancestral + karras")
    ),
)
"""Those that draw noise at every step."""
