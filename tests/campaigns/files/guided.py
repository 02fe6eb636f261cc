"""Read many hostile files, led by coverage: a mutation that reaches a new branch of latentpng is mutated again.

    python -m tests.campaigns.files.guided [COUNT [SEED]]

This needs atheris (`pip install atheris`), which has builds for CPython 3.11 to 3.13 on Linux.  Without it the campaign
says so and ends with exit code 0; `campaign` needs no coverage, because it is led by what the readers report.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random

from tests.campaigns.files.console import say
from tests.campaigns.files.memory import memory_folder

LIMIT_MIB = 2048  # resident memory of the whole process, with coverage and seeds


def main(count: int = 200_000, seed: int = 1) -> None:
    """Instrument latentpng, walk, print the figures, and end the process."""
    if find_spec("atheris") is None:
        say("the walk led by coverage is left out, because atheris is not installed")
        return
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["latentpng"]):
        campaign = import_module("tests.campaigns.files.campaign")
    mutated, seeds = (
        import_module("tests.campaigns.files.mutations").mutated,
        import_module("tests.campaigns.files.seeds").seeds(),
    )
    folder = Path(tempfile.mkdtemp(dir=memory_folder()))
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, data in enumerate(seeds):
        (corpus / f"{number}.png").write_bytes(data)
    watch = campaign.Watch(folder)

    def read(data: bytes) -> None:
        watch.read(data)
        done = watch.files
        if done % 10000 == 0 or done == count:
            say(watch.report())
        if done == count:  # atheris ends the process without running Python's exit handlers
            shutil.rmtree(folder)

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        random = Random(seed)
        return bytes(mutated(bytes(data), random.choice(seeds), random)[:max_size])

    options = [f"-runs={count}", f"-seed={seed}", f"-rss_limit_mb={LIMIT_MIB}", "-max_len=65536", "-timeout=10"]
    atheris.Setup(
        [sys.argv[0], *options, "-verbosity=0", f"-artifact_prefix={tempfile.gettempdir()}/", str(corpus)],
        read,
        custom_mutator=mutate,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
