"""What a renderer answers: frozen values, in the order in which things happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from engine.rendering.requests import LoadModel
from latentpng.record import JsonObject, LatentRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """The pixels of a picture.

    Attributes:
        width: In pixels.
        height: In pixels.
        rgb: height * width * 3 bytes, rows from the top, 8 bits a channel.
    """

    width: int
    height: int
    rgb: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadingProgressed:
    """Loading has reached a new stage.

    Attributes:
        stage: A few words for the status line, for example "importing torch".
        weights: Bytes of the files that are read in this stage; 0 where that is not known.
    """

    stage: str
    weights: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelReady:
    """The model is loaded.

    Attributes:
        request: The request that this answers.  After a restart, the worker loads again without being asked.
        noise_shape: The shape of one picture's initial noise at the requested size.
        noise_axes: A letter for each of its dimensions, for example "CHW".
        pipeline: The class name of the pipeline.
        schedulers: The class names of the schedulers that this pipeline can use.
        device: Where the model runs.
        dtype: The dtype that it computes in.
        batch: The largest batch that the renderer makes of pictures of the requested size by itself; 0 when it is not
            known.
        identity: What rendered pictures record of the model; empty when it is not known.
        software: What rendered pictures record of their software and their device; empty when it is not known.
    """

    request: LoadModel
    noise_shape: tuple[int, ...]
    noise_axes: str
    pipeline: str
    schedulers: tuple[str, ...]
    device: str
    dtype: str
    batch: int = 0
    identity: JsonObject = field(default_factory=dict)
    software: JsonObject = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the weights, as files record it; "" when it is not known."""
        return str(self.identity.get("fingerprint", ""))


@dataclass(frozen=True, kw_only=True, slots=True)
class StepDone:
    """One denoising step of one batch is done.

    Attributes:
        job: The number of the job.
        indices: The indices of the pictures in the batch.
        step: The number of steps done so far.
        steps: The number of steps of the scheduler; some take more than `num_inference_steps`.
    """

    job: int
    indices: tuple[int, ...]
    step: int
    steps: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewRendered:
    """A picture that is not finished yet can be seen roughly.

    Attributes:
        job: The number of the job.
        index: The index of the picture in the job.
        picture: A small version of it.
    """

    job: int
    index: int
    picture: Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftRendered:
    """A draft is finished: a picture that was rendered with fewer steps than its settings will have.

    It has no record, so that it cannot be saved in place of the picture.

    Attributes:
        job: The number of the job, whose `is_draft` is set.
        index: The index of the picture in the job.
        picture: Its pixels, perhaps decoded by a tiny autoencoder.
    """

    job: int
    index: int
    picture: Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureRendered:
    """A picture is finished.

    Attributes:
        job: The number of the job.
        index: The index of the picture in the job.
        picture: Its pixels.
        record: What its file carries.
        warning: What could not be done as requested, joined by "; " (uncontrolled randomness, a setting that the
            pipeline does not have); "" for nothing.
    """

    job: int
    index: int
    picture: Picture
    record: LatentRecord
    warning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureUnreadable:
    """A picture that was to be read from its file instead of being rendered is not there, or not the one it was.

    The search reports it, never a renderer.  A picture that was read is reported by `PictureRendered`.

    Attributes:
        job: The number of the job.
        index: The index of the picture in the job.
    """

    job: int
    index: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PhotoInverted:
    """The initial noise of a photograph was found; JobDone follows.

    Attributes:
        job: The number of the job.
        picture: What the noise gives when it is rendered, which repeats the photograph.
        record: What its file carries: a tensor root whose `source` says how the noise was found and how good it is.
        warning: What speaks against varying it, or could not be done as requested, joined by "; "; "" for nothing.
    """

    job: int
    picture: Picture
    record: LatentRecord
    warning: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobDone:
    """All pictures of a job are rendered.

    Attributes:
        job: The number of the job.
        seconds: How long it took.
    """

    job: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCancelled:
    """A job was cancelled; no more events of it follow.

    Attributes:
        job: The number of the job.
    """

    job: int


class Failure(StrEnum):
    """Why a job failed: its model, its settings, too little memory, or the worker crashed."""

    MODEL = "model"
    SETTINGS = "settings"
    MEMORY = "memory"
    CRASH = "crash"


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFailed:
    """A job or a load failed; no more events of it follow.

    Attributes:
        job: The number of the job, `LOADING` for a load.
        failure: Why it failed.
        sentence: Why it failed and what can be done, for the person.
    """

    job: int
    failure: Failure
    sentence: str


LOADING = -1
"""The number of a load in `JobFailed.job`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerDied:
    """The worker process has ended; the next job starts a new one.  Each unfinished job gets a JobFailed before this.

    Attributes:
        sentence: How it ended, for the person.
    """

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RendererNoticed:
    """Something happened to the renderer that the person should know, and that ends no job.

    Attributes:
        sentence: What happened, for the person: a worker joined or left, or another program uses the worker.
    """

    sentence: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnChanged:
    """The place of this program in the queue of a worker that several programs share has changed.

    Attributes:
        place: How many requests of other programs come before this program's next one; 0 when it is its turn, or when
            it has asked for nothing.
    """

    place: int


Event: TypeAlias = (
    LoadingProgressed
    | ModelReady
    | StepDone
    | PreviewRendered
    | DraftRendered
    | PictureRendered
    | PictureUnreadable
    | PhotoInverted
    | JobDone
    | JobCancelled
    | JobFailed
    | WorkerDied
    | RendererNoticed
    | TurnChanged
)
