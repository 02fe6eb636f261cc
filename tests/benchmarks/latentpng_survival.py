"""What each tool keeps of a latent, as a table in Markdown.

PYTHONPATH=. python tests/benchmarks/latentpng_survival.py
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from latentpng.errors import ExitCode
from latentpng.png.files import write_picture
from tests.campaigns.survival.leftovers import Leftovers, leftovers
from tests.campaigns.survival.picture import HEIGHT, RGB, WIDTH, picture_record
from tests.campaigns.survival.tools import WAYS, Way

VERDICTS = {
    ExitCode.OK: "good",
    ExitCode.PIXELS_DIFFER: "good, but for the pixels, which the tool changed",
    ExitCode.NO_LATENT: "no latent",
}


def row(way: Way, found: Leftovers, node: str) -> str:
    """A line of the table."""
    noise = {node: "same", "": "-"}.get(found.node, "ANOTHER")
    verdict = VERDICTS.get(found.verified, found.verified.name)
    cells = (way.name, found.chunk or "-", found.twin or "-", found.parameters or "-", noise, verdict)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run every tool that is there on one picture, and name those that are not."""
    record = picture_record()
    installed = [way for way in WAYS if way.installed]
    print("| tool | chunk | twin | parameters | noise replayed | verify |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "from.png")
        write_picture(source, WIDTH, HEIGHT, RGB, record)
        for number, way in enumerate(installed):
            target = Path(name, f"{number}.png")
            try:
                way.run(source, target)
            except subprocess.CalledProcessError as error:
                print(f"| {way.name} | failed: {' '.join(error.stderr.decode(errors='replace').split())} |")
                continue
            print(row(way, leftovers(target), record.node))
    versions = {way.tool: way.installed for way in WAYS}
    print("\nmeasured with", ", ".join(f"{tool} {found}" for tool, found in versions.items() if found))
    print("not installed:", ", ".join(tool for tool, found in versions.items() if not found) or "none")


if __name__ == "__main__":
    main()
