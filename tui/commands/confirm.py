"""`warmer render --check --confirm`: did an imported picture start from the noise that `latentpng import` rebuilt?

Other tools compute in another order and precision, so their pictures are rarely bit-exact here; and a picture that
looks the same from any noise proves nothing.  So two things are required: the file's pixels are close to those rendered
from its noise (`MAX_MEAN`), and much closer than to those of unrelated noise, all else being equal (`MAX_SHARE`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from engine.compare import PixelDifference
from engine.errors import InvalidRequestError
from engine.rendering.events import PictureRendered
from engine.rendering.requests import PictureTask, RenderJob
from latentpng.errors import ExitCode
from latentpng.png.files import embed_record
from latentpng.record import Json, LatentRecord, Lineage, SeedRoot, TensorRoot
from tui.commands.output import say

MAX_MEAN = 4.0
"""The largest mean difference, of 255, between two renderings of one picture.

Measured with the third landscape model (`python -m tests.benchmarks.tui_confirming`, 6 prompts): bfloat16 and a JPEG of
quality 75 together give 1.5 to 2.8, noise moved by 0.2 gives 1.9 to 6.8, unrelated noise 10 to 38.  So wrong noise is
detected, and slightly moved noise is not.
"""
MAX_SHARE = 0.25
"""The largest ratio of this difference to the one from a picture of unrelated noise."""

_MARK = "unverified"


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """What was measured.

    Attributes:
        apart: How far the file's pixels are from those rendered from its noise.
        other: The mean difference of the file's pixels from those rendered from unrelated noise, of 255.
        draws_noise: The sampler draws further noise at every step, which differs from that of the other tool.
        undone: What made the picture but was not done here, a phrase each.
    """

    apart: PixelDifference
    other: float
    draws_noise: bool = False
    undone: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """True when the picture started from this noise."""
        return self.apart.mean <= MAX_MEAN and self.apart.mean <= MAX_SHARE * self.other

    @property
    def exit_code(self) -> ExitCode:
        """PIXELS_DIFFER when the noise is not confirmed."""
        return ExitCode.OK if self.holds else ExitCode.PIXELS_DIFFER

    @property
    def words(self) -> str:
        """The result as one phrase: confirmed or not, and what was measured."""
        found = (
            f"differs by at most {self.apart.largest} of 255, {self.apart.mean:.4f} on average "
            f"({self.other:.4f} from a picture of unrelated noise)"
        )
        if self.holds:
            return f"confirmed: {found}"
        limits = f"the average may be at most {MAX_MEAN:g}, and {MAX_SHARE:.0%} of that from unrelated noise"
        drawn = "; this sampler also draws noise at every step, which no file records" if self.draws_noise else ""
        undone = f"; {', '.join(self.undone)}" if self.undone else ""
        return f"not confirmed: {found}; {limits}{drawn}{undone}; the file is unchanged"


def imported_root(file: Path, record: LatentRecord) -> TensorRoot:
    """Return the root of an imported picture whose noise is not confirmed yet.

    Raises:
        InvalidRequestError: The picture is no such picture.
    """
    root = record.lineage.root
    if not isinstance(root, TensorRoot) or root.source.get(_MARK) is not True:
        raise InvalidRequestError(f"{file}: its noise is not marked as unverified, so there is nothing to confirm")
    if record.lineage.rounds or record.software:
        raise InvalidRequestError(f"{file}: it was rendered from that noise; only the imported picture can confirm it")
    return root


def other_noise(job: RenderJob, record: LatentRecord) -> RenderJob:
    """Return the same job from unrelated noise, which is the same one each time."""
    lineage = Lineage(root=SeedRoot(seed=int(record.node[:16], 16)))
    return replace(
        job,
        tasks=tuple(PictureTask(index=task.index, lineage=lineage, slot=task.slot) for task in job.tasks),
        root_tensor=None,
    )


def write_confirmed(file: Path, record: LatentRecord, found: Confirmation, event: PictureRendered) -> None:
    """Replace the mark in a file by what was measured; its pixels are copied as they are.

    Args:
        file: The file.
        record: What it carries.
        found: What was measured.
        event: The rendering that it was measured against.

    Raises:
        UnwritableFileError: The file cannot be written.
    """
    root = imported_root(file, record)
    source = {name: value for name, value in root.source.items() if name != _MARK}
    lineage = replace(record.lineage, root=replace(root, source=source))
    settings = {**record.settings, "confirmed": _measured(found, event.record)}
    embed_record(
        file,
        replace(record, metadata=replace(record.metadata, lineage=lineage, settings=settings)),
        warn=lambda: say(f"{file}: its C2PA signature does not match the new bytes"),
    )


def _measured(found: Confirmation, rendered: LatentRecord) -> dict[str, Json]:
    """Return the entry `confirmed` of SPEC.md: how far the pixels are apart, and what rendered them here."""
    return {
        "largest": found.apart.largest,
        "mean": found.apart.mean,
        "other": found.other,
        **{name: rendered.settings[name] for name in ("model", "scheduler", "dtype") if name in rendered.settings},
        "software": dict(rendered.software),
    }
