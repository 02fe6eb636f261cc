"""What a renderer answers: frozen values, in the order in which things happen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pickle import PickleBuffer
from typing import SupportsIndex, TypeAlias

from engine.rendering.requests import LoadModel
from latentpng.record import LatentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """Pixels: `rgb` holds height * width * 3 bytes, rows from the top, 8 bits a channel."""

    width: int
    height: int
    rgb: bytes

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[object, ...]:
        """Lets pixels travel beside a pickle, so that they are copied once (`engine.worker.wire`)."""
        rgb = PickleBuffer(self.rgb) if protocol.__index__() >= 5 else self.rgb
        return _picture, (self.width, self.height, rgb)


def _picture(width: int, height: int, rgb: bytes) -> Picture:
    return Picture(width=width, height=height, rgb=rgb)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadingProgressed:
    """Loading goes on; `stage` is a few words for the status line ("importing torch")."""

    stage: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelReady:
    """The model is loaded.

    request: what this answers; a worker that was started again answers a load that nobody asked for twice.
    noise_shape, noise_axes: the initial noise of one picture at the size that was asked for.
    pipeline: the class name.  schedulers: class names that this pipeline can use.  device, dtype: where it runs.
    """

    request: LoadModel
    noise_shape: tuple[int, ...]
    noise_axes: str
    pipeline: str
    schedulers: tuple[str, ...]
    device: str
    dtype: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StepDone:
    """One denoising step of one batch is done; `indices` are the pictures in it, `steps` counts scheduler steps."""

    job: int
    indices: tuple[int, ...]
    step: int
    steps: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewRendered:
    """A small, rough picture of what is becoming of picture `index`."""

    job: int
    index: int
    picture: Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureRendered:
    """Picture `index` is done; `record` is ready to be written into its file.

    warning: "", or what was not as asked, joined by "; " (stray randomness, a setting that the pipeline lacks).
    """

    job: int
    index: int
    picture: Picture
    record: LatentRecord
    warning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobDone:
    """All pictures of the job are rendered; `seconds` is the time it took."""

    job: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCancelled:
    """The job was cancelled; nothing more of it will come."""

    job: int


class Failure(StrEnum):
    """Why something failed."""

    MODEL = "model"
    SETTINGS = "settings"
    MEMORY = "memory"
    CRASH = "crash"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFailed:
    """The job (or loading, then `job` is -1) failed; `sentence` says why and what can be done."""

    job: int
    failure: Failure
    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerDied:
    """The worker process is gone; it is started again when the next job comes.  Open jobs get a JobFailed first."""

    sentence: str


Event: TypeAlias = (
    LoadingProgressed
    | ModelReady
    | StepDone
    | PreviewRendered
    | PictureRendered
    | JobDone
    | JobCancelled
    | JobFailed
    | WorkerDied
)
