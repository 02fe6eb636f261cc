"""Time messages from the worker process to this one, against pickles with their buffers beside them, in paired rounds.

    python -m tests.benchmarks.worker_wire [REPEATS]

A child sends the same events in a row, once over the engine's wire and once as pickles (protocol 5, pixels and noise
out of band) in the same frames.  The benchmark prints messages and megabytes a second of both for each kind of event,
and the median of the paired ratios of time; below 1, the wire is faster.
"""

from __future__ import annotations

import io
import os
import pickle
import socket
import statistics
import struct
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from engine.rendering.events import Event, Picture, PictureRendered, PreviewRendered, StepDone
from engine.rendering.requests import CancelJob
from engine.worker.messages.codec import encode
from engine.worker.wire import Wire
from latentpng.noise.replay import record_of, replay
from latentpng.record import Json, Lineage, Round, SeedRoot
from tests.benchmarks.paired import machine_load

BATCH_BYTES = 2**27
MAX_BATCH = 4000


def picture_of(side: int) -> Picture:
    """Return a square picture."""
    return Picture(width=side, height=side, rgb=bytes(3 * side * side))


def rendered(side: int) -> PictureRendered:
    """Return a finished picture with a record of 20 rounds and the noise of Stable Diffusion."""
    lineage = Lineage(root=SeedRoot(seed=1), rounds=tuple(Round(seed=n, scale=0.5, of=8) for n in range(20)))
    noise = replay(Lineage(root=SeedRoot(seed=1)), (4, side // 8, side // 8), "CHW")
    settings: dict[str, Json] = {
        "prompt": "a lake in the mountains at dawn",
        "width": side,
        "height": side,
        "steps": 12,
        "guidance": 2.5,
    }
    software = dict.fromkeys(("warmer", "python", "torch", "diffusers", "transformers", "numpy", "device"), "1.2.3")
    record = record_of(lineage, noise, axes="CHW", settings=settings, software=software)
    return PictureRendered(job=1, index=0, picture=picture_of(side), record=record)


EVENTS: Mapping[str, Event] = {
    "step": StepDone(job=1, indices=tuple(range(8)), step=3, steps=12),
    "preview of 64": PreviewRendered(job=1, index=0, picture=picture_of(64)),
    "preview of 512": PreviewRendered(job=1, index=0, picture=picture_of(512)),
    "picture of 512": rendered(512),
    "picture of 1024": rendered(1024),
}


class OutOfBand(pickle.Pickler):
    """Sends pixels beside a pickle; noise goes there by itself."""

    def reducer_override(self, value: Any) -> Any:
        """Reduce a picture to its fields, with the pixels as a buffer."""
        if isinstance(value, Picture):
            return _picture, (value.width, value.height, pickle.PickleBuffer(value.rgb))
        return NotImplemented


def _picture(width: int, height: int, rgb: bytes) -> Picture:
    return Picture(width=width, height=height, rgb=rgb)


class PickledWire:
    """The baseline: the same socket and frames, pickles in them."""

    def __init__(self, end: socket.socket) -> None:
        self._wire: Wire[Any, Any] = Wire(end)

    def send(self, value: object) -> None:
        """Send any value."""
        beside: list[pickle.PickleBuffer] = []
        head = io.BytesIO()
        OutOfBand(head, protocol=5, buffer_callback=beside.append).dump(value)
        parts = [head.getbuffer(), *(buffer.raw() for buffer in beside)]
        sizes = struct.pack(f"<{1 + len(parts)}Q", len(parts), *(part.nbytes for part in parts))
        self._wire._write([memoryview(sizes), *parts])

    def receive(self) -> Any:
        """Wait for the next value."""
        (count,) = struct.unpack("<Q", self._wire._read(8))
        sizes = struct.unpack(f"<{count}Q", self._wire._read(8 * count))
        head, *beside = [self._wire._read(size) for size in sizes]
        return pickle.loads(head, buffers=beside)


def bytes_in(event: Event) -> int:
    """Return the bytes of an event on the wire."""
    return sum(part.nbytes for part in encode(event))


def batch_of(event: Event) -> int:
    """Return how many events one measurement takes."""
    return min(MAX_BATCH, BATCH_BYTES // bytes_in(event))


def start_child(make: Callable[[socket.socket], Any]) -> Callable[[str], float]:
    """Start a child that answers a name with its events in a row; it ends with this process.

    Args:
        make: Makes the end of a connection from a socket, in both processes.

    Returns:
        A function of the name of an event, which returns the seconds for one of them.
    """
    here, there = socket.socketpair()
    names = list(EVENTS)
    if os.fork() == 0:
        here.close()
        end = make(there)
        try:
            while True:
                event = EVENTS[names[end.receive().job]]
                for _ in range(batch_of(event)):
                    end.send(event)
        except (EOFError, OSError):
            os._exit(0)
    there.close()
    end = make(here)

    def ask(name: str) -> float:
        count = batch_of(EVENTS[name])
        start = time.perf_counter()
        end.send(CancelJob(job=names.index(name)))
        for _ in range(count):
            event = end.receive()
        seconds = time.perf_counter() - start
        assert event == EVENTS[name]
        return seconds / count

    return ask


def main(repeats: int) -> None:
    """Measure every kind of event and print a line for each."""
    wire, pickled = start_child(Wire), start_child(PickledWire)
    print(f"median of {repeats} rounds, {machine_load()}; a ratio below 1 means that the wire is faster")
    print(f"{'':>16} {'wire /s':>9} {'MB/s':>7} {'pickle /s':>10} {'MB/s':>7} {'ratio':>6} {'bytes':>9}")
    for name, event in EVENTS.items():
        wire(name), pickled(name)
        pairs = [(wire(name), pickled(name)) for _ in range(repeats)]
        own, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(one / another for one, another in pairs)
        size = bytes_in(event)
        print(
            f"{name:>16} {1 / own:9,.0f} {size / own / 1e6:7,.0f} {1 / other:10,.0f} {size / other / 1e6:7,.0f} "
            f"{ratio:6.2f} {size:9,}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
