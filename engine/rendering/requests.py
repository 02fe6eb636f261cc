"""What a renderer is asked for: frozen values, complete (every seed is fixed), and free of torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from engine.rendering.settings import RenderSettings
from latentpng.record import JsonObject, Lineage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class LoraChoice:
    """A LoRA file to load with a model.

    Attributes:
        path: The `.safetensors` file.
        weight: How strongly it acts, from -100 to 100; 1 is as it was trained.
    """

    path: str
    weight: float = 1.0

    @property
    def name(self) -> str:
        """The name that files record and the screen shows."""
        return Path(self.path).stem


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbeddingChoice:
    """A textual inversion that a prompt names.

    Attributes:
        path: The `.safetensors` file.
        word: The word of the prompt that stands for it, for example "easynegative".
    """

    path: str
    word: str

    @property
    def name(self) -> str:
        """The name that files record and the screen shows."""
        return Path(self.path).stem


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelChoice:
    """Which weights to load; `engine.models.resolve` makes it from what the user typed.

    Attributes:
        path: A diffusers folder, one `.safetensors` or `.gguf` file, or the id of a model on the hub.
        name: The name that files record and the screen shows.
        config: For a single file, the local diffusers folder with its configuration; else "".
        download: True only when `path` is a hub id and the user asked for it with `--download`.
        loras: The LoRA files, in the order in which they are loaded.
        vae: A folder or a `.safetensors` file in place of the model's own VAE; else "".
        text_encoders: `.safetensors` files of text encoders that a single file lacks, in the order of the pipeline.
        prediction: What the user says that the model predicts: "epsilon", "v_prediction", or "" for what its files say.
        embeddings: The textual inversions that the prompts name.
    """

    path: str
    name: str
    config: str = ""
    download: bool = False
    loras: tuple[LoraChoice, ...] = ()
    vae: str = ""
    text_encoders: tuple[str, ...] = ()
    prediction: str = ""
    embeddings: tuple[EmbeddingChoice, ...] = ()

    @property
    def is_single_file(self) -> bool:
        """True for one weights file instead of a folder."""
        return Path(self.path).suffix in (".safetensors", ".gguf")

    @property
    def folder(self) -> Path:
        """The diffusers folder with the model's configuration."""
        return Path(self.config if self.is_single_file else self.path)


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureTask:
    """One picture to render.

    Attributes:
        index: Its index in the job; events repeat it.
        lineage: The lineage that its initial noise is computed from.
        slot: (n, i) renders it as picture i of a batch of n, as its file recorded it, since kernels depend on both;
            (0, 0) leaves that to the renderer.
        among: (count, position) among the pictures that share batches, of which the job may hold a part only: it gets
            the slot that it would have beside all of them, and so the same bits.  (0, 0) where the job holds them all;
            of no effect on a picture with a recorded slot.
    """

    index: int
    lineage: Lineage
    slot: tuple[int, int] = (0, 0)
    among: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class RenderJob:
    """Pictures that share their settings and are rendered together.

    Attributes:
        job: The caller's number for the job; events repeat it.
        tasks: The pictures.
        settings: Their settings.
        root_tensor: The stored noise of a tensor root: float16, the shape and axes that the picture records.  None for
            seed roots.
        previews: Send a small picture of every unfinished picture after the first step, and again from time to time.
        priority: Jobs of a higher priority come first, those of the same one in the order of their arrival.
        round_id: The caller's number for what several jobs belong to, by which they can be cancelled; 0 for none.
        stop_after: End each batch after so many steps, with a preview of what it is on the way to instead of a picture;
            0 renders pictures.
        is_draft: Render drafts, which `DraftRendered` reports: the settings ask for fewer steps than those of the
            pictures will, and a tiny autoencoder decodes where there is one.
    """

    job: int
    tasks: tuple[PictureTask, ...]
    settings: RenderSettings
    root_tensor: NDArray[np.float16] | None = field(default=None, compare=False)
    previews: bool = False
    priority: int = 0
    round_id: int = 0
    stop_after: int = 0
    is_draft: bool = False


class InversionWay(StrEnum):
    """How the initial noise of a photograph is found.

    Attributes:
        EXACT: Every step is inverted.  The noise repeats the picture almost exactly.
        FREE: The cleanest step is replaced by noising with a seed.  The noise is nearer to true noise, and repeats the
            picture less exactly.
    """

    EXACT = "exact"
    FREE = "free"


@dataclass(frozen=True, kw_only=True, slots=True)
class InvertJob:
    """A photograph whose initial noise is to be found: the noise from which these settings render it.

    Attributes:
        job: The caller's number for the job; events repeat it.
        width: Of the photograph in pixels, and of `settings`.
        height: Likewise.
        rgb: The photograph, height * width * 3 bytes, rows from the top, 8 bits a channel.
        settings: What renders it again.  Their guidance is 1: with more, the noise that is found is not Gaussian.
        way: How.
        seed: The seed of the noise that `InversionWay.FREE` adds.
        source: What else the root of the record is to say about the photograph, under keys of its own.
        previews: Send small pictures of the noise on its way.
        priority: As for `RenderJob`.
        round_id: As for `RenderJob`.
    """

    job: int
    width: int
    height: int
    rgb: bytes
    settings: RenderSettings
    way: InversionWay = InversionWay.EXACT
    seed: int = 0
    source: JsonObject = field(default_factory=dict)
    previews: bool = False
    priority: int = 0
    round_id: int = 0


Job: TypeAlias = RenderJob | InvertJob
"""What a renderer works on once a model is loaded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadModel:
    """A request to load a model in the worker, and to report the shape of its noise at one picture size.

    Attributes:
        model: The model.
        settings: Of these, only the size matters to loading; they are those of the pictures to come.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        dtype: "auto", "float32", "float16" or "bfloat16".
        micro_batch: The maximum batch size; 0 leaves it to the worker.
        made_with: The device and dtype that the opened picture records, ("", "") for none; an "auto" dtype becomes
            that dtype on such a device.
        preview_vae: The folder of a tiny autoencoder that draws the previews; "" draws them by a linear map.
        attention: An attention back-end of diffusers by name; "auto" is torch's own, or `attention_then` where that
            can be used.
        attention_then: The attention back-end that the opened picture records; "" is torch's own.
        memory: One of `engine.models.memory.Memory`: where weights are kept, or how they are quantised.
        compile: Compile the repeated blocks of the model.  Opening a picture that was compiled does not set this.
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
    def model_key(self) -> tuple[object, ...]:
        """Requests with the same key share what is loaded: everything but the settings, which go with each job."""
        placement = self.device, self.dtype, self.made_with, self.memory, self.micro_batch
        kernels = self.attention, self.attention_then, self.compile
        return self.model, placement, kernels, self.preview_vae

    @property
    def load_key(self) -> tuple[object, ...]:
        """Requests with the same key have the same answer: `model_key` and the size, which the noise depends on."""
        return *self.model_key, self.settings.width, self.settings.height


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelJob:
    """A request to stop a job within one step, or a load; how a client passes `Renderer.cancel` on to its worker.

    Attributes:
        job: The number of the job; `engine.rendering.events.LOADING` for the load that is running.
    """

    job: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelRound:
    """A request to stop every job of a round, also those in the queue.

    Attributes:
        round_id: The number of the round.
    """

    round_id: int
