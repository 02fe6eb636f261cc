"""The format for programs: make a record, write it with a picture, read it, replay its noise, verify a file.

`import latentpng` offers all of it: `latentpng.read("picture.png")`.  Every error is a `latentpng.LatentPngError` whose
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
from latentpng.shapes import check_dims, default_axes

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
    """Return the record that the file of a picture carries, with its noise replayed.

    Args:
        family: The lineage of the picture.
        shape: The shape of the noise: 1 to 4 axes, at most 2^21 values; 2^23 for a seeded root.
        axes: One letter per axis, H and W for the spatial ones; "" means L, LC, CHW or NCHW, by the number of axes.
        root_tensor: The noise of a tensor root, float16, of the given shape, unit variance; None for a seeded root.
        settings: How the picture was rendered, a JSON object.
        software: What rendered it, a JSON object.

    Returns:
        The record.  `pixels` is "" in it: `write` adds the digest.

    Raises:
        InvalidValueError: If a rule of the format is broken.
        NewerVersionError: If the lineage needs another noise generator.
    """
    check_dims(shape)
    axes = axes or default_axes(len(shape))
    if root_tensor is not None and not isinstance(family.root, TensorRoot):
        raise InvalidValueError("a seeded root has no root tensor, found one")
    noise = replay_lineage(family, shape, axes, root_tensor)
    return record_of(family, noise, axes=axes, root_tensor=root_tensor, settings=settings, software=software)


def read(path: str | os.PathLike[str]) -> LatentRecord:
    """Return the record that a picture carries.

    Args:
        path: A PNG; "-" is standard input.

    Raises:
        UnreadableFileError: If the file is not a whole PNG.
        NoLatentError: If it carries no latent.
        DamagedLatentError: If the latent breaks a rule of SPEC.md.
        NewerVersionError: If it needs a newer reader.
        ReplayDiffersError: If noise that had to be rebuilt is not the noise that was recorded.
    """
    return files.read_record(path)


def write(path: str | os.PathLike[str], pixels: NDArray[np.uint8], record: LatentRecord) -> None:
    """Write a PNG that carries a record and the digest of its pixels.  The file is complete or not there at all.

    Args:
        path: The file; if it exists, it is replaced.
        pixels: (height, width, 3), uint8, RGB.
        record: The record; its `pixels` are replaced by the digest of these pixels.

    Raises:
        InvalidValueError: If the pixels have another shape or dtype.
        UnwritableFileError: If the file cannot be written.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype.name != "uint8":
        raise InvalidValueError(f"pixels are (height, width, 3) uint8, found {list(pixels.shape)} {pixels.dtype}")
    height, width, _ = pixels.shape
    files.write_picture(path, width, height, pixels.tobytes(), record)


def replay(record: LatentRecord, rounds: int | None = None) -> NDArray[np.float16]:
    """Return the initial noise of a picture, or that of one of its ancestors.

    Args:
        record: The record of the picture.
        rounds: The number of rounds after which the ancestor stands, 0 for the root; None for the picture itself.

    Returns:
        float16, the shape of `record.tensor`, zero mean, unit variance, before the scheduler's sigma scaling;
        read-only.  The bits are the same on every machine.

    Raises:
        InvalidValueError: If the picture has fewer rounds.
        NewerVersionError: If the lineage needs another noise generator.
    """
    return ancestor_noise(record, len(record.lineage.rounds) if rounds is None else rounds)


def verify(path: str | os.PathLike[str]) -> Report:
    """Check chunk, noise, lineage and pixels of a picture.

    Args:
        path: A PNG; "-" is standard input.

    Returns:
        A report; its `problem` and `exit_code` tell what is wrong.  A bad file raises no exception.
    """
    return verify_file(path)
