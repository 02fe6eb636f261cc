"""What is read from pictures of other tools: right answers per kind of case, and the time for many mixed files.

The cases are those of tests/cases/foreign: each file says what is expected of it.  For the time, a folder is filled
with copies of all of them, each a file of its own, and read by `latentpng inspect --json FOLDER` in one process and
without other work, once to warm the caches and then three times.

    python -m tests.benchmarks.latentpng_foreign [--files 10000]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

from latentpng.cli import main as latentpng_main
from tests.latentpng.foreign.test_cases import CASES, NAMES, SIDES, expected_of, wrong_fields

_REPEATS = 3


def main() -> None:
    """Print the counts and the time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000, metavar="N", help="files to read (default: 10000)")
    given = parser.parse_args()
    _print_counts()
    with tempfile.TemporaryDirectory() as folder:
        _print_times(Path(folder), given.files)


def _print_counts() -> None:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for name in NAMES:
        kind = name.split("/")[0]
        (right if _is_right(name) else wrong)[kind] += 1
    print(f"{'kind':28} right  wrong")
    for kind in sorted(right | wrong):
        print(f"{kind:28} {right[kind]:5}  {wrong[kind]:5}")
    print(f"{'all':28} {right.total():5}  {wrong.total():5}")


def _is_right(name: str) -> bool:
    """Return whether all fields of `inspect --json` are as expected; what people are told is left to the tests."""
    expected = expected_of(name)
    printed = _run(["inspect", "--json", str(CASES / name)])
    found = json.loads(printed).get("foreign", {}) if printed else {}
    return not wrong_fields({k: v for k, v in expected.items() if k not in {*SIDES, "import", "exit"}}, found)


def _print_times(folder: Path, count: int) -> None:
    for number in range(count):
        source = CASES / NAMES[number % len(NAMES)]
        shutil.copyfile(source, folder / f"{number:06}{source.suffix}")
    seconds = []
    for _ in range(_REPEATS + 1):
        began = time.perf_counter()
        _run(["inspect", "--json", str(folder)])
        seconds.append(time.perf_counter() - began)
    best = min(seconds[1:])
    print(f"{count} mixed files: {best:.2f} s, {count / best:,.0f} files a second (of three: {seconds[1:]})")


def _run(words: list[str]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        latentpng_main(words)
    return out.getvalue()


if __name__ == "__main__":
    main()
