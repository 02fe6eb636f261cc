"""Damaged messages given to the decoder: each is a value of a known class, or our own error, within time and memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from random import Random

from engine.errors import WireError
from engine.worker.messages import codec
from engine.worker.messages.codec import Codec
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
        fault = _fault(mutated(source.choice(seeds), source)[0], classes)
        slowest = max(slowest, time.thread_time() - begun)
        if fault:
            faults.append(f"message {number}: {fault}")
    grown = _peak_mib() - before
    if slowest > _SECONDS:
        faults.append(f"a message took {slowest:.1f} s")
    if grown > _MIB:
        faults.append(f"a message took {grown:.0f} MiB")
    return Outcome(kind=kind, faults=tuple(faults), maxima={"ms": 1000 * slowest, "MiB": grown})


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
