"""The same walk led by coverage: every branch of latentpng that a mutation reaches first makes it a seed of the next.

    python -m tests.campaigns.hostile.guided [COUNT [SEED]]

Needs atheris (`pip install atheris`), which has builds for CPython 3.11 to 3.13 on Linux; without it this says so and
ends with 0: campaign.py needs nothing and goes the same way by what the readers say.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random

LIMIT_MIB = 2048  # of the whole process, coverage and seeds included


def main(count: int = 200_000, seed: int = 1) -> None:
    """Instrument latentpng, walk, and print the figures.  Ends the process."""
    if find_spec("atheris") is None:
        sys.stdout.write("atheris is not installed: the walk led by coverage is left out\n")
        return
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["latentpng"]):
        campaign = import_module("tests.campaigns.hostile.campaign")
    mutated, seeds = (
        import_module("tests.campaigns.hostile.mutations").mutated,
        import_module("tests.campaigns.hostile.seeds").seeds(),
    )
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, data in enumerate(seeds):
        (corpus / f"{number}.png").write_bytes(data)
    watch = campaign.Watch(folder)

    def read(data: bytes) -> None:
        watch.read(data)
        done = watch.files
        if done % 10000 == 0 or done == count:
            campaign.say(watch.report())
        if done == count:  # atheris ends the process without a word to Python
            shutil.rmtree(folder)

    def change(data: bytes, most: int, number: int) -> bytes:
        random = Random(number)
        return bytes(mutated(bytes(data), random.choice(seeds), random)[:most])

    options = [f"-runs={count}", f"-seed={seed}", f"-rss_limit_mb={LIMIT_MIB}", "-max_len=65536", "-timeout=10"]
    atheris.Setup(
        [sys.argv[0], *options, "-verbosity=0", f"-artifact_prefix={tempfile.gettempdir()}/", str(corpus)],
        read,
        custom_mutator=change,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
