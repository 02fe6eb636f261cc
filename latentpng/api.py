"""The format for programs: make a record, write it with a picture, read it, replay its noise, verify a file.

`import latentpng` has all of it: `latentpng.read("picture.png")`.  Every error is a `latentpng.LatentPngError` whose
text is one sentence; errors.py has the tree.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from latentpng.errors import InvalidValueError
from latentpng.noise.replay import ancestor_noise, record_of
from latentpng.noise.replay import replay as replay_lineage
from latentpng.png import files
from latentpng.record import JsonObject, LatentRecord, Lineage, TensorRoot
from latentpng.reports.verify import Report, verify_file
from latentpng.shapes import default_axes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def new_record(
    family: Lineage,
    shape: tuple[int, ...],
    *,
    axes: str = "",
    root_tensor: NDArray[np.float16] | None = None,
    settings: JsonObject | None = None,
    software: JsonObject | None = None,
) -> LatentRecord:
    """What the file of a picture will say, its noise replayed.

    shape: of the noise, 1 to 4 axes, at most 2^21 values.  axes: one letter an axis, H and W for the spatial ones;
    "" is L, LC, CHW, NCHW by their number.  root_tensor: float16 noise of this shape, for a tensor root only.
    settings, software: JSON objects.  InvalidValueError when a rule of the format is broken.
    """
    if not 1 <= len(shape) <= 4:
        raise InvalidValueError(f"1 to 4 dimensions needed, found {len(shape)}")
    axes = axes or default_axes(len(shape))
    if root_tensor is not None and not isinstance(family.root, TensorRoot):
        raise InvalidValueError("a seeded root has no root tensor, found one")
    noise = replay_lineage(family, shape, axes, root_tensor)
    return record_of(family, noise, axes=axes, root_tensor=root_tensor, settings=settings, software=software)


def read(path: str | os.PathLike[str]) -> LatentRecord:
    """What a picture's file says.  "-" is standard input.

    UnreadableFileError: no whole PNG.  NoLatentError: nothing inside.  DamagedLatentError: a rule of SPEC.md is broken.
    NewerVersionError: a newer reader is needed.
    ReplayDiffersError: noise rebuilt from the text is not what was recorded.
    """
    return files.read_record(path)


def write(path: str | os.PathLike[str], pixels: NDArray[np.uint8], record: LatentRecord) -> None:
    """Write a PNG that carries the record, and the digest of these pixels; the file is there whole or not at all.

    pixels: (height, width, 3) uint8, RGB.  InvalidValueError for another shape or dtype; UnwritableFileError.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype.name != "uint8":
        raise InvalidValueError(f"pixels are (height, width, 3) uint8, found {list(pixels.shape)} {pixels.dtype}")
    height, width, _ = pixels.shape
    files.write_picture(path, width, height, pixels.tobytes(), record)


def replay(record: LatentRecord, rounds: int | None = None) -> NDArray[np.float16]:
    """The initial noise of the picture, or of its ancestor after the first `rounds` rounds; 0 is the root.

    float16, the shape of `record.tensor`, zero mean, unit variance, before the scheduler's sigma scaling; read-only.
    The same bits on every machine.  InvalidValueError when there are fewer rounds.
    """
    return ancestor_noise(record, len(record.lineage.rounds) if rounds is None else rounds)


def verify(path: str | os.PathLike[str]) -> Report:
    """Check chunk, noise, lineage and pixels.  Raises nothing on bad files: `problem` and `exit_code` tell."""
    return verify_file(path)
