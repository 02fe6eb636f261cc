"""Is the noise that `latentpng import` rebuilt the noise that a picture started from?  Measured, then written down.

Other tools compute in another order and precision, so their pictures are rarely bit-exact here; and a picture that
comes out alike from any noise proves none.  So two things are asked: that the file's pixels are NEAR to those rendered
from its noise, and that they are far from those of other noise, all else being equal (SHARE).
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
from tui.commands.run import say

NEAR = 4.0
"""The largest mean difference, of 255, between two renderings of one picture.

With the third landscape model (`python -m tests.benchmarks.tui_confirming`, 6 prompts): bfloat16 and a JPEG of quality
75 together give 1.5 to 2.8, noise moved by 0.2 gives 1.9 to 6.8, other noise 10 to 38.  So wrong noise is told, and
noise nearby is not.
"""
SHARE = 0.25
"""The largest share that this difference may have of the one from a picture of other noise."""

_MARK = "unverified"


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """apart: the file from the rendering of its noise.  other: its mean difference from that of other noise.

    drawn: the sampler drew further noise at every step, another here than in the tool.
    """

    apart: PixelDifference
    other: float
    drawn: bool = False

    @property
    def holds(self) -> bool:
        """Did the picture start from this noise?"""
        return self.apart.mean <= NEAR and self.apart.mean <= SHARE * self.other

    @property
    def exit_code(self) -> ExitCode:
        """PIXELS_DIFFER when it does not hold."""
        return ExitCode.OK if self.holds else ExitCode.PIXELS_DIFFER

    @property
    def words(self) -> str:
        """One phrase: confirmed or not, and what was measured."""
        found = (
            f"differs by at most {self.apart.largest} of 255, {self.apart.mean:.4f} on average "
            f"({self.other:.4f} from a picture of other noise)"
        )
        if self.holds:
            return f"confirmed: {found}"
        drawn = "; this sampler draws noise at every step too, which no file tells" if self.drawn else ""
        needed = f"up to {NEAR:g} and {SHARE:.0%} of the other were needed"
        return f"not confirmed: {found}; {needed}{drawn}; the file is as it was"


def imported_root(file: Path, record: LatentRecord) -> TensorRoot:
    """The root of an imported picture whose noise nobody confirmed yet.  InvalidRequestError when it is none."""
    root = record.lineage.root
    if not isinstance(root, TensorRoot) or root.source.get(_MARK) is not True:
        raise InvalidRequestError(f"{file}: its noise is not marked as unverified, so there is nothing to confirm")
    if record.lineage.rounds or record.software:
        raise InvalidRequestError(f"{file}: it was rendered from this noise; only the imported picture can confirm it")
    return root


def other_noise(job: RenderJob, record: LatentRecord) -> RenderJob:
    """The same job from noise that has nothing to do with it, the same one each time."""
    lineage = Lineage(root=SeedRoot(seed=int(record.node[:16], 16)))
    return replace(
        job,
        tasks=tuple(PictureTask(index=task.index, lineage=lineage, slot=task.slot) for task in job.tasks),
        root_tensor=None,
    )


def write_confirmed(file: Path, record: LatentRecord, found: Confirmation, event: PictureRendered) -> None:
    """The file without the mark and with what was measured; its pixels stay as they are.  UnwritableFileError."""
    root = imported_root(file, record)
    source = {name: value for name, value in root.source.items() if name != _MARK}
    lineage = replace(record.lineage, root=replace(root, source=source))
    settings = {**record.settings, "confirmed": _measured(found, event.record)}
    embed_record(
        file,
        replace(record, metadata=replace(record.metadata, lineage=lineage, settings=settings)),
        warn=lambda: say(f"{file}: it has a C2PA signature, which does not fit the new bytes"),
    )


def _measured(found: Confirmation, rendered: LatentRecord) -> dict[str, Json]:
    """As SPEC.md names it: how far off, and what rendered it here."""
    return {
        "largest": found.apart.largest,
        "mean": found.apart.mean,
        "other": found.other,
        **{name: rendered.settings[name] for name in ("model", "scheduler", "dtype") if name in rendered.settings},
        "software": dict(rendered.software),
    }
