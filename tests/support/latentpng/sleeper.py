"""A program that prints its process ID, suspends itself where it is told to, and sleeps."""

from __future__ import annotations

import os
import signal
import sys
import time


def sleep(name: str) -> None:
    """Print the process ID, and sleep for a long time."""
    os.write(1, f"{os.getpid()}\n".encode())  # at once: several programs share this pipe
    if name == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(600)


if __name__ == "__main__":
    sleep(sys.argv[1])
