"""Attack everything, and print the table: what was tried, what was broken, and the maxima.

    python -m tests.campaigns.attack [PART ...] [--quick] [--minutes M] [--cases N] [--fresh] [--jobs J]

Results are kept in build/attack, so a run that was stopped goes on where it was; `--fresh` begins anew.  The short run,
`--quick`, tries a fixed small number of cases and always begins anew.  `--minutes` is the most that each part takes.
The exit code is 1 if a promise was broken, or a part could not run to its end.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.campaigns.attack.part import PARTS
from tests.campaigns.attack.running import Results, run_part
from tests.campaigns.attack.table import lines

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "build" / "attack"
_QUICK_MINUTES = 1.0


def main() -> int:
    """Run the parts, each in a process of its own, and print what they found."""
    options = _parser().parse_args()
    folder = FOLDER / "quick" if options.quick else FOLDER
    parts = tuple(options.parts) or PARTS
    if options.within:
        run_part(parts[0], folder, cases=options.cases, seconds=options.minutes * 60, is_quick=options.quick)
        return 0
    if options.quick or options.fresh:
        for name in parts:
            (folder / f"{name}.json").unlink(missing_ok=True)
            shutil.rmtree(folder / name, ignore_errors=True)
    begun = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        codes = list(pool.map(lambda name: _run_in_process(name, options), parts))
    found = {name: Results.read(folder / f"{name}.json") for name in parts}
    print("\n".join(lines(found)))
    for name, code in zip(parts, codes, strict=True):
        if code:
            print(f"{name} did not run to its end: exit code {code}")
    print(f"{time.monotonic() - begun:.0f} s in all")
    has_faults = any(row.faults for results in found.values() for row in results.rows.values())
    return int(has_faults or any(codes))


def _run_in_process(name: str, options: argparse.Namespace) -> int:
    minutes = options.minutes if not options.quick else min(options.minutes, _QUICK_MINUTES)
    words = [name, "--within", "--minutes", str(minutes), *(["--quick"] if options.quick else [])]
    words += [] if options.cases is None else ["--cases", str(options.cases)]
    program = [sys.executable, "-m", "tests.campaigns.attack", *words]
    return subprocess.run(program, check=False, cwd=ROOT, stdin=subprocess.DEVNULL).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="try a small number of cases")
    parser.add_argument("--minutes", type=float, default=24 * 60.0, help="the most that each part takes")
    parser.add_argument("--cases", type=int, help="how many cases each part tries, with those of earlier runs")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--jobs", type=int, default=2, help="how many parts run at once")
    parser.add_argument("--within", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
