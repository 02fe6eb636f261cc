"""The pictures of the renderer without a model: colours painted straight from the initial noise, and their records."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from engine.photos.quality import noise_statistics
from engine.rendering.events import DraftRendered, PhotoInverted, Picture, PictureRendered
from engine.rendering.requests import InvertJob, PictureTask, RenderJob
from latentpng.noise.prompt_offset import prompt_offset
from latentpng.noise.replay import record_of, replay
from latentpng.png.files import pixel_digest
from latentpng.record import Json, JsonObject, Lineage, TensorRoot

if TYPE_CHECKING:
    from numpy.typing import NDArray

Noise: TypeAlias = "NDArray[np.float16]"

PIPELINE = "FakePipeline"
SOFTWARE: JsonObject = {"device": "fake"}
DRAFT_STRENGTH = 0.75
"""Drafts are a little grey, so that a test can tell them from pictures."""
_CELLS = 4
_PREVIEW_SIDE = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class FakeModel:
    """What stands for a model.

    Attributes:
        noise_shape: The shape of one picture's noise, whatever its size.
        axes: The axes of that noise.
        identity: What pictures record about the model.
    """

    noise_shape: tuple[int, ...]
    axes: str
    identity: Mapping[str, Json] = field(
        default_factory=lambda: {"name": "fake", "pipeline": PIPELINE, "fingerprint": ""}
    )

    def noise(self, lineage: Lineage, root_tensor: Noise | None = None) -> Noise:
        """Return the initial noise of a lineage; root_tensor: that of its root, where it is stored."""
        return replay(lineage, self.noise_shape, self.axes, root_tensor)

    def preview(self, noise: Noise, lineage: Lineage, strength: float) -> Picture:
        """Return a small picture of noise; strength: 1 for full colours, 0 for grey."""
        return paint(painted_noise(noise, lineage), self.axes, _PREVIEW_SIDE, _PREVIEW_SIDE, strength=strength)

    def draft(self, job: RenderJob, task: PictureTask, noise: Noise) -> DraftRendered:
        """Return the draft of a task of a job."""
        settings, painted = job.settings, painted_noise(noise, task.lineage)
        picture = paint(painted, self.axes, settings.width, settings.height, strength=DRAFT_STRENGTH)
        return DraftRendered(job=job.job, index=task.index, picture=picture)

    def finished(self, job: RenderJob, task: PictureTask, noise: Noise) -> PictureRendered:
        """Return the picture of a task of a job, with its record."""
        settings = job.settings
        picture = paint(painted_noise(noise, task.lineage), self.axes, settings.width, settings.height)
        record = record_of(
            task.lineage,
            noise,
            axes=self.axes,
            root_tensor=job.root_tensor,
            settings={
                **settings.to_json(),
                "model": dict(self.identity),
                "slot": list(task.slot),
                "dtype": "float32",
                **({"moved_prompt": str(noise.size)} if task.lineage.moves_prompt else {}),
            },
            software=SOFTWARE,
            pixels=pixel_digest(picture.rgb),
        )
        return PictureRendered(job=job.job, index=task.index, picture=picture, record=record)

    def inverted(self, job: InvertJob, noise: Noise, warning: str) -> PhotoInverted:
        """Return a photograph as it is, with noise that counts as that which was found for it."""
        found = {"method": "fake", "way": job.way.value, "psnr": 27.9, "vae_psnr": 60.3, "vae_only": 28.7}
        statistics = noise_statistics(noise, self.axes)
        record = record_of(
            Lineage(root=TensorRoot(source={**job.source, **found, **statistics.to_json()})),
            noise,
            axes=self.axes,
            root_tensor=noise,
            settings={**job.settings.to_json(), "model": dict(self.identity), "slot": [1, 0], "dtype": "float32"},
            software=SOFTWARE,
            pixels=pixel_digest(job.rgb),
        )
        picture = Picture(width=job.width, height=job.height, rgb=job.rgb)
        return PhotoInverted(job=job.job, picture=picture, record=record, warning=warning)


def batches(tasks: tuple[PictureTask, ...], size: int) -> Iterator[tuple[PictureTask, ...]]:
    """Yield tasks with their slots, those of one batch together, as a worker packs them; recorded slots stand apart."""
    slots = {}
    for position, task in enumerate(tasks):
        count, at = task.among if task.among[0] else (len(tasks), position)
        batch = max(1, min(size, count))
        kept = task.slot if task.slot[0] else (batch, at % batch)
        slots[task.index] = ((task.slot[0] > 0, at // batch), replace(task, slot=kept))
    for _, some in itertools.groupby(slots.values(), key=itemgetter(0)):
        yield tuple(task for _, task in some)


def painted_noise(noise: Noise, lineage: Lineage) -> Noise:
    """Return the noise that is painted: rounds that move the prompt move it too, since there is no prompt here."""
    if not lineage.moves_prompt:
        return noise
    return noise + prompt_offset(lineage, 0, noise.size).reshape(noise.shape)


def paint(noise: Noise, axes: str, width: int, height: int, strength: float = 1.0) -> Picture:
    """Return a smooth coloured picture that depends on the noise alone.

    Args:
        noise: The noise, float16, any shape.
        axes: Its axes; without "H" and "W" it is painted as one row.
        width: In pixels.
        height: In pixels.
        strength: 1 for full colours, 0 for grey.
    """
    planes = np.asarray(noise, dtype=np.float32)
    if "H" in axes and "W" in axes:
        planes = np.moveaxis(planes, (axes.index("H"), axes.index("W")), (-2, -1))
        planes = planes.reshape(-1, *planes.shape[-2:])
    else:
        planes = planes.reshape(1, 1, -1)
    cells = np.stack([_coarse(np.roll(planes, -channel, axis=0)[0]) for channel in range(3)], axis=-1)
    values = 128.0 + 110.0 * strength * np.tanh(cells)
    rows = np.arange(height) * cells.shape[0] // height
    columns = np.arange(width) * cells.shape[1] // width
    rgb = values.astype(np.uint8)[rows][:, columns]
    return Picture(width=width, height=height, rgb=rgb.tobytes())


def _coarse(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the means over about 4 x 4 cells, scaled back to unit variance."""
    bands = [
        np.array_split(band, min(_CELLS, plane.shape[1]), axis=1)
        for band in np.array_split(plane, min(_CELLS, plane.shape[0]), axis=0)
    ]
    return np.array([[cell.mean() * np.sqrt(cell.size) for cell in band] for band in bands], dtype=np.float32)
