"""What is asked of a renderer: frozen, complete (every seed fixed), and free of torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.settings import RenderSettings
from latentpng.record import Lineage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChoice:
    """Which weights to load; `engine.models` makes it from what the user typed.

    path: a diffusers folder, or one `.safetensors` file; for a hub model, the id.
    config: for a single file, the local diffusers folder with its configuration; else "".
    download: True only when the user asked for a hub id with `--download`.
    name: what the file records and the screen shows.
    """

    path: str
    name: str
    config: str = ""
    download: bool = False

    @property
    def is_single_file(self) -> bool:
        """One `.safetensors` file instead of a folder."""
        return Path(self.path).suffix == ".safetensors"

    @property
    def folder(self) -> Path:
        """The diffusers folder with its configuration."""
        return Path(self.config if self.is_single_file else self.path)


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureTask:
    """One picture to render.

    index: its place in the job; events name it again.
    lineage: what its initial noise is.
    slot: (n, i) - render it as picture i of a batch of n (as a file recorded it); (0, 0) leaves that to the renderer.
    """

    index: int
    lineage: Lineage
    slot: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderJob:
    """Pictures that share their settings, rendered together.

    job: the caller's number for it; events name it again.
    root_tensor: float16, the stored noise of a tensor root; None for seeded roots.
    previews: send a small picture of every unfinished picture after the first step, and again from time to time.
    """

    job: int
    tasks: tuple[PictureTask, ...]
    settings: RenderSettings
    root_tensor: NDArray[np.float16] | None = field(default=None, compare=False)
    previews: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadModel:
    """Load this model (in the worker), and say what noise it takes at this size.

    device: "auto", "cpu", "cuda", "cuda:1", "mps".  dtype: "auto", "float32", "float16", "bfloat16".
    micro_batch: most pictures rendered in one batch; 0 leaves it to the worker.
    made_with: (device, dtype) that the picture to go on from records; an "auto" dtype follows it on such a device.
    """

    model: ModelChoice
    settings: RenderSettings
    device: str = "auto"
    dtype: str = "auto"
    micro_batch: int = 0
    made_with: tuple[str, str] = ("", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelJob:
    """Stop this job within one step; how a client passes `Renderer.cancel` on to its worker."""

    job: int
