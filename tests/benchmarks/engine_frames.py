"""Time how long a picture takes from the worker process to this one, against a pickle through a pipe, in paired rounds.

    python -m tests.benchmarks.engine_frames [REPEATS]

A child answers every request with a picture of the wanted size, once over the engine's wire and once over a connection
of `multiprocessing` (the baseline).  The benchmark prints the median milliseconds of both for each size, and the median
of the paired ratios; below 1, the wire is faster.
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


def start_child(make: Callable[[socket.socket], Any], send: str, receive: str) -> Callable[[int], float]:
    """Start a child that answers with pictures, and return what asks it for one.

    Args:
        make: Makes the end of a connection from a socket, in both processes.
        send: Name of the method of that end which sends an object.
        receive: Name of the method which receives one.

    Returns:
        A function of the side of the picture in pixels, which returns the seconds from the request until the picture
        is here.  The child ends with this process.
    """
    parent_socket, child_socket = socket.socketpair()
    if os.fork() == 0:
        parent_socket.close()
        end = make(child_socket)
        pictures = {side: Picture(width=side, height=side, rgb=bytes(3 * side * side)) for side in SIDES}
        try:
            while True:
                side = getattr(end, receive)()
                getattr(end, send)(PreviewRendered(job=1, index=0, picture=pictures[side]))
        except (EOFError, OSError):
            os._exit(0)
    child_socket.close()
    end = make(parent_socket)

    def ask(side: int) -> float:
        start = time.perf_counter()
        getattr(end, send)(side)
        event = getattr(end, receive)()
        seconds = time.perf_counter() - start
        assert len(event.picture.rgb) == 3 * side * side
        return seconds

    return ask


def pickling_end(end: socket.socket) -> Any:
    """Return a connection of `multiprocessing`, which pickles what it sends."""
    return Connection(os.dup(end.fileno()))


def main(repeats: int) -> None:
    """Measure every size of picture and print a line for each."""
    wire = start_child(Wire, "send", "receive")
    pickled = start_child(pickling_end, "send", "recv")
    print(f"milliseconds for each picture, median of {repeats} rounds; a ratio below 1 means that the wire is faster")
    print(f"{'side':>6} {'wire':>8} {'pickle':>8} {'ratio':>6}")
    for side in SIDES:
        wire(side), pickled(side)
        pairs = [(wire(side), pickled(side)) for _ in range(repeats)]
        wire_median, pickle_median = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(one / other for one, other in pairs)
        print(f"{side:6d} {1000 * wire_median:8.3f} {1000 * pickle_median:8.3f} {ratio:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 101)
