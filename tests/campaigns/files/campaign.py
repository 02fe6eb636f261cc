"""Read many hostile files with every reader, and measure the time and memory that each takes.

    python -m tests.campaigns.files.campaign [COUNT [SEED]]

Mutates good files, 200,000 times by default, and gives every mutation to all readers.  Prints a report after every
10,000 files and at the end, and saves and names the slowest file and the one that took most memory.  The exit code is 1
if a reading takes more than 50 ms or 64 MiB, or if a file makes a reader fail with an error other than LatentPngError;
that file is saved and named.

Time is the CPU time of each reader alone.  Memory is the peak of resident memory above the baseline before the walk,
which includes what the walk itself records.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from array import array
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np

from tests.campaigns.files.console import say
from tests.campaigns.files.memory import memory_folder, peak_mib, reset_peak, resident_mib
from tests.campaigns.files.mutations import mutated
from tests.campaigns.files.readers import LEFT_OUT, examine
from tests.campaigns.files.seeds import seeds
from tests.support.latentpng.pictures import seeded_record

LIMIT_MS, LIMIT_MIB = 50.0, 64.0
MAX_FILES, MAX_FILE_BYTES = 4000, 4096  # of the mutations that are mutated again
QUANTILES = (0.5, 0.9, 0.99, 0.999, 0.9999, 1.0)


class Watch:
    """Reads one file after another and records what each took.

    Attributes:
        outcomes: Digest of the outcomes of all readers -> number of files that had them.
        milliseconds: CPU time of every reading.
        left_out: Number of files that were not replayed or decoded, because the format lets that take long.
        slowest: Milliseconds of the slowest reading, the name of its reader, and the file.
        most_memory: The largest peak in MiB above the baseline, and the file.
        files: Number of files.
    """

    def __init__(self, folder: Path) -> None:
        """Read the good files once.

        Args:
            folder: Where the file under test is written.
        """
        self._path = folder / "hostile.png"
        self._record = seeded_record()
        self._baseline = 0.0
        self._reset()
        for data in seeds():  # imports and permanent caches belong to the baseline
            self.read(data)
        self._reset()
        self._baseline = resident_mib()

    def _reset(self) -> None:
        self.outcomes: Counter[bytes] = Counter()
        self.milliseconds = array("f")
        self.left_out = 0
        self.slowest = (0.0, "", b"")
        self.most_memory = (0.0, b"")
        self.files = 0

    def read(self, data: bytes) -> bool:
        """Give a file to every reader, and return whether it had outcomes that no file had before.

        Raises:
            Exception: Whatever a reader raises, unless it is a FileError.
        """
        self._path.write_bytes(data)
        reset_peak()
        readings = examine(self._path, self._record)
        rules = [outcome.rule for outcome in readings.values()]
        digest = hashlib.sha256("\n".join(rules).encode()).digest()
        times = {name: outcome.milliseconds for name, outcome in readings.items()}
        self.milliseconds.extend(times.values())
        self.slowest = max(self.slowest, (*max((time, name) for name, time in times.items()), data))
        self.files += 1
        self.most_memory = max(self.most_memory, (peak_mib() - self._baseline, data))
        self.left_out += LEFT_OUT in rules
        self.outcomes[digest] += 1
        return self.outcomes[digest] == 1

    def report(self) -> str:
        """Return the figures so far, in four lines."""
        taken = np.asarray(self.milliseconds)
        quantiles = ", ".join(
            f"{share:.2%} {value:.1f}" for share, value in zip(QUANTILES, np.quantile(taken, QUANTILES), strict=True)
        )
        return (
            f"{self.files} files, {len(self.outcomes)} different outcomes, no error other than LatentPngError\n"
            f"{self.left_out} of them neither replayed nor decoded, because the format lets that take long\n"
            f"CPU time of a reading, ms: {quantiles}; {(taken > LIMIT_MS).sum()} over {LIMIT_MS:g}, "
            f"the longest by {self.slowest[1]}\n"
            f"peak of resident memory above the baseline: {self.most_memory[0]:.1f} MiB"
        )


def save(data: bytes, reason: str) -> Path:
    """Write a file where the next run does not replace it, and return its path."""
    path = Path(tempfile.gettempdir(), f"hostile-{reason}-{hashlib.sha256(data).hexdigest()[:12]}.png")
    path.write_bytes(data)
    return path


def walk(watch: Watch, count: int, random: Random) -> None:
    """Read `count` mutations."""
    # A mutation with new outcomes has reached code that no file reached before.  It joins the files that are mutated
    # next, so the walk goes on from there instead of starting from good files again.  The limits bound memory and time.
    files = seeds()
    for number in range(1, count + 1):
        data = mutated(random.choice(files), random.choice(files), random)
        try:
            is_new = watch.read(data)
        except Exception:
            say(f"mutation {number}: {save(data, 'fault')}")
            raise
        if is_new and len(files) < MAX_FILES and len(data) <= MAX_FILE_BYTES:
            files.append(data)
        if number % 10000 == 0:
            say(f"... {watch.report()}")


def main(count: int = 200_000, seed: int = 1) -> int:
    """Walk, print the figures and return the exit code."""
    with tempfile.TemporaryDirectory(dir=memory_folder()) as name:
        watch = Watch(Path(name))
        walk(watch, count, Random(seed))
    say(watch.report())
    say(f"slowest: {save(watch.slowest[2], 'slowest')}; most memory: {save(watch.most_memory[1], 'memory')}")
    return int(watch.slowest[0] > LIMIT_MS or watch.most_memory[0] > LIMIT_MIB)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
