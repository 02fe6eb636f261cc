"""`warmer render --check`: the pixels in a file compared with those of a fresh rendering."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.compare import PixelDifference, compare_pixels, differing_conditions
from engine.rendering.events import PictureRendered
from engine.target import Target
from latentpng.errors import ExitCode, PixelsDifferError
from latentpng.foreign.containers.pixels import decode_other, is_png
from latentpng.png.files import read_picture
from latentpng.record import Json, LatentRecord
from tui.commands.confirm import Confirmation


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What a comparison found.

    Attributes:
        apart: How far the pixels are apart.
        differing: A phrase for each recorded condition that differs from this run.
    """

    apart: PixelDifference
    differing: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """OK for the same pixels, whatever the conditions are."""
        return ExitCode.PIXELS_DIFFER if self.apart.largest else ExitCode.OK

    @property
    def words(self) -> str:
        """The result as one phrase: "bit-exact", or how far the pixels are apart and why."""
        why = "; ".join(self.differing)
        if not self.apart.largest:
            return "bit-exact" + (f", although {why}" if why else "")
        return (
            f"differs by at most {self.apart.largest} of 255, {self.apart.mean:.4f} on average; "
            f"{why or 'every recorded condition is the same'}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """The result of one file.

    Attributes:
        path: The file.
        exit_code: Its exit code.
        problem: A sentence that names the file, when the exit code is not OK; else "".
        comparisons: What comparing found; () when nothing could be compared.
        confirmations: What confirming found; () when it was not asked for.
    """

    path: Path
    exit_code: ExitCode
    problem: str = ""
    comparisons: tuple[Comparison, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()

    @property
    def line(self) -> str:
        """The result as one line for a person."""
        found = self.confirmations or self.comparisons
        return self.problem or "; ".join(f"{self.path}: {each.words}" for each in found)

    def to_json(self) -> dict[str, Json]:
        """Return the result as a JSON object.

        `largest` and `mean` are null where nothing was compared; `confirmed` and `other` are there only with --confirm.
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


def compare(file: Path, record: LatentRecord, event: PictureRendered, target: Target) -> Comparison:
    """Compare the picture in a file with one that was just rendered.

    Args:
        file: The file.
        record: What it carries.
        event: What was rendered.
        target: What rendered it.

    Raises:
        PixelsDifferError: The pictures have different sizes.
        UnreadableFileError: The file's pixels are damaged.
    """
    width, height, rgb = read_picture(file) if is_png(file) else decode_other(file)
    made = event.picture
    if (width, height) != (made.width, made.height):
        why = f" ({', '.join(target.undone)})" if target.undone else ""
        raise PixelsDifferError(
            f"{file}: it has {width}x{height} pixels, rendering gives {made.width}x{made.height}{why}"
        )
    apart = compare_pixels(rgb, made.rgb)
    differing = differing_conditions(record, event.record, has_recorded_hash=target.has_recorded_hash)
    differing = (*differing, *target.undone)
    if apart.largest and record.pixels == event.record.pixels:
        differing = (*differing, "the file was edited: rendering gives the recorded pixels")
    return Comparison(apart=apart, differing=differing)
