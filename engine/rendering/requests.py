"""What is asked of a renderer: frozen, complete (every seed fixed), and free of torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.rendering.settings import RenderSettings
from latentpng.record import Lineage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class LoraChoice:
    """A LoRA file laid over a model.  path: of the `.safetensors`.  weight: how strongly; 1 is as it was trained."""

    path: str
    weight: float = 1.0

    @property
    def name(self) -> str:
        """What the file records and the screen shows."""
        return Path(self.path).stem


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChoice:
    """Which weights to load; `engine.models.resolve` makes it from what the user typed.

    path: a diffusers folder, or one `.safetensors` file; for a hub model, the id.
    config: for a single file, the local diffusers folder with its configuration; else "".
    download: True only when the user asked for a hub id with `--download`.
    name: what the file records and the screen shows.
    loras: laid over it, in this order.  vae: a folder or a `.safetensors` file in place of its own; else "".
    """

    path: str
    name: str
    config: str = ""
    download: bool = False
    loras: tuple[LoraChoice, ...] = ()
    vae: str = ""

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
    priority: higher ones come first, equal ones in the order in which they were asked for.
    round: the caller's number for what several jobs belong to; they can be cancelled by it.  0 is none.
    """

    job: int
    tasks: tuple[PictureTask, ...]
    settings: RenderSettings
    root_tensor: NDArray[np.float16] | None = field(default=None, compare=False)
    previews: bool = False
    priority: int = 0
    round_id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadModel:
    """Load this model (in the worker), and say what noise it takes at this size.

    device: "auto", "cpu", "cuda", "cuda:1", "mps".  dtype: "auto", "float32", "float16", "bfloat16".
    micro_batch: most pictures rendered in one batch; 0 leaves it to the worker.
    made_with: (device, dtype) that the picture to go on from records; an "auto" dtype follows it on such a device.
    preview_vae: folder of a tiny autoencoder that draws the previews; "" leaves them to a linear map.
    attention: a back-end of diffusers by name; "auto" is torch's own, or `attention_then` where that can be used.
    attention_then: the back-end that the picture to go on from records; "" is torch's own.
    memory: one of `engine.models.memory.Memory`: where weights wait, or how small they are stored.
    compile: compile the repeated blocks of the model; a picture that was compiled does not ask for it by itself.
    """

    model: ModelChoice
    settings: RenderSettings
    device: str = "auto"
    dtype: str = "auto"
    micro_batch: int = 0
    made_with: tuple[str, str] = ("", "")
    preview_vae: str = ""
    attention: str = "auto"
    attention_then: str = ""
    memory: str = "auto"
    compile: bool = False

    @property
    def without_settings(self) -> tuple[object, ...]:
        """All but the settings, which go with each job."""
        place = self.device, self.dtype, self.made_with, self.memory, self.micro_batch
        computed = self.attention, self.attention_then, self.compile
        return self.model, place, computed, self.preview_vae

    @property
    def what_matters(self) -> tuple[object, ...]:
        """What makes one load differ from another: of the settings only the size, since the noise depends on it."""
        return *self.without_settings, self.settings.width, self.settings.height


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelJob:
    """Stop this job within one step; how a client passes `Renderer.cancel` on to its worker."""

    job: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelRound:
    """Stop every job of this round, also those that wait."""

    round_id: int
