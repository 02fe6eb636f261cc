"""Was this picture rendered from what its file says?  The file's pixels against those of a fresh rendering."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.compare import PixelDifference, compare_pixels, differing_conditions
from engine.rendering.events import PictureRendered
from latentpng.errors import ExitCode, PixelsDifferError
from latentpng.png.files import read_picture
from latentpng.record import Json, LatentRecord
from tui.commands.confirm import Confirmation


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """apart: how far the pixels are from each other.  differing: a phrase for each condition that is another now."""

    apart: PixelDifference
    differing: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """OK for the same pixels, whatever the conditions."""
        return ExitCode.PIXELS_DIFFER if self.apart.largest else ExitCode.OK

    @property
    def words(self) -> str:
        """One phrase: "bit-exact", or how far off and why."""
        why = "; ".join(self.differing)
        if not self.apart.largest:
            return "bit-exact" + (f", although {why}" if why else "")
        return (
            f"differs by at most {self.apart.largest} of 255, {self.apart.mean:.4f} on average; "
            f"{why or 'every recorded condition is the same'}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What came of one file: its exit code, and a problem (one sentence that names the file) when that is not OK."""

    path: Path
    exit_code: ExitCode
    problem: str = ""
    comparisons: tuple[Comparison, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()

    @property
    def line(self) -> str:
        """As one line."""
        found = self.confirmations or self.comparisons
        return self.problem or "; ".join(f"{self.path}: {each.words}" for each in found)

    def to_json(self) -> dict[str, Json]:
        """As an object; largest and mean are null where nothing was compared.

        confirmed, other: only where that was asked.
        """
        entries: dict[str, Json] = {
            "path": str(self.path),
            "exit_code": int(self.exit_code),
            "exact": False,
            "largest": None,
            "mean": None,
            "differing": [],
            "problem": self.problem,
        }
        for found in self.comparisons:
            entries |= {
                "exact": not found.apart.largest,
                "largest": found.apart.largest,
                "mean": found.apart.mean,
                "differing": list(found.differing),
            }
        for confirmation in self.confirmations:
            entries |= {"confirmed": confirmation.holds, "other": confirmation.other}
        return entries


def compare(file: Path, record: LatentRecord, event: PictureRendered) -> Comparison:
    """The picture in the file against the one that was just rendered.  PixelsDifferError when their sizes do."""
    width, height, rgb = read_picture(file)
    made = event.picture
    if (width, height) != (made.width, made.height):
        raise PixelsDifferError(f"{file}: {width}x{height} pixels, rendering gives {made.width}x{made.height}")
    apart = compare_pixels(rgb, made.rgb)
    differing = differing_conditions(record, event.record)
    if apart.largest and record.pixels == event.record.pixels:
        differing = (*differing, "the file was edited: rendering gives the pixels that it records")
    return Comparison(apart=apart, differing=differing)
