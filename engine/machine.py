"""What else this machine is doing: whether it runs on battery, and whether others use its GPU.  No torch.

What cannot be found out counts as "no": both questions only decide whether work that nobody asked for is done.
"""

from __future__ import annotations

import subprocess
from collections.abc import Collection

_COMMAND = ("nvidia-smi", "pmon", "-c", "1", "-s", "u")
_TIMEOUT_SECONDS = 3.0
NOTICEABLE = 10
"""Percent of the GPU's multiprocessors from which on another process would notice that it shares them."""


def runs_on_battery() -> bool:
    """Return whether the machine has a battery and is not plugged in."""
    import psutil  # not before it is needed

    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, ValueError):  # the platform has no such sensor, or it cannot be read
        return False
    return battery is not None and battery.power_plugged is False  # None: it is not known


def gpu_is_used_by_others(own: Collection[int]) -> bool:
    """Return whether another process uses an NVIDIA GPU of this machine noticeably; it takes a second or two.

    Processes that cannot be seen from here are left out: in a container, this program itself has a different ID for the
    driver.

    Args:
        own: The process IDs of this program and of its workers.
    """
    import psutil

    try:
        found = subprocess.run(_COMMAND, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=True)
    except (OSError, ValueError, subprocess.SubprocessError):  # there is no such GPU, or no answer
        return False
    busy = {process for process, share in gpu_shares(found.stdout).items() if share >= NOTICEABLE}
    return any(psutil.pid_exists(process) for process in busy.difference(own))


# Lines look like "    0       4242     C     37     12      -      -      -      -    python".  The columns after the
# type differ from one version to another, so they are found by the names in the first line: "# gpu  pid  type  sm ...".
def gpu_shares(listed: str) -> dict[int, int]:
    """Return what each process uses of the multiprocessors of its GPUs, in percent, by its ID.

    Args:
        listed: What `nvidia-smi pmon` prints.  Lines of another form are left out; a share that is not known is 0.
    """
    names: list[str] = []
    shares: dict[int, int] = {}
    for line in listed.splitlines():
        words = line.split()
        if words[:1] == ["#"]:
            names = names or words[1:]
            continue
        row = dict(zip(names, words, strict=False))
        process, share = row.get("pid", ""), row.get("sm", "")
        if process.isdecimal():
            shares[int(process)] = max(shares.get(int(process), 0), int(share) if share.isdecimal() else 0)
    return shares
