"""Measurement of resident memory on Linux, and a folder that needs no disk."""

from __future__ import annotations

import os
from pathlib import Path


def resident_mib() -> float:
    """Return the MiB of this process that are resident now; 0 where /proc does not say."""
    return _status_mib("VmRSS")


def peak_mib() -> float:
    """Return the peak of resident MiB since `reset_peak`; 0 where /proc does not say."""
    return _status_mib("VmHWM")


def reset_peak() -> None:
    """Let the peak start again from what is resident now, where the system allows it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def memory_folder() -> str | None:
    """Return a folder that is stored in memory, for a file that is written very often; None where there is none."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _status_mib(field: str) -> float:
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    return int(text.partition(f"{field}:")[2].split()[0]) / 1024
