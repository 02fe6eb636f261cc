"""Damaged messages given to the decoder: each is a value of a known class, or our own error, within time and memory."""

from __future__ import annotations

import resource
import struct
import time
from collections.abc import Sequence
from random import Random

from engine.errors import WireError
from engine.worker.messages import codec
from engine.worker.messages.codec import Codec
from engine.worker.messages.limits import MAX_HEAD, MAX_ITEMS
from tests.campaigns.attack.part import Outcome
from tests.campaigns.sockets.seeds import EVENTS, REQUESTS, mutated

_BATCH = 50
"""Messages of a case."""
_SECONDS, _MIB = 1.0, 128.0


def decode(source: Random) -> Outcome:
    """Decode a batch of damaged requests, as a server does, or of events, as a program does."""
    seeds, classes = source.choice(((REQUESTS, codec.REQUESTS), (EVENTS, codec.EVENTS)))
    kind = "damaged requests, decoded" if classes is codec.REQUESTS else "damaged events, decoded"
    faults, slowest = [], 0.0
    before = _peak_mib()
    for number in range(_BATCH):
        begun = time.thread_time()
        parts = mutated(source.choice(seeds), source)[0] if source.random() < 0.9 else [_bomb(source)]
        fault = _fault(parts, classes)
        slowest = max(slowest, time.thread_time() - begun)
        if fault:
            faults.append(f"message {number}: {fault}")
    grown = _peak_mib() - before
    if slowest > _SECONDS:
        faults.append(f"a message took {slowest:.1f} s")
    if grown > _MIB:
        faults.append(f"a message took {grown:.0f} MiB")
    return Outcome(kind=kind, faults=tuple(faults), maxima={"ms": 1000 * slowest, "MiB": grown})


def _bomb(source: Random) -> bytes:
    """Return a head of which each byte stands for as much memory as possible."""
    item: bytes = source.choice((b"\x80", b"\x90", b"\x81\xa0\xc0", b"\xa2ab", b"\xd4\x01\x00", b"\xd4\x02\x90"))
    each = 2 ** source.randrange(1, 18)
    count = source.randrange(1, max(2, (MAX_HEAD - 10) // (each * len(item) + 5)))
    inner: bytes = struct.pack(">BI", 0xDD, each) + item * each
    return struct.pack(">BI", 0xDD, min(count, MAX_ITEMS)) + inner * min(count, MAX_ITEMS)


def _fault(parts: list[bytes], classes: Sequence[type]) -> str:
    try:
        value = Codec(classes).decode(parts)
    except WireError as error:
        return "" if len(str(error)) < 1000 else f"an error of {len(str(error))} characters"
    except Exception as error:
        return repr(error)[:300]
    return "" if type(value) in classes else f"became {type(value)}"


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
