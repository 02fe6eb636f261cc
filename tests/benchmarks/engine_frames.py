"""Pictures on their way from a process: our wire against the pickles of `multiprocessing`, in turns.

python -m tests.benchmarks.engine_frames [REPEATS]
"""

from __future__ import annotations

import os
import socket
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from engine.rendering.events import Picture, PreviewRendered
from engine.worker.wire import Wire

SIDES = (128, 512, 1024, 2048)


def answering(make: Callable[[socket.socket], Any], send: str, receive: str) -> Callable[[int], float]:
    """Seconds from asking for a picture of this side until it is here.  The child ends with this process."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        end = make(theirs)
        pictures = {side: Picture(width=side, height=side, rgb=bytes(3 * side * side)) for side in SIDES}
        try:
            while True:
                side = getattr(end, receive)()
                getattr(end, send)(PreviewRendered(job=1, index=0, picture=pictures[side]))
        except (EOFError, OSError):
            os._exit(0)
    theirs.close()
    end = make(ours)

    def ask(side: int) -> float:
        began = time.perf_counter()
        getattr(end, send)(side)
        event = getattr(end, receive)()
        took = time.perf_counter() - began
        assert len(event.picture.rgb) == 3 * side * side
        return took

    return ask


def plain_end(end: socket.socket) -> Any:
    """As `multiprocessing` pickles."""
    return Connection(os.dup(end.fileno()))


def main(repeats: int) -> None:
    wire = answering(Wire, "send", "receive")
    plain = answering(plain_end, "send", "recv")
    print(f"milliseconds a picture, median of {repeats}\n{'side':>6} {'wire':>8} {'plain':>8} {'ratio':>6}")
    for side in SIDES:
        wire(side), plain(side)
        pairs = [(wire(side), plain(side)) for _ in range(repeats)]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for one, other in pairs)
        print(f"{side:6d} {1000 * ours:8.3f} {1000 * theirs:8.3f} {ratio:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 101)
