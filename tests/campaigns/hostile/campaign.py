"""A long walk through hostile files: mutates, reads, and measures what each took.

    python -m tests.campaigns.hostile.campaign [COUNT [SEED]]

A mutation that ends in a way not seen before joins the files that the next ones are made of, so the walk goes where
something new happens.  Ends with 1 at the first file that brings anything but our errors, and keeps that file.  Time is
the processor's, not the wall's, of each reader alone.  Memory is the most that was resident, over what was before the
walk: what the walk itself remembers is part of it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from array import array
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np

from tests.campaigns.hostile.mutations import mutated
from tests.campaigns.hostile.readers import LEFT_OUT, examine
from tests.campaigns.hostile.seeds import seeds
from tests.support.latentpng.pictures import seeded_record

LIMIT_MS, LIMIT_MIB = 50.0, 64.0
MOST_KEPT, MOST_KEPT_BYTES = 4000, 4096
SHARES = (0.5, 0.9, 0.99, 0.999, 0.9999, 1.0)


class Watch:
    """Reads files one after the other and remembers what they took."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "hostile.png"
        self._record = seeded_record()
        self._baseline = 0.0
        self._start()
        for data in seeds():  # what is imported and kept for ever belongs to the baseline
            self.read(data)
        self._start()
        self._baseline = _resident("VmRSS")

    def _start(self) -> None:
        self.ends: Counter[bytes] = Counter()
        self.milliseconds = array("f")
        self.left_out = 0
        self.slowest = (0.0, "", b"")
        self.most_memory = (0.0, b"")
        self.files = 0

    def read(self, data: bytes) -> bool:
        """Give a file to every reader; True when it ended as none before.  What is not ours comes out as it is."""
        self._path.write_bytes(data)
        _forget_peak()
        readings = examine(self._path, self._record)
        said = [end.said for end in readings.values()]
        ends = hashlib.sha256("\n".join(said).encode()).digest()
        self.milliseconds.extend(end.milliseconds for end in readings.values())
        self.slowest = max(self.slowest, (*max((end.milliseconds, name) for name, end in readings.items()), data))
        self.files += 1
        self.most_memory = max(self.most_memory, (_resident("VmHWM") - self._baseline, data))
        self.left_out += LEFT_OUT in said
        self.ends[ends] += 1
        return self.ends[ends] == 1

    def report(self) -> str:
        """The figures."""
        taken = np.asarray(self.milliseconds)
        shares = ", ".join(
            f"{share:.2%} {at:.1f}" for share, at in zip(SHARES, np.quantile(taken, SHARES), strict=True)
        )
        return (
            f"{self.files} files, {len(self.ends)} different ends, no error but ours\n"
            f"{self.left_out} of them neither replayed nor decoded: the format lets that take long\n"
            f"processor time a reading, ms: {shares}; {(taken > LIMIT_MS).sum()} over {LIMIT_MS:g}, "
            f"the longest by {self.slowest[1]}\n"
            f"resident peak over the baseline: {self.most_memory[0]:.1f} MiB"
        )


def _resident(field: str) -> float:
    """MiB that are resident now (VmRSS), or were at most (VmHWM); 0 where /proc does not tell."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    return int(text.partition(f"{field}:")[2].split()[0]) / 1024


def _forget_peak() -> None:
    """Let VmHWM start anew from what is resident now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def keep(data: bytes, why: str) -> Path:
    """Write a telling file where the next run does not lose it."""
    path = Path(tempfile.gettempdir(), f"hostile-{why}-{hashlib.sha256(data).hexdigest()[:12]}.png")
    path.write_bytes(data)
    return path


def walk(watch: Watch, count: int, random: Random) -> None:
    """`count` mutations, of good files and of those that ended in a new way."""
    files = seeds()
    for number in range(1, count + 1):
        data = mutated(random.choice(files), random.choice(files), random)
        try:
            is_new = watch.read(data)
        except Exception:
            say(f"mutation {number}: {keep(data, 'fault')}")
            raise
        if is_new and len(files) < MOST_KEPT and len(data) <= MOST_KEPT_BYTES:
            files.append(data)
        if number % 10000 == 0:
            say(f"... {watch.report()}")


def say(line: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(count: int = 200_000, seed: int = 1) -> int:
    """Walk, and print the figures."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as name:
        watch = Watch(Path(name))
        walk(watch, count, Random(seed))
    say(watch.report())
    say(f"slowest: {keep(watch.slowest[2], 'slowest')}; most memory: {keep(watch.most_memory[1], 'memory')}")
    return int(watch.slowest[0] > LIMIT_MS or watch.most_memory[0] > LIMIT_MIB)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
