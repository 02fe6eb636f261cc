"""The clipboard of the person's terminal: OSC 52, which works over SSH, and tmux's own way inside tmux.

tmux drops OSC 52 of programs unless somebody has written `set -g set-clipboard on`.  What `load-buffer -w` is given, it
sends to the terminal around it with its usual settings too, and keeps for pasting.
"""

from __future__ import annotations

import base64
import os
import subprocess

_TIMEOUT_SECONDS = 2.0


def sequence_of(text: str) -> str:
    """Return OSC 52 with a text; bytes of a file's name that are no UTF-8 stay what they are."""
    return f"\x1b]52;c;{base64.b64encode(os.fsencode(text)).decode('ascii')}\x07"


def give_to_tmux(text: str) -> bool:
    """Give a text to the tmux in which the program runs, and to the terminal around it; False when that fails.

    It takes time.  `-w` came with tmux 3.2.
    """
    try:
        subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=os.fsencode(text),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True
